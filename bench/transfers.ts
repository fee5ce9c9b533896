import { open } from 'node:fs/promises';
import { GIB, MIB, SECOND_MS } from '../src/model/limits.ts';
import type { RepeatedBody } from './connection.ts';
import { median } from './statistics.ts';

/** How one large transfer went: by the clock, and by the CPU time of the process that did the work. */
export interface Transfer {
  mibPerSecond: number;
  cpuSecondsPerGib: number;
}

export async function timed(
  sizeBytes: number,
  cpuSeconds: () => number,
  action: () => Promise<void>,
): Promise<Transfer> {
  const cpuBefore = cpuSeconds();
  const startedAt = performance.now();
  await action();
  const seconds = (performance.now() - startedAt) / SECOND_MS;
  return {
    mibPerSecond: sizeBytes / MIB / seconds,
    cpuSecondsPerGib: ((cpuSeconds() - cpuBefore) * GIB) / sizeBytes,
  };
}

export const medianOf = (samples: readonly Transfer[]): Transfer => ({
  mibPerSecond: median(samples.map((sample) => sample.mibPerSecond)),
  cpuSecondsPerGib: median(samples.map((sample) => sample.cpuSecondsPerGib)),
});

/** For work that the benchmark does itself. */
export function ownCpuSeconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}

/** The disk's part: a new file written in pieces of 1 MiB and durable on return. */
export async function writeAndSync(path: string, { piece, sizeBytes }: RepeatedBody): Promise<void> {
  await using handle = await open(path, 'w');
  for (let done = 0; done < sizeBytes; done += piece.length) await handle.write(piece, 0, piece.length, done);
  await handle.sync();
}
