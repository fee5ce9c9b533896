import type { CompiledQuery, DatabaseConnection, QueryResult } from 'kysely';
import type { SqliteConnection } from './sqlite.ts';

/**
 * Reads of one turn of the event loop share a transaction. On its own each would take and give back SQLite's locks, and
 * after every commit of the writer it would read the same pages again. What a turn reads is of one instant, and never
 * older than a change whose caller has heard of it: the transaction is ended before that.
 */
export class SharedSnapshot implements DatabaseConnection {
  readonly #connection: SqliteConnection;

  constructor(connection: SqliteConnection) {
    this.#connection = connection;
  }

  async executeQuery<Row>(query: CompiledQuery): Promise<QueryResult<Row>> {
    this.#begin();
    return this.#connection.executeQuery(query);
  }

  /** The rows that a statement returns, at once. */
  rows<Row>(query: CompiledQuery): Row[] {
    this.#begin();
    return this.#connection.rows(query);
  }

  streamQuery(): never {
    return this.#connection.streamQuery();
  }

  #begin(): void {
    if (this.#connection.isInTransaction) return;
    this.#connection.run('begin');
    setImmediate(() => this.end());
  }

  /** What is read from now on is of now. */
  end(): void {
    if (this.#connection.isInTransaction) this.#connection.run('commit');
  }
}
