import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { BulkDatabase, preparedInsert } from '../../bench/seeding/bulk.ts';
import { SeededJobs, type SeedPlan, seedPlan } from '../../bench/seeding/plan.ts';
import { seed } from '../../bench/seeding/seed.ts';
import { Metadata } from '../../src/metadata/metadata.ts';
import { positionOfTimedId } from '../../src/model/ids.ts';
import { ACCOUNT } from './metadata-fixtures.ts';
import { scratchDirectory } from './scratch.ts';
import { failOnFatal } from './sqlite-under-test.ts';

/** What the benchmarks are fed with must be what the program itself would have written, whatever its tables have become. */
const plan: SeedPlan = seedPlan({ vaults: 3, archives: 30, jobs: 400, retrieved: 2 });
let directory = '';
let path = '';
beforeAll(async () => {
  directory = scratchDirectory();
  path = join(directory, 'metadata.sqlite');
  await using metadata = await open();
  await metadata.serving.save({ accountId: ACCOUNT, region: 'us-east-1', mirror: null, auditLog: null });
  await metadata[Symbol.asyncDispose]();
  const before = schema();
  seed(directory, plan);
  expect(schema()).toEqual(before);
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const open = () => Metadata.openSqlite({ path, onFatal: failOnFatal });

function schema(): unknown[] {
  using database = new DatabaseSync(path, { readOnly: true });
  return database.prepare('select type, name, sql from sqlite_schema order by name').all();
}

test('the jobs are those of the plan, in order, and their ids are positions', async () => {
  await using metadata = await open();
  const vault = await metadata.vaults.find({ accountId: ACCOUNT, name: 'bench-0002' });
  const page = {
    vaultKey: vault?.key ?? 0,
    status: null,
    completed: null,
    after: null,
    limit: 1000,
    nowMs: plan.nowMs,
  };
  const { jobs: listed } = await metadata.jobs.list(page);
  const seeded = new SeededJobs(plan);
  const planned = Array.from({ length: 133 }, (_, ordinal) => seeded.ofVault(1, ordinal)).reverse();
  expect(listed.map(({ id, createdAtMs, status }) => ({ id, createdAtMs, status }))).toEqual(planned);
  expect(listed.map(({ id }) => positionOfTimedId(id)?.createdAtMs)).toEqual(listed.map((job) => job.createdAtMs));
  expect(new Set(listed.map(({ kind }) => kind))).toEqual(new Set(['archive-retrieval', 'inventory-retrieval']));
  const failed = await metadata.jobs.list({ ...page, status: 'Failed' });
  expect(failed.jobs.map(({ id }) => id)).toEqual(
    planned.filter(({ status }) => status === 'Failed').map(({ id }) => id),
  );
});

test('the vaults count their archives', async () => {
  await using metadata = await open();
  const vaults = await metadata.vaults.list({ accountId: ACCOUNT, afterName: '', limit: 10 });
  for (const { key, archiveCount, archiveBytes } of vaults) {
    const selection = { vaultKey: key, snapshot: { lastKey: 1e6, atMs: plan.nowMs }, untilMs: plan.nowMs };
    const after = { createdAtMs: 0, archiveKey: 0 };
    const archives = await metadata.inventories.page({ ...selection, after, limit: 100 });
    const sizes = archives.reduce((sum, [, , , , sizeBytes]) => sum + sizeBytes, 0);
    expect([archives.length, sizes]).toEqual([archiveCount, archiveBytes]);
  }
  expect(vaults.map(({ archiveCount }) => archiveCount)).toEqual([10, 10, 10]);
});

test('a directory is seeded again with another seed', () => {
  seed(directory, { ...plan, seed: 2, jobs: 10, archives: 0 });
  using database = new DatabaseSync(path, { readOnly: true });
  expect(database.prepare('select count(*) as jobs from jobs').get()?.jobs).toBe(410);
  expect(database.prepare('pragma integrity_check').get()?.integrity_check).toBe('ok');
  expect(database.prepare('pragma journal_mode').get()?.journal_mode).toBe('wal');
});

test('members go to their columns in whatever order they come', () => {
  using database = new DatabaseSync(':memory:');
  database.exec('create table pairs (first text, second text)');
  const insert = preparedInsert(database, 'pairs', ['first', 'second']);
  insert({ second: 'b', first: 'a' });
  expect({ ...database.prepare('select * from pairs').get() }).toEqual({ first: 'a', second: 'b' });
});

test('columns that seeding does not know are refused before anything is changed', () => {
  {
    using database = new DatabaseSync(join(directory, 'other.sqlite'));
    database.exec('create table things (key integer primary key, name text not null, colour text not null)');
    database.exec('create index by_name on things (name)');
  }
  const fill = (row: Record<string, string>) => () => {
    using bulk = new BulkDatabase(join(directory, 'other.sqlite'));
    bulk.fill('things', [row]);
  };
  expect(fill({ name: 'a' })).toThrow('seeding does not fill things.colour, which may not be null');
  expect(fill({ name: 'a', colour: 'b', size: 'c' })).toThrow(
    'the table things has no column size, which seeding fills',
  );
  using database = new DatabaseSync(join(directory, 'other.sqlite'), { readOnly: true });
  expect(database.prepare(`select name from sqlite_schema where type = 'index'`).all()).toHaveLength(1);
});
