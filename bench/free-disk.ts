import { statfsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { GIB } from '../src/model/limits.ts';

/** Throws when there is less room than a benchmark will take, which it would otherwise find out after minutes. */
export function expectFreeDisk(what: string, bytes: number): void {
  const { bavail, bsize } = statfsSync(tmpdir());
  const gib = (size: number): string => (size / GIB).toFixed(1);
  if (bavail * bsize >= bytes) return;
  throw new Error(`${what} needs ${gib(bytes)} GiB free in ${tmpdir()}; there are ${gib(bavail * bsize)} (set TMPDIR)`);
}
