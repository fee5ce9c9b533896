import type { Compilable, CompiledQuery, Kysely } from 'kysely';
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
