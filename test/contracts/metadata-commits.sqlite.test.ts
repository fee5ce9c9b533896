import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync, StatementSync } from 'node:sqlite';
import { setImmediate } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { GroupCommit } from '../../src/metadata/group-commit.ts';
import { Metadata } from '../../src/metadata/metadata.ts';
import { type Call, type Noun, READS, recordClasses } from '../../src/metadata/records.ts';
import { ThreadedWriter } from '../../src/metadata/threaded-writer.ts';
import { type Outcome, Writer } from '../../src/metadata/writer.ts';
import { limits } from '../../src/model/limits.ts';
import { inventoryJob, newVault, present } from './metadata-fixtures.ts';
import { scratchDirectory } from './scratch.ts';
import { failOnFatal } from './sqlite-under-test.ts';

/** Operations of many clients share a commit, and each of them is answered as if it were alone. */
let directory = '';
let path = '';
let vaultKey = 0;
beforeEach(async () => {
  directory = scratchDirectory();
  path = join(directory, 'metadata.sqlite');
  await using metadata = await Metadata.openSqlite({ path, onFatal: failOnFatal });
  vaultKey = (await newVault(metadata)).key;
});
afterEach(() => {
  vi.restoreAllMocks();
  rmSync(directory, { recursive: true, force: true });
});

const newJob = (description: string | null = null) => ({ ...inventoryJob({ vaultKey }), description });
const create = (job: ReturnType<typeof newJob>): Call => ({ noun: 'jobs', method: 'create', args: [job] });
const CREATED = { value: 'created' };

function idsOnDisk(): unknown[] {
  using database = new DatabaseSync(path, { readOnly: true });
  return database
    .prepare('select id from jobs order by key')
    .all()
    .map((row) => row.id);
}

describe('a transaction', () => {
  test('takes many calls, in their order', async () => {
    using writer = new Writer({ path, onFatal: failOnFatal });
    const jobs = Array.from({ length: 20 }, () => newJob());
    const runs = vi.spyOn(StatementSync.prototype, 'run');
    expect(await writer.commit(jobs.map(create))).toEqual(jobs.map(() => CREATED));
    const commits = runs.mock.contexts.filter((statement) => (statement as StatementSync).sourceSQL === 'commit');
    expect(commits).toHaveLength(1);
    expect(idsOnDisk()).toEqual(jobs.map(({ id }) => id));
  });

  test('shows nothing before it is committed', async () => {
    const seen: unknown[][] = [];
    const real = StatementSync.prototype.run;
    vi.spyOn(StatementSync.prototype, 'run').mockImplementation(function (this: StatementSync, ...values) {
      if (this.sourceSQL === 'commit') seen.push(idsOnDisk());
      return real.apply(this, values);
    });
    using writer = new Writer({ path, onFatal: failOnFatal });
    const jobs = [newJob(), newJob()];
    await writer.commit(jobs.map(create));
    expect(seen).toEqual([[]]);
    expect(idsOnDisk()).toHaveLength(2);
  });

  test('loses only the call that fails', async () => {
    using writer = new Writer({ path, onFatal: failOnFatal });
    const [first, second] = [newJob(), newJob()];
    const commits = new GroupCommit(writer);
    const outcomes: Outcome[] = [];
    for (const job of [first, first, second]) commits.submit(create(job), (outcome) => outcomes.push(outcome));
    await commits.idle();
    expect(outcomes).toEqual([CREATED, { error: expect.objectContaining({ message: expect.any(String) }) }, CREATED]);
    expect(String((outcomes[1] as { error: unknown }).error)).toContain('UNIQUE constraint failed: jobs.id');
    expect(idsOnDisk()).toEqual([first.id, second.id]);
  });

  test('of one call that fails is that failure', async () => {
    using writer = new Writer({ path, onFatal: failOnFatal });
    const job = newJob();
    await writer.commit([create(job)]);
    expect(await writer.commit([create(job)])).toEqual([{ error: expect.any(Error) }]);
    expect(await writer.commit([create(newJob())])).toEqual([CREATED]);
  });

  test('that the disk has no room for keeps the calls that have', async () => {
    const exec = vi.spyOn(DatabaseSync.prototype, 'exec');
    using writer = new Writer({ path, onFatal: failOnFatal });
    const connection = present(exec.mock.contexts[0]) as DatabaseSync;
    const pages = Number(Object.values(present(connection.prepare('pragma page_count').get()))[0]);
    connection.exec(`pragma max_page_count = ${pages + 1}`);
    const [large, small] = [newJob('x'.repeat(100_000)), newJob()];
    const outcomes = await writer.commit([small, large].map(create));
    expect(outcomes).toEqual([CREATED, { error: expect.objectContaining({ errcode: 13 }) }]);
    expect(idsOnDisk()).toEqual([small.id]);
  });

  test('takes no more calls when it has lasted long, and those wait for the next', async () => {
    using writer = new Writer({ path, onFatal: failOnFatal });
    let nowMs = 0;
    vi.spyOn(performance, 'now').mockImplementation(() => {
      nowMs += 8;
      return nowMs;
    });
    const jobs = Array.from({ length: 5 }, () => newJob());
    expect(await writer.commit(jobs.map(create))).toEqual([CREATED, CREATED, CREATED]);
    expect(idsOnDisk()).toEqual(jobs.slice(0, 3).map(({ id }) => id));
  });

  test('is the last one when its commit fails in the files', async () => {
    const fatal: unknown[] = [];
    using writer = new Writer({ path, onFatal: (error) => fatal.push(error) });
    const failure = Object.assign(new Error('disk I/O error'), { errcode: 10 });
    const real = StatementSync.prototype.run;
    const runs = vi.spyOn(StatementSync.prototype, 'run').mockImplementation(function (this: StatementSync, ...values) {
      if (this.sourceSQL === 'commit') throw failure;
      return real.apply(this, values);
    });
    const jobs = [newJob(), newJob()];
    expect(await writer.commit(jobs.map(create))).toEqual([{ error: failure }, { error: failure }]);
    runs.mockRestore();
    expect(await writer.commit([create(newJob())])).toEqual([{ error: failure }]);
    expect(fatal).toEqual([failure]);
    expect(idsOnDisk()).toEqual([]);
  });
});

