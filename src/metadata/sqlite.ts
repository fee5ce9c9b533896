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

/**
 * SQLite for Kysely through `node:sqlite`. Durability is asserted at every open: WAL with `synchronous=FULL` makes a commit
 * return only when it is on disk. When a file operation under the database fails, the state of the last commit is
 * unknown and a second fsync would lie about it, so `onFatal` is told and the process must end.
 */
const PAGE_CACHE_KIB = 32 * 1024;
const STATEMENTS_CACHED_MAX = 500;
const VERSION_MIN = [3, 51, 3];
const SQLITE_IOERR = 10;
const SQLITE_CORRUPT = 11;
const PRIMARY_CODE_MASK = 0xff;

export function openSqlite({ path, onFatal }: { path: string; onFatal: (error: unknown) => void }): Dialect {
  const database = new DatabaseSync(path, { enableForeignKeyConstraints: true, timeout: 0 });
  database.exec('pragma journal_mode = wal');
  database.exec('pragma synchronous = full');
  database.exec(`pragma cache_size = -${PAGE_CACHE_KIB}`);
  assertDurable(database);
  // SQLite rolls a failed schema change back like anything else, which Kysely does not take for granted.
  const adapter = Object.defineProperty(new SqliteAdapter(), 'supportsTransactionalDdl', { value: true });
  return {
    createAdapter: () => adapter,
    createDriver: () => new SqliteDriver({ database: adapt(database, onFatal) }),
    createIntrospector: (db) => new SqliteIntrospector(db),
    createQueryCompiler: () => new SqliteQueryCompiler(),
  };
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

function adapt(database: DatabaseSync, onFatal: (error: unknown) => void): SqliteDatabase {
  const statements = new Map<string, SqliteStatement>();
  return {
    close: () => database.close(),
    prepare(sql) {
      const known = statements.get(sql);
      if (known !== undefined) return known;
      if (statements.size >= STATEMENTS_CACHED_MAX) statements.clear();
      const statement = guarded(database.prepare(sql), onFatal);
      statements.set(sql, statement);
      return statement;
    },
  };
}

type Values = Parameters<StatementSync['all']>;

function guarded(statement: StatementSync, onFatal: (error: unknown) => void): SqliteStatement {
  const guard = <T>(call: () => T): T => {
    try {
      return call();
    } catch (error) {
      if (isFatal(error)) onFatal(error);
      throw error;
    }
  };
  return {
    reader: statement.columns().length > 0,
    all: (values) => guard(() => statement.all(...(values as Values))),
    run: (values) => guard(() => statement.run(...(values as Values))),
    iterate: (values) => statement.iterate(...(values as Values)),
  };
}

function isFatal(error: unknown): boolean {
  if (!(error instanceof Error) || !('errcode' in error) || typeof error.errcode !== 'number') return false;
  const primary = error.errcode & PRIMARY_CODE_MASK;
  return primary === SQLITE_IOERR || primary === SQLITE_CORRUPT;
}
