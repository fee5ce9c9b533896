import type { Compilable, CompiledQuery, Insertable, Kysely, Transaction } from 'kysely';
import type { Tables } from './tables.ts';

/**
 * A query that is run so often that it is put together only once: with Kysely that costs more than running it. It is written
 * with stand-ins for its parameters, which are then given by position, in the order in which they stand in the SQL.
 */
export class Prepared<Row> {
  readonly #db: Kysely<Tables>;
  readonly #compiled: CompiledQuery<Row>;

  constructor(db: Kysely<Tables>, query: Compilable<Row>) {
    this.#db = db;
    this.#compiled = query.compile();
  }

  /** Runs it within `db`, which may be a transaction; without one, on its own. */
  async rows(parameters: readonly unknown[], db: Kysely<Tables> = this.#db): Promise<Row[]> {
    if (parameters.length !== this.#compiled.parameters.length) {
      throw new Error(`${parameters.length} parameters for ${this.#compiled.sql}`);
    }
    const query: CompiledQuery<Row> = { ...this.#compiled, parameters };
    const direct = directs.get(this.#db);
    return direct === undefined ? (await db.executeQuery(query)).rows : direct<Row>(query);
  }

  /** The first row, if there is one. */
  async first(parameters: readonly unknown[], db?: Kysely<Tables>): Promise<Row | undefined> {
    const [row] = await this.rows(parameters, db);
    return row;
  }
}

/** Runs a statement at once. */
type Direct = <Row>(query: CompiledQuery) => Row[];

const directs = new WeakMap<Kysely<Tables>, Direct>();

/**
 * Says that this Kysely has one connection, which answers at once, and that whatever transaction there is on it is begun and
 * committed by others: prepared queries then go past Kysely, whose promises take longer than SQLite's answer.
 */
export function answersAtOnce(db: Kysely<Tables>, direct: Direct): void {
  directs.set(db, direct);
}

/** Everything that `work` does is one transaction. */
export function inTransaction<T>(db: Kysely<Tables>, work: (trx: Transaction<Tables>) => Promise<T>): Promise<T> {
  // Where others begin and commit, only the type is missing.
  return directs.has(db) ? work(db as Transaction<Tables>) : db.transaction().execute(work);
}

/** The insertion of one row into a table, of the same columns each time. */
export class PreparedInsert<Name extends keyof Tables> {
  readonly #insert: Prepared<unknown>;
  readonly #columns: (keyof Insertable<Tables[Name]>)[];

  /** `example` has every column that rows will have. */
  constructor(db: Kysely<Tables>, table: Name, example: Insertable<Tables[Name]>) {
    this.#insert = new Prepared(db, db.insertInto(table).values(example));
    this.#columns = Object.keys(example) as (keyof Insertable<Tables[Name]>)[];
  }

  async run(row: Insertable<Tables[Name]>, db?: Kysely<Tables>): Promise<void> {
    const values = this.#columns.map((column) => row[column]);
    await this.#insert.rows(values, db);
  }
}

/**
 * Stands before a query whose rows come as arrays, in the order of its columns: for pages of many wide rows, because making
 * and reading objects costs twice what SQLite does. Kysely hands the text of a query to its driver and nothing else, so the
 * text has to say it.
 */
const IN_ARRAYS = '/* rows as arrays */ ';

/** Whether the rows of a query are arrays. */
export const inArrays = (sql: string): boolean => sql.startsWith(IN_ARRAYS);

/** The same query with rows as arrays. `Values` is the type of a row; the order of its members is that of the columns. */
export function asArrays<Values extends readonly unknown[]>(query: Compilable): Compilable<Values> {
  return {
    compile: () => {
      const compiled = query.compile();
      return { ...compiled, sql: IN_ARRAYS + compiled.sql } as CompiledQuery<Values>;
    },
  };
}
