import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync, StatementSync } from 'node:sqlite';
import { setImmediate } from 'node:timers/promises';
import { vi } from 'vitest';
import { Metadata } from '../../src/metadata/metadata.ts';
import { ThreadedWriter } from '../../src/metadata/threaded-writer.ts';
import type { MetadataUnderTest } from './metadata-fixtures.ts';
import { scratchDirectory } from './scratch.ts';

export interface SqliteUnderTest extends MetadataUnderTest {
  readonly path: string;
}

export const failOnFatal = (error: unknown): never => {
  throw error;
};

export async function sqliteUnderTest({ thread = false } = {}): Promise<SqliteUnderTest> {
  const directory = scratchDirectory();
  const path = join(directory, 'metadata.sqlite');
  const metadata = await Metadata.openSqlite({
    path,
    onFatal: failOnFatal,
    ...(thread && { thread: new ThreadedWriter() }),
  });
  const reader = new DatabaseSync(path, { readOnly: true });
  return {
    path,
    metadata,
    rows: async (sql) => reader.prepare(sql).all(),
    change: async (sql) => {
      using writer = new DatabaseSync(path);
      writer.exec(sql);
      // The reads of one turn see one instant.
      await setImmediate();
    },
    [Symbol.asyncDispose]: async () => {
      reader.close();
      await metadata[Symbol.asyncDispose]();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

/** What an operation runs, apart from the frame of its transactions. */
export async function statementsOf(operation: () => Promise<unknown>): Promise<string[]> {
  const spies = [vi.spyOn(StatementSync.prototype, 'all'), vi.spyOn(StatementSync.prototype, 'run')];
  await operation();
  const statements = spies.flatMap((spy) => (spy.mock.contexts as StatementSync[]).map(({ sourceSQL }) => sourceSQL));
  for (const spy of spies) spy.mockRestore();
  return [...new Set(statements)].filter((sql) => !/^(?:begin|commit|rollback)$/.test(sql));
}

/** How SQLite runs a statement in the database at `path`. */
export function planIn(path: string, sql: string): string[] {
  using database = new DatabaseSync(path, { readOnly: true });
  return database
    .prepare(`explain query plan ${sql}`)
    .all()
    .map(({ detail }) => String(detail));
}
