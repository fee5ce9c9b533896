import type { EventEmitter } from 'node:events';
import { existsSync } from 'node:fs';
import { exitCodes } from './exit-codes.ts';

const SIGNALS = ['SIGTERM', 'SIGINT', 'SIGHUP'] as const;
type Signal = (typeof SIGNALS)[number];

/**
 * Ctrl-C reaches every process of a terminal at once, and launchers (npm, the `moraine` bin on an old Node) send it on to
 * us as well. So signals that come together are one, and only a later one means impatience.
 */
const togetherMs = 300;

/** A wish to stop: `promise` resolves with the first signal. */
export interface StopSignal {
  readonly asked: boolean;
  readonly promise: Promise<Signal>;
}

/** Listens for the signals that end a server; the second one ends the process at once. */
export function stopSignal(source: EventEmitter, exit: (code: number) => void = endNow): StopSignal {
  const { promise, resolve } = Promise.withResolvers<Signal>();
  let askedAtMs: number | undefined;
  for (const signal of SIGNALS) {
    source.on(signal, () => {
      if (askedAtMs === undefined) {
        askedAtMs = performance.now();
        resolve(signal);
      } else if (performance.now() - askedAtMs > togetherMs) {
        exit(signal === 'SIGINT' ? exitCodes.interrupted : exitCodes.unexpected);
      }
    });
  }
  return {
    get asked() {
      return askedAtMs !== undefined;
    },
    promise,
  };
}

const SHELL = '/bin/sh';

/**
 * An exit of Node's waits for its threads, and one of them may wait for a disk that never answers. Another program in our
 * place has no threads to wait for.
 */
export function endNow(code: number): void {
  if (process.execve !== undefined && existsSync(SHELL)) {
    process.emit('exit', code);
    process.execve(SHELL, ['sh', '-c', `exit ${code}`]);
  }
  process.exit(code);
}
