import { closeSync, fsyncSync, openSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync, type SQLInputValue } from 'node:sqlite';

/**
 * A database that nobody else has open, for rows by the million: no journal, no fsync, and no index while rows go in (but
 * those of primary keys and unique columns, which belong to their tables). A run that is broken off leaves a database that
 * is good for nothing. What comes out is what the program had made: the same indexes, WAL, everything on disk.
 */
/** Rows are appended, so this is for sorting indexes; more costs more in fresh memory than it saves in merging. */
const CACHE_KIB = 256 * 1024;
const ROWS_PER_TRANSACTION = 1_000_000;

/** Types of rows to insert allow undefined; SQLite refuses it when it comes. */
export type Row = Record<string, SQLInputValue | undefined>;

export class BulkDatabase implements Disposable {
  readonly #path: string;
  readonly #database: DatabaseSync;

  constructor(path: string) {
    this.#path = path;
    this.#database = new DatabaseSync(path, { timeout: 0, enableForeignKeyConstraints: false });
    this.#database.exec(`pragma locking_mode = exclusive; pragma journal_mode = off; pragma synchronous = off;
      pragma cache_size = -${CACHE_KIB}`);
  }

  all<Found>(sql: string, ...values: SQLInputValue[]): Found[] {
    return this.#database.prepare(sql).all(...values) as Found[];
  }

  run(sql: string, ...values: SQLInputValue[]): void {
    this.#database.prepare(sql).run(...values);
  }

  /** Puts rows into a table; all have the members of the first. The indexes of the table are there again at the end. */
  fill(table: string, rows: Iterable<Row>): void {
    const iterator = rows[Symbol.iterator]();
    const first = iterator.next();
    if (first.done === true) return;
    // What the table does not take is found out before anything is dropped.
    const insert = this.#prepareInsert(table, Object.keys(first.value));
    this.#refuseTaken(table, first.value.id);
    const indexes = this.all<{ name: string; sql: string }>(
      `select name, sql from sqlite_schema where type = 'index' and tbl_name = ? and sql is not null`,
      table,
    );
    for (const { name } of indexes) this.#database.exec(`drop index "${name}"`);
    try {
      this.#insertAll(first, { iterator, insert });
      for (const { sql } of indexes) this.#database.exec(sql);
    } catch (cause) {
      const reason = (cause as Error).message;
      throw new Error(`${reason}; the data directory is half filled and has lost indexes: throw it away`, { cause });
    }
  }

  #insertAll(
    first: IteratorResult<Row>,
    { iterator, insert }: { iterator: Iterator<Row>; insert: (row: Row) => void },
  ): void {
    this.#database.exec('begin');
    let done = 0;
    for (let step = first; step.done !== true; step = iterator.next()) {
      insert(step.value);
      done += 1;
      if (done % ROWS_PER_TRANSACTION === 0) this.#database.exec('commit; begin');
    }
    this.#database.exec('commit');
  }

  /** The same plan gives the same ids. */
  #refuseTaken(table: string, id: SQLInputValue | undefined): void {
    if (id === undefined || this.all(`select id from ${table} where id = ?`, id).length === 0) return;
    throw new Error(`the directory was seeded with these ${table} before; --seed N makes others`);
  }

  /** Makes the file what the program expects, durably. */
  [Symbol.dispose](): void {
    this.#database.exec('pragma locking_mode = normal; pragma journal_mode = wal; pragma wal_checkpoint(truncate)');
    this.#database.close();
    for (const path of [this.#path, dirname(this.#path)]) {
      const descriptor = openSync(path, 'r');
      fsyncSync(descriptor);
      closeSync(descriptor);
    }
  }

  /** The columns of the database itself decide, so that a row which has become too short is noticed at once. */
  #prepareInsert(table: string, filled: readonly string[]): (row: Row) => void {
    const columns = this.all<{ name: string; notnull: number; dflt_value: string | null; pk: number }>(
      'select name, "notnull", dflt_value, pk from pragma_table_info(?)',
      table,
    );
    const unknown = filled.find((name) => columns.every((column) => column.name !== name));
    if (unknown !== undefined) throw new Error(`the table ${table} has no column ${unknown}, which seeding fills`);
    const needed = columns.filter(({ notnull, dflt_value, pk }) => notnull === 1 && dflt_value === null && pk === 0);
    const missing = needed.find(({ name }) => !filled.includes(name));
    if (missing !== undefined) throw new Error(`seeding does not fill ${table}.${missing.name}, which may not be null`);
    return preparedInsert(this.#database, table, filled);
  }
}

/** An insert of rows that have these members, in whatever order. */
export function preparedInsert(database: DatabaseSync, table: string, columns: readonly string[]): (row: Row) => void {
  const names = columns.map((name) => `"${name}"`).join(', ');
  const statement = database.prepare(`insert into ${table} (${names}) values (${columns.map(() => '?').join(', ')})`);
  return (row) => void statement.run(...columns.map((name) => row[name] as SQLInputValue));
}
