import type { Compilable, CompiledQuery, Insertable, Kysely } from 'kysely';
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
    return (await db.executeQuery(query)).rows;
  }

  /** The first row, if there is one. */
  async first(parameters: readonly unknown[], db?: Kysely<Tables>): Promise<Row | undefined> {
    const [row] = await this.rows(parameters, db);
    return row;
  }
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
