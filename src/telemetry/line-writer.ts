import { write, writeSync } from 'node:fs';
import { promisify } from 'node:util';
import { MIB, SECOND_MS } from '../model/limits.ts';

/**
 * Writes the log in the background. A log is worth less than a request: when its reader stands still or its disk is full,
 * lines are dropped and nobody waits. (pino's own destination would do, but it tries for ever to flush into a full disk,
 * and a server that ends because of that disk would never end.)
 */
const waitingBytesMax = 4 * MIB;
const stuckMs = SECOND_MS;
const retryMs = 100;

const writeTo = promisify(write);

/** Lines to an open file descriptor, in order. It never throws and never grows beyond a few MiB. */
export class LineWriter {
  readonly #fd: number;
  #waiting: string[] = [];
  #waitingBytes = 0;
  #writingSinceMs: number | undefined;

  constructor(fd: number) {
    this.#fd = fd;
  }

  write(line: string): void {
    if (this.#waitingBytes + line.length > waitingBytesMax) return;
    this.#waiting.push(line);
    this.#waitingBytes += line.length;
    if (this.#writingSinceMs !== undefined) return;
    this.#writingSinceMs = performance.now();
    // Not at once: the last words of a process that ends right after them are still here to be flushed. What the pool of
    // threads has got is lost where another program takes the place of this one.
    queueMicrotask(() => void this.#drain());
  }

  /** For the end of the process: writes what waits, unless the reader stands still. */
  flushSync(): void {
    if (this.#writingSinceMs !== undefined && performance.now() - this.#writingSinceMs > stuckMs) return;
    try {
      for (let rest = this.#take(); rest.length > 0; ) rest = rest.subarray(writeSync(this.#fd, rest));
    } catch {
      // The lines are lost, as they would be a moment later.
    }
  }

  async #drain(): Promise<void> {
    while (this.#waiting.length > 0) {
      this.#writingSinceMs = performance.now();
      await this.#writeAll(this.#take());
    }
    this.#writingSinceMs = undefined;
  }

  async #writeAll(bytes: Buffer): Promise<void> {
    for (let rest = bytes; rest.length > 0; ) {
      try {
        const { bytesWritten } = await writeTo(this.#fd, rest);
        rest = rest.subarray(bytesWritten);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') return;
        await new Promise((resolve) => setTimeout(resolve, retryMs).unref());
      }
    }
  }

  #take(): Buffer {
    const bytes = Buffer.from(this.#waiting.join(''));
    this.#waiting = [];
    this.#waitingBytes = 0;
    return bytes;
  }
}