describe('calls that come in while a transaction is committed', () => {
  /** Commits only when it is let; tells what it was given. */
  function slowWriter() {
    const given: number[] = [];
    let letGo: () => void = () => undefined;
    const commit = async (calls: readonly Call[]): Promise<Outcome[]> => {
      given.push(calls.length);
      await new Promise<void>((resolve) => {
        letGo = resolve;
      });
      return calls.map(() => ({ value: undefined }));
    };
    return { given, commit, letGo: () => letGo() };
  }

  test('share the next one', async () => {
    const writer = slowWriter();
    const commits = new GroupCommit(writer);
    let settled = 0;
    const submit = () => commits.submit(create(newJob()), () => (settled += 1));
    submit();
    await vi.waitFor(() => expect(writer.given).toEqual([1]));
    for (let index = 0; index < 7; index += 1) submit();
    await setImmediate();
    expect([settled, writer.given]).toEqual([0, [1]]);
    writer.letGo();
    await vi.waitFor(() => expect(writer.given).toEqual([1, 7]));
    expect(settled).toBe(1);
    writer.letGo();
    await commits.idle();
    expect(settled).toBe(8);
  });
});

describe('operations that only read', () => {
  const nouns = Object.keys(recordClasses) as Noun[];

  test('are operations', () => {
    for (const noun of nouns) {
      for (const name of READS[noun] ?? []) expect(recordClasses[noun].prototype).toHaveProperty(name);
    }
  });

  test('are answered by a connection that cannot write', async () => {
    const reading = READS as Record<string, string[]>;
    const before = reading.vaultTags;
    reading.vaultTags = ['add'];
    try {
      await using metadata = await Metadata.openSqlite({ path, onFatal: failOnFatal });
      const adding = metadata.vaultTags.add({ vaultKey, tags: new Map([['a', 'b']]), tagsMax: 1 });
      await expect(adding).rejects.toThrow('attempt to write a readonly database');
    } finally {
      if (before === undefined) delete reading.vaultTags;
      else reading.vaultTags = before;
    }
  });

  test('see a change as soon as it is acknowledged', async () => {
    await using metadata = await Metadata.openSqlite({ path, onFatal: failOnFatal, thread: new ThreadedWriter() });
    for (let index = 0; index < 50; index += 1) {
      const job = newJob();
      await metadata.jobs.create(job);
      expect(await metadata.jobs.find({ vaultKey, id: job.id })).toMatchObject({ id: job.id });
    }
  });
});

describe('the thread that writes', () => {
  const open = (onFatal: (error: unknown) => void = failOnFatal) =>
    Metadata.openSqlite({ path, onFatal, thread: new ThreadedWriter() });

  test('carries out what was called before it is closed', async () => {
    const metadata = await open();
    const jobs = Array.from({ length: 100 }, () => newJob());
    const created = Promise.all(jobs.map((job) => metadata.jobs.create(job)));
    await metadata[Symbol.asyncDispose]();
    expect(await created).toEqual(jobs.map(() => 'created'));
    expect(idsOnDisk()).toEqual(jobs.map(({ id }) => id));
    expect(() => metadata.jobs.create(newJob())).toThrow('the metadata is closed');
  });

  test('says of an error what SQLite said', async () => {
    await using metadata = await open();
    const job = newJob();
    await metadata.jobs.create(job);
    const failed = await metadata.jobs.create(job).catch((error: unknown) => error);
    expect(failed).toBeInstanceOf(Error);
    expect(failed).toMatchObject({ message: expect.stringContaining('UNIQUE'), errcode: 2067 });
  });

  test('is not held up by a call that cannot be sent', async () => {
    await using metadata = await open();
    const job = newJob();
    const unsendable = { ...newJob(), description: (() => undefined) as unknown as string };
    const [first, second, third] = [job, unsendable, newJob()].map((asked) => metadata.jobs.create(asked));
    await expect(second).rejects.toThrow('could not be cloned');
    expect(await Promise.all([first, third])).toEqual(['created', 'created']);
  });

  test('makes the metadata unready when a change waits for long', async () => {
    await using metadata = await open();
    expect(await metadata.answers()).toBe(true);
    const created = metadata.jobs.create(newJob());
    const later = performance.now() + limits.metadataStallMs;
    const clock = vi.spyOn(performance, 'now').mockReturnValue(later);
    expect(await metadata.answers()).toBe(false);
    clock.mockRestore();
    await created;
    expect(await metadata.answers()).toBe(true);
  });

  test('is opened after the schema is known to fit, and not left behind when it does not', async () => {
    using database = new DatabaseSync(path);
    database.exec(`insert into kysely_migration values ('9999-later', '2099-01-01T00:00:00.000Z')`);
    await expect(open()).rejects.toThrow('9999-later');
    const handles = process.getActiveResourcesInfo().filter((name) => name === 'MessagePort');
    database.exec(`delete from kysely_migration where name = '9999-later'`);
    await (await open())[Symbol.asyncDispose]();
    expect(process.getActiveResourcesInfo().filter((name) => name === 'MessagePort')).toEqual(handles);
  });
});
