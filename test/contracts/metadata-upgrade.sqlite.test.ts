import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { Kysely } from 'kysely';
import { Migrator } from 'kysely/migration';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { sqliteDdl } from '../../src/metadata/ddl.ts';
import { Metadata } from '../../src/metadata/metadata.ts';
import { migrations } from '../../src/metadata/migrations/index.ts';
import { openWriter } from '../../src/metadata/sqlite.ts';
import { ownTransactions, sqliteDialect } from '../../src/metadata/sqlite-dialect.ts';
import { T0 } from './metadata-fixtures.ts';
import { newKey } from './metadata-identities.ts';
import { scratchDirectory } from './scratch.ts';
import { failOnFatal } from './sqlite-under-test.ts';

/** A database of the first release, with data in it, becomes one of this release and loses nothing. */
let directory = '';
let path = '';
beforeEach(async () => {
  directory = scratchDirectory();
  path = join(directory, 'metadata.sqlite');
  await makeFirstRelease();
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const FIRST = '0001-initial';
const OWNERS = ['111122223333', '222233334444'];

const GIB = 2n ** 30n;
const JOBS = [
  ['InProgress', 'Standard', 8n * GIB - 1n],
  ['InProgress', 'Standard', 8n * GIB - 1n],
  ['InProgress', 'Standard', 4n * GIB - 1n],
  ['InProgress', 'Bulk', 16n * GIB],
  ['Succeeded', 'Standard', 16n * GIB],
] as const;

async function makeFirstRelease(): Promise<void> {
  using connection = openWriter({ path, onFatal: failOnFatal });
  const db = new Kysely<unknown>({ dialect: sqliteDialect(connection, ownTransactions(connection)) });
  const up = (to: Kysely<unknown>) => migrations[FIRST]!.up(to, sqliteDdl);
  const { error } = await new Migrator({
    db,
    provider: { getMigrations: async () => ({ [FIRST]: { up } }) },
  }).migrateToLatest();
  expect(error).toBeUndefined();
  connection[Symbol.dispose]();
  using database = new DatabaseSync(path);
  for (const [index, owner] of OWNERS.entries()) {
    database.exec(`
      insert into vaults values (${index + 1}, '${owner}', 'old', 5, 6, 1, 10, null, null, 0, 0);
      insert into archives values (${index + 1}, 'archive-${index}', ${index + 1}, null, 10, 'ab', 6, null);
      insert into archive_blobs (archive_key, blob_id, start_byte, size_bytes, tree_hash)
        values (${index + 1}, 'blob-${index}', 0, 10, 'ab');`);
  }
  for (const [index, [status, tier, sizeBytes]] of JOBS.entries()) {
    database.exec(`
      insert into jobs (id, vault_key, kind, archive_key, tier, range_start_byte, range_end_byte, status, completed,
        created_at, attempts)
      values ('job-${index}', 1, 'archive-retrieval', 1, '${tier}', 7, ${6n + sizeBytes}, '${status}', 0, 6, 0)`);
  }
}

function definitionsIn(file: string) {
  using database = new DatabaseSync(file, { readOnly: true });
  return database.prepare('select name, sql from sqlite_schema order by name').all();
}

test('its vaults and archives are there, and their owners become accounts that can have keys', async () => {
  await using metadata = await Metadata.openSqlite({ path, onFatal: failOnFatal });
  for (const [index, accountId] of OWNERS.entries()) {
    expect(await metadata.vaults.find({ accountId, name: 'old' })).toMatchObject({ archiveCount: 1, archiveBytes: 10 });
    expect(await metadata.archives.find({ accountId, id: `archive-${index}` })).toMatchObject({ sizeBytes: 10 });
  }
  expect(await metadata.accounts.list()).toEqual([]);
  await metadata.accounts.ensure({ accountId: '999900009999', nowMs: T0 });
  expect((await metadata.accounts.list()).map(({ accountId }) => accountId)).toEqual([...OWNERS, '999900009999']);
  const whose = { accountId: OWNERS[1]!, user: null };
  const create = metadata.keys.create({ key: newKey(), ...whose, permanentMax: 1, temporaryMax: 1 });
  expect(await create).toBe('created');
});

test('its vaults count what their running Standard retrievals read', async () => {
  await (await Metadata.openSqlite({ path, onFatal: failOnFatal }))[Symbol.asyncDispose]();
  using database = new DatabaseSync(path, { readOnly: true });
  const counts = database.prepare('select running_bytes_high as high, running_bytes_low as low from vaults').all();
  // 20 GiB without 3 bytes.
  expect(counts).toEqual([
    { high: 4, low: 2 ** 32 - 3 },
    { high: 0, low: 0 },
  ]);
});

test('its schema is that of a new database', async () => {
  const fresh = join(directory, 'fresh.sqlite');
  for (const file of [path, fresh]) {
    await (await Metadata.openSqlite({ path: file, onFatal: failOnFatal }))[Symbol.asyncDispose]();
  }
  expect(definitionsIn(path)).toEqual(definitionsIn(fresh));
});
