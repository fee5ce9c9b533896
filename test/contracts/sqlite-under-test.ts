import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { Metadata } from '../../src/metadata/metadata.ts';
import type { MetadataUnderTest } from './metadata-fixtures.ts';

/** Where thousands of commits cost no time; what makes them durable is tested elsewhere. */
const MEMORY = '/dev/shm';

export interface SqliteUnderTest extends MetadataUnderTest {
  readonly path: string;
}

export const failOnFatal = (error: unknown): never => {
  throw error;
};

export function scratchDirectory(): string {
  return mkdtempSync(join(existsSync(MEMORY) ? MEMORY : tmpdir(), 'moraine-metadata-'));
}

export async function sqliteUnderTest(): Promise<SqliteUnderTest> {
  const directory = scratchDirectory();
  const path = join(directory, 'metadata.sqlite');
  const metadata = await Metadata.openSqlite({ path, onFatal: failOnFatal });
  const reader = new DatabaseSync(path, { readOnly: true });
  return {
    path,
    metadata,
    rows: async (sql) => reader.prepare(sql).all(),
    [Symbol.asyncDispose]: async () => {
      reader.close();
      await metadata[Symbol.asyncDispose]();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}
