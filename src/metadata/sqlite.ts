import { chmodSync, closeSync, openSync } from 'node:fs';
import { DatabaseSync, type StatementSync } from 'node:sqlite';
import {
  type Dialect,
  SqliteAdapter,
  type SqliteDatabase,
  SqliteDriver,
  SqliteIntrospector,
  SqliteQueryCompiler,
  type SqliteStatement,
} from 'kysely';
import { isFatal } from './failures.ts';
import { inArrays } from './prepared.ts';

/**
 * SQLite for Kysely through `node:sqlite`. Durability is asserted at every open: WAL with `synchronous=FULL` makes a commit
 * return only when it is on disk. When a file operation under the database fails, the state of the last commit is
 * unknown and a second fsync would lie about it, so `onFatal` is told and the process must end.
 */
const PAGE_CACHE_KIB = 32 * 1024;
const STATEMENTS_CACHED_MAX = 500;
const VERSION_MIN = [3, 51, 3];
const PRIVATE = 0o600;

export function openSqlite({ path, onFatal }: { path: string; onFatal: (error: unknown) => void }): Dialect {
  makePrivate(path);
  const database = openDurably(path);
  // SQLite rolls a failed schema change back like anything else, which Kysely does not take for granted.
  const adapter = Object.defineProperty(new SqliteAdapter(), 'supportsTransactionalDdl', { value: true });
  return {
    createAdapter: () => adapter,
    createDriver: () => new SqliteDriver({ database: adapt(database, onFatal) }),
    createIntrospector: (db) => new SqliteIntrospector(db),
    createQueryCompiler: () => new SqliteQueryCompiler(),
  };
}

/**
 * SQLite makes its files readable to all; -wal and -shm take the mode of the database. A file that is there is not opened
 * for this, because closing it would drop the locks that this process may have on it.
 */
function makePrivate(path: string): void {
  try {
    closeSync(openSync(path, 'wx', PRIVATE));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    chmodSync(path, PRIVATE);
  }
}

function openDurably(path: string): DatabaseSync {
  const database = new DatabaseSync(path, { enableForeignKeyConstraints: true, timeout: 0 });
  try {
    database.exec('pragma journal_mode = wal');
    database.exec('pragma synchronous = full');
    database.exec(`pragma cache_size = -${PAGE_CACHE_KIB}`);
    assertDurable(database);
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

function assertDurable(database: DatabaseSync): void {
  const pragma = (name: string) => Object.values(database.prepare(`pragma ${name}`).get() ?? {})[0];
  const version = String(Object.values(database.prepare('select sqlite_version()').get() ?? {})[0]);
  if (isOlder(version)) throw new Error(`SQLite ${version} is too old: versions before 3.51.3 can lose a WAL reset`);
  const found = [pragma('journal_mode'), pragma('synchronous'), pragma('foreign_keys')].join();
  if (found !== 'wal,2,1') throw new Error(`the metadata database is not durable: wal,2,1 expected, ${found} found`);
}

function isOlder(version: string): boolean {
  const parts = version.split('.').map(Number);
  for (const [index, least] of VERSION_MIN.entries()) {
    const part = parts[index] ?? 0;
    if (part !== least) return part < least;
  }
  return false;
}

type Guard = <T>(call: () => T) => T;

function adapt(database: DatabaseSync, onFatal: (error: unknown) => void): SqliteDatabase {
  const statements = new Map<string, SqliteStatement>();
  const guard: Guard = (call) => {
    try {
      return call();
    } catch (error) {
      if (isFatal(error)) onFatal(error);
      throw error;
    }
  };
  return {
    close: () => database.close(),
    prepare(sql) {
      const known = statements.get(sql);
      if (known !== undefined) return known;
      if (statements.size >= STATEMENTS_CACHED_MAX) statements.clear();
      const prepared = guard(() => guarded(database.prepare(sql), guard));
      const statement = sql === 'rollback' ? onlyInside(database, prepared) : prepared;
      statements.set(sql, statement);
      return statement;
    },
  };
}

type Values = Parameters<StatementSync['all']>;

function guarded(statement: StatementSync, guard: Guard): SqliteStatement {
  statement.setReturnArrays(inArrays(statement.sourceSQL));
  return {
    reader: statement.columns().length > 0,
    all: (values) => guard(() => statement.all(...(values as Values))),
    run: (values) => guard(() => statement.run(...(values as Values))),
    iterate: (values) => guard(() => statement.iterate(...(values as Values))),
  };
}

/** A full disk makes SQLite roll back by itself; a second rollback would fail and hide the error that tells why. */
function onlyInside(database: DatabaseSync, rollback: SqliteStatement): SqliteStatement {
  const nothing = { changes: 0, lastInsertRowid: 0 };
  return { ...rollback, run: (values) => (database.isTransaction ? rollback.run(values) : nothing) };
}
