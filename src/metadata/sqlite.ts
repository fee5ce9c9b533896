import { chmodSync, closeSync, openSync } from 'node:fs';
import { DatabaseSync, type StatementSync } from 'node:sqlite';
import type { CompiledQuery, DatabaseConnection, QueryResult } from 'kysely';
import { isFatal } from './failures.ts';
import { inArrays } from './prepared.ts';

/**
 * Connections to SQLite through `node:sqlite`. One connection writes, any number read. Durability is asserted at every open:
 * WAL with `synchronous=FULL` makes a commit return only when it is on disk, and shows it to readers only then. When a file
 * operation under the database fails, the state of the last commit is unknown and a second fsync would lie about it, so
 * `onFatal` is told and the process must end.
 */
const PAGE_CACHE_KIB = 32 * 1024;
/** Pages in the log before they are copied into the database: random pages of a large database are copied less often. */
const LOG_PAGES = 8 * 1024;
const STATEMENTS_CACHED_MAX = 500;
const VERSION_MIN = [3, 51, 3];
const PRIVATE = 0o600;
/** A reader waits for nothing but the log being recovered or started anew, which takes an instant. */
const READER_PATIENCE_MS = 1000;

export interface SqliteOptions {
  path: string;
  /** Told when the database's files fail: nothing may be acknowledged after that. */
  onFatal: (error: unknown) => void;
}

/** The connection that writes; there may be one at a time. The file is made if there is none. */
export function openWriter({ path, onFatal }: SqliteOptions): SqliteConnection {
  makePrivate(path);
  const database = new DatabaseSync(path, { enableForeignKeyConstraints: true, timeout: 0 });
  try {
    database.exec('pragma journal_mode = wal');
    database.exec('pragma synchronous = full');
    database.exec(`pragma cache_size = -${PAGE_CACHE_KIB}`);
    database.exec(`pragma wal_autocheckpoint = ${LOG_PAGES}`);
    assertDurable(database);
    return new SqliteConnection(database, onFatal);
  } catch (error) {
    database.close();
    throw error;
  }
}

export interface ReaderOptions extends SqliteOptions {
  cacheKib?: number;
}

/** A connection that can only read, and sees what is durable. Somebody must have the writing one open. */
export function openReader({ path, onFatal, cacheKib = PAGE_CACHE_KIB }: ReaderOptions) {
  const database = new DatabaseSync(path, { readOnly: true, timeout: READER_PATIENCE_MS });
  try {
    database.exec(`pragma cache_size = -${cacheKib}`);
    return new SqliteConnection(database, onFatal);
  } catch (error) {
    database.close();
    throw error;
  }
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

type Values = Parameters<StatementSync['all']>;

interface Known {
  statement: StatementSync;
  returnsRows: boolean;
}

/** A connection as Kysely wants it, with its statements prepared once. */
export class SqliteConnection implements DatabaseConnection, Disposable {
  readonly #database: DatabaseSync;
  readonly #onFatal: (error: unknown) => void;
  readonly #statements = new Map<string, Known>();

  constructor(database: DatabaseSync, onFatal: (error: unknown) => void) {
    this.#database = database;
    this.#onFatal = onFatal;
  }

  get isInTransaction(): boolean {
    return this.#database.isOpen && this.#database.isTransaction;
  }

  /** Runs a statement that takes and returns nothing. */
  run(sql: string): void {
    this.#guard(() => this.#known(sql).statement.run());
  }

  async executeQuery<Row>({ sql, parameters }: CompiledQuery): Promise<QueryResult<Row>> {
    return this.#guard(() => {
      const { statement, returnsRows } = this.#known(sql);
      const values = parameters as Values;
      if (returnsRows) return { rows: statement.all(...values) as Row[] };
      const { changes, lastInsertRowid } = statement.run(...values);
      return { insertId: BigInt(lastInsertRowid), numAffectedRows: BigInt(changes), rows: [] };
    });
  }

  /** The rows that a statement returns, at once. */
  rows<Row>({ sql, parameters }: CompiledQuery): Row[] {
    return this.#guard(() => this.#known(sql).statement.all(...(parameters as Values)) as Row[]);
  }

  streamQuery(): never {
    throw new Error('results of the metadata are read in pages');
  }

  [Symbol.dispose](): void {
    this.#statements.clear();
    if (this.#database.isOpen) this.#database.close();
  }

  #known(sql: string): Known {
    const known = this.#statements.get(sql);
    if (known !== undefined) return known;
    if (this.#statements.size >= STATEMENTS_CACHED_MAX) this.#statements.clear();
    const statement = this.#database.prepare(sql);
    statement.setReturnArrays(inArrays(sql));
    const prepared = { statement, returnsRows: statement.columns().length > 0 };
    this.#statements.set(sql, prepared);
    return prepared;
  }

  #guard<T>(call: () => T): T {
    try {
      return call();
    } catch (error) {
      if (isFatal(error)) this.#onFatal(error);
      throw error;
    }
  }
}
