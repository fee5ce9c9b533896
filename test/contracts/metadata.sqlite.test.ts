import { execFileSync } from 'node:child_process';
import { chmodSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { changedNothing } from '../../src/metadata/failures.ts';
import { Metadata } from '../../src/metadata/metadata.ts';
import { SchemaTooNewError } from '../../src/metadata/migrate.ts';
import { migrations } from '../../src/metadata/migrations/index.ts';
import { sqliteSchema } from '../../src/metadata/schema.ts';
import { metadataContract } from './metadata.ts';
import { ACCOUNT, inventoryJob, newVault, present, T0 } from './metadata-fixtures.ts';
import { scratchDirectory } from './scratch.ts';
import { failOnFatal, sqliteUnderTest } from './sqlite-under-test.ts';

describe('metadata in SQLite', () => {
  metadataContract(() => sqliteUnderTest());
});

describe('metadata in SQLite, changed by a thread of its own', () => {
  metadataContract(() => sqliteUnderTest({ thread: true }));
});

describe('the file', () => {
  let directory = '';
  let path = '';
  beforeEach(() => {
    directory = scratchDirectory();
    path = join(directory, 'metadata.sqlite');
  });
  afterEach(() => {
    vi.restoreAllMocks();
    rmSync(directory, { recursive: true, force: true });
  });

  const open = (onFatal: (error: unknown) => void = failOnFatal) => Metadata.openSqlite({ path, onFatal });
  const openAndClose = async () => (await open())[Symbol.asyncDispose]();
  const withDatabase = <T>(use: (database: DatabaseSync) => T): T => {
    using database = new DatabaseSync(path);
    return use(database);
  };
  const modesOf = () => readdirSync(directory).map((name) => [name, statSync(join(directory, name)).mode & 0o777]);
  /** Opens the metadata and returns the connection that writes too. */
  async function openWithConnection() {
    const exec = vi.spyOn(DatabaseSync.prototype, 'exec');
    const metadata = await open();
    // One brings the schema up to date and is closed again; then come the one that writes and the one that reads.
    const [, connection] = [...new Set(exec.mock.contexts)] as DatabaseSync[];
    exec.mockRestore();
    return { metadata, connection: present(connection) };
  }

  test('schema.sqlite.sql is what the migrations make; `npm run schema` writes it', async () => {
    const kept = fileURLToPath(new URL('../../src/metadata/schema.sqlite.sql', import.meta.url));
    expect(readFileSync(kept, 'utf8')).toBe(await sqliteSchema());
  });

  test('every table of ours is strict', async () => {
    await openAndClose();
    const tables = withDatabase((database) => database.prepare('pragma table_list').all());
    const lax = tables.filter(({ name, strict }) => strict !== 1 && !/^(?:sqlite|kysely)_/.test(String(name)));
    expect(lax).toEqual([]);
  });

  test.each(['first', 'second'])('is durable at the %s open', async (which) => {
    if (which === 'second') await openAndClose();
    const { metadata, connection } = await openWithConnection();
    const pragma = (name: string) => Object.values(present(connection.prepare(`pragma ${name}`).get()))[0];
    expect(pragma('journal_mode')).toBe('wal');
    expect(pragma('synchronous')).toBe(2);
    expect(pragma('foreign_keys')).toBe(1);
    await metadata[Symbol.asyncDispose]();
  });

  test('is not used when it cannot be made durable', async () => {
    const real = DatabaseSync.prototype.exec;
    vi.spyOn(DatabaseSync.prototype, 'exec').mockImplementation(function (this: DatabaseSync, sql: string) {
      real.call(this, sql.replace('synchronous = full', 'synchronous = normal'));
    });
    await expect(open()).rejects.toThrow('the metadata database is not durable: wal,2,1 expected, wal,1,1 found');
  });

  test('and its companions are private, also when they were not', async () => {
    const umask = process.umask(0);
    try {
      for (const _ of ['first', 'second']) {
        const metadata = await open();
        await newVault(metadata);
        expect(modesOf()).toEqual([
          ['metadata.sqlite', 0o600],
          ['metadata.sqlite-shm', 0o600],
          ['metadata.sqlite-wal', 0o600],
        ]);
        await metadata[Symbol.asyncDispose]();
        chmodSync(path, 0o644);
      }
    } finally {
      process.umask(umask);
    }
  });

  test('migrating again changes nothing', async () => {
    await openAndClose();
    const before = readFileSync(path);
    await openAndClose();
    expect(readFileSync(path).equals(before)).toBe(true);
    const [applied] = withDatabase((database) => database.prepare('select count(*) as n from kysely_migration').all());
    expect(applied).toEqual({ n: Object.keys(migrations).length });
  });

  test('of a newer release is refused and left as it is', async () => {
    await openAndClose();
    withDatabase((database) =>
      database.exec(`insert into kysely_migration values ('9999-from-the-future', '2099-01-01T00:00:00.000Z')`),
    );
    const before = readFileSync(path);
    await expect(open()).rejects.toThrow(SchemaTooNewError);
    await expect(open()).rejects.toThrow('it has the migration 9999-from-the-future, which this version does not know');
    expect(readFileSync(path).equals(before)).toBe(true);
    expect(readdirSync(directory)).toEqual(['metadata.sqlite']);
  });

  test('that is no database is refused', async () => {
    execFileSync('cp', ['/bin/ls', path]);
    await expect(open()).rejects.toThrow('file is not a database');
  });

  test('leases of the process before are let go at the open', async () => {
    const first = await open();
    const { key: vaultKey } = await newVault(first);
    const job = inventoryJob({ vaultKey });
    await first.jobs.create(job);
    await first.jobQueue.claimDue({ nowMs: T0, leaseUntilMs: T0 + 60_000, token: 'first', limit: 1 });
    await first[Symbol.asyncDispose]();
    const second = await open();
    const claimed = await second.jobQueue.claimDue({ nowMs: T0, leaseUntilMs: T0, token: 'second', limit: 1 });
    expect(claimed).toMatchObject([{ id: job.id, attempts: 2 }]);
    await second[Symbol.asyncDispose]();
  });

  test('the log of the process before is written afresh into the database at the open', async () => {
    const first = await open();
    await newVault(first);
    const copy = join(directory, 'copy');
    execFileSync('sh', ['-c', `mkdir ${copy} && cp ${path} ${path}-wal ${copy}`]);
    await first[Symbol.asyncDispose]();
    path = join(copy, 'metadata.sqlite');
    expect(statSync(`${path}-wal`).size).toBeGreaterThan(0);
    const second = await open();
    expect(statSync(`${path}-wal`).size).toBe(0);
    expect(await second.vaults.list({ accountId: ACCOUNT, afterName: '', limit: 10 })).toHaveLength(1);
    await second[Symbol.asyncDispose]();
  });

  describe('a full disk', () => {
    test('fails the operation with its own error, and the next one works when there is room', async () => {
      const { metadata, connection } = await openWithConnection();
      const vault = await newVault(metadata);
      connection.exec('pragma max_page_count = 1');
      const fill = async () => {
        for (;;) {
          const job = { ...inventoryJob({ vaultKey: vault.key }), description: 'x'.repeat(1024) };
          await metadata.jobs.create(job);
        }
      };
      await expect(fill()).rejects.toThrow('database or disk is full');
      await expect(fill()).rejects.toThrow('database or disk is full');
      connection.exec('pragma max_page_count = 1000000');
      expect(await metadata.jobs.create(inventoryJob({ vaultKey: vault.key }))).toBe('created');
      await metadata[Symbol.asyncDispose]();
    });

    test('is the one failure that has surely changed nothing', async () => {
      const { metadata, connection } = await openWithConnection();
      const vault = await newVault(metadata);
      connection.exec('pragma max_page_count = 1');
      const ids: string[] = [];
      const fill = async () => {
        for (;;) {
          const job = { ...inventoryJob({ vaultKey: vault.key }), description: 'x'.repeat(1024) };
          ids.push(job.id);
          await metadata.jobs.create(job);
        }
      };
      expect(changedNothing(await fill().catch((error: unknown) => error))).toBe(true);
      expect(await metadata.jobs.find({ vaultKey: vault.key, id: present(ids.at(-1)) })).toBeUndefined();
      connection.exec('pragma max_page_count = 1000000');
      const taken = inventoryJob({ vaultKey: vault.key });
      await metadata.jobs.create(taken);
      const violated = await metadata.jobs.create(taken).catch((error: unknown) => error);
      expect(violated).toBeInstanceOf(Error);
      for (const other of [violated, new Error('no'), undefined]) expect(changedNothing(other)).toBe(false);
      await metadata[Symbol.asyncDispose]();
    });
  });

  describe('a failing file', () => {
    /** A process whose files may not grow beyond a limit: writes fail with EFBIG, which SQLite reports as an I/O error. */
    const script = `
      const { Metadata } = await import(${JSON.stringify(new URL('../../src/metadata/metadata.ts', import.meta.url).href)});
      let fatal = 'none';
      const onFatal = (error) => { fatal = error.errcode & 0xff; };
      const metadata = await Metadata.openSqlite({ path: process.argv[1], onFatal });
      let failed = 'none';
      await metadata.accounts.ensure({ accountId: '1', nowMs: 0 });
      for (let index = 0; failed === 'none'; index += 1) {
        const vault = { accountId: '1', name: 'v' + index, nowMs: 0, vaultsMax: 1e6 };
        await metadata.vaults.create(vault).catch((error) => { failed = error.errcode & 0xff; });
      }
      console.log(JSON.stringify({ fatal, failed }));
      process.exit(0);`;

    test('is told at once, before the operation fails', () => {
      const command = `ulimit -f 400; exec "$0" --input-type=module --eval "$1" "$2"`;
      const said = execFileSync('bash', ['-c', command, process.execPath, script, path], { encoding: 'utf8' });
      expect(JSON.parse(said)).toEqual({ fatal: 10, failed: 10 });
    });
  });

  test('a damaged database is told when it is read', async () => {
    const first = await open();
    for (let index = 0; index < 200; index += 1) await newVault(first);
    await first[Symbol.asyncDispose]();
    const fatal: unknown[] = [];
    await using second = await open((error) => fatal.push(error));
    execFileSync('dd', ['if=/dev/zero', `of=${path}`, 'bs=4096', 'seek=2', 'count=60', 'conv=notrunc', 'status=none']);
    const listing = second.vaults.list({ accountId: ACCOUNT, afterName: '', limit: 1000 });
    await expect(listing).rejects.toThrow('malformed');
    expect(fatal).toHaveLength(1);
  });
});
