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
import { newArchive, present, T0 } from './metadata-fixtures.ts';
import { newKey } from './metadata-identities.ts';
import { listed } from './metadata-inventories.ts';
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
const BEFORE_SNAPSHOTS = ['0001-initial', '0002-accounts-and-policies', '0003-queues', '0004-fewer-job-indexes'];
const OWNERS = ['111122223333', '222233334444'];

const GIB = 2n ** 30n;
const JOBS = [
  ['InProgress', 'Standard', 8n * GIB - 1n],
  ['InProgress', 'Standard', 8n * GIB - 1n],
  ['InProgress', 'Standard', 4n * GIB - 1n],
  ['InProgress', 'Bulk', 16n * GIB],
  ['Succeeded', 'Standard', 16n * GIB],
] as const;

async function migrate(names: readonly string[]): Promise<void> {
  using connection = openWriter({ path, onFatal: failOnFatal });
  const db = new Kysely<unknown>({ dialect: sqliteDialect(connection, ownTransactions(connection)) });
  const steps = names.map((name) => [name, { up: (to: Kysely<unknown>) => migrations[name]!.up(to, sqliteDdl) }]);
  const { error } = await new Migrator({
    db,
    provider: { getMigrations: async () => Object.fromEntries(steps) },
  }).migrateToLatest();
  expect(error).toBeUndefined();
}

async function makeFirstRelease(): Promise<void> {
  await migrate([FIRST]);
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

/** Of a vault: its last write, the date of its inventory, and its archives, each created and perhaps deleted. */
const inventories: [string, number, number, [createdAt: number, deletedAt: number | null][]][] = [
  ['nothing was written since', 6, 20, [[6, null]]],
  [
    'a clock was ahead, and nothing was written since',
    900,
    900,
    [
      [6, null],
      [900, null],
    ],
  ],
  [
    'others were added and deleted since',
    40,
    20,
    [
      [6, null],
      [7, 19],
      [8, 20],
      [9, 21],
      [20, null],
      [21, null],
      [40, 40],
    ],
  ],
  ['it was emptied before', 12, 20, [[6, 12]]],
  [
    'there never was an archive left',
    30,
    20,
    [
      [6, 9],
      [30, null],
    ],
  ],
];

test.each(inventories)('the daily inventory shows what it did when %s', async (_, writtenAt, inventoryAt, archives) => {
  await migrate(BEFORE_SNAPSHOTS);
  const shown: string[] = [];
  {
    using database = new DatabaseSync(path);
    database.exec(`insert into vaults values
      (7, '${OWNERS[0]}', 'counted', 5, ${writtenAt}, 1, 10, ${inventoryAt}, ${inventoryAt}, 1, 10);`);
    for (const [index, [createdAt, deletedAt]] of archives.entries()) {
      database.exec(`insert into archives values (null, 'of-${index}', 7, null, 10, 'ab', ${createdAt}, ${deletedAt})`);
      const isShown = createdAt <= inventoryAt && (deletedAt === null || deletedAt > inventoryAt);
      if (isShown) shown.push(`of-${index}`);
    }
  }
  await using metadata = await Metadata.openSqlite({ path, onFatal: failOnFatal });
  const { inventorySnapshot } = present(await metadata.vaults.findByKey(7));
  const snapshot = present(inventorySnapshot);
  expect(snapshot.atMs).toBe(Math.min(writtenAt, inventoryAt));
  const read = () => listed(metadata, { vaultKey: 7, snapshot });
  expect(await read()).toEqual(shown);
  // Whatever comes now, by a clock that has gone back.
  await newArchive(metadata, { vaultKey: 7, nowMs: 1, accountId: OWNERS[0]! });
  for (const id of shown) {
    const { key: archiveKey } = present(await metadata.archives.find({ accountId: OWNERS[0]!, id }));
    await metadata.archives.delete({ archiveKey, nowMs: 1 });
  }
  expect(await read()).toEqual(shown);
});
