import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { Metadata } from '../../src/metadata/metadata.ts';
import type { MetadataUnderTest } from './metadata-fixtures.ts';
import { scratchDirectory } from './scratch.ts';

export interface SqliteUnderTest extends MetadataUnderTest {
  readonly path: string;
}

export const failOnFatal = (error: unknown): never => {
  throw error;
};

export async function sqliteUnderTest(): Promise<SqliteUnderTest> {
  const directory = scratchDirectory();
  const path = join(directory, 'metadata.sqlite');
  const metadata = await Metadata.openSqlite({ path, onFatal: failOnFatal });
  const reader = new DatabaseSync(path, { readOnly: true });
  return {
    path,
    metadata,
    rows: async (sql) => reader.prepare(sql).all(),
    change: async (sql) => {
      using writer = new DatabaseSync(path);
      writer.exec(sql);
    },
    [Symbol.asyncDispose]: async () => {
      reader.close();
      await metadata[Symbol.asyncDispose]();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}
