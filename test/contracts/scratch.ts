import { existsSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Where thousands of commits cost no time; what makes them durable is tested elsewhere. */
const MEMORY = '/dev/shm';

export function scratchDirectory(): string {
  return mkdtempSync(join(existsSync(MEMORY) ? MEMORY : tmpdir(), 'moraine-contract-'));
}
