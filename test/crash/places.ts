import { mkdtempSync, statfsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { GIB } from '../support/hashes.ts';

const MEMORY = '/dev/shm';

/** A new directory for so many bytes: in memory where there is plenty, so that thousands of starts cost the disk nothing. */
export function newDirectory(name: string, sizeBytes = GIB): string {
  return mkdtempSync(join(hasRoom(sizeBytes + GIB) ? MEMORY : tmpdir(), `moraine-${name}-`));
}

function hasRoom(sizeBytes: number): boolean {
  try {
    const { bavail: blocks, bsize: blockBytes } = statfsSync(MEMORY);
    return blocks * blockBytes > sizeBytes;
  } catch {
    return false;
  }
}
