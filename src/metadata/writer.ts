import { Kysely } from 'kysely';
import { answersAtOnce } from './prepared.ts';
import { type Call, createRecords, invoke, type Records } from './records.ts';
import { openWriter, type SqliteConnection, type SqliteOptions } from './sqlite.ts';
import { sharedTransactions, sqliteDialect } from './sqlite-dialect.ts';
import type { Tables } from './tables.ts';

/** What became of a call. */
export type Outcome = { value: unknown } | { error: unknown };

/** Longer than this no transaction takes up more calls: those that came in meanwhile shall not wait for all of them. */
const TRANSACTION_MS_MAX = 20;

/**
 * Carries out operations in order, many to a durable transaction: the commit, an fsync, is what they cost most. An operation
 * that fails takes nothing along: the transaction is given up and each of its calls is carried out again on its own, which
 * nobody sees, for none was answered.
 */
export class Writer implements Disposable {
  readonly #connection: SqliteConnection;
  readonly #records: Records;
  #fatal: { error: unknown } | undefined;

  constructor({ path, onFatal }: SqliteOptions) {
    this.#connection = openWriter({
      path,
      onFatal: (error) => {
        this.#fatal ??= { error };
        onFatal(error);
      },
    });
    const db = new Kysely<Tables>({ dialect: sqliteDialect(this.#connection, sharedTransactions) });
    answersAtOnce(db, (query) => this.#connection.rows(query));
    this.#records = createRecords(db);
  }

  /**
   * Carries out the first of these calls, as many as fit one transaction; at least one. What became of them is told in their
   * order when it is durable.
   */
  async commit(calls: readonly Call[]): Promise<Outcome[]> {
    const taken: Call[] = [];
    try {
      return await this.#together(calls, taken);
    } catch (error) {
      if (taken.length <= 1) return [{ error }];
    }
    const outcomes: Outcome[] = [];
    for (const call of taken) {
      outcomes.push(...(await this.#together([call], []).catch((error: unknown) => [{ error }])));
    }
    return outcomes;
  }

  [Symbol.dispose](): void {
    this.#connection[Symbol.dispose]();
  }

  /** One transaction; `taken` is told what was begun in it. */
  async #together(calls: readonly Call[], taken: Call[]): Promise<Outcome[]> {
    // What the last commit has left on disk is not known; another one that succeeds would not make it known.
    if (this.#fatal !== undefined) throw this.#fatal.error;
    const connection = this.#connection;
    const startedAt = performance.now();
    const outcomes: Outcome[] = [];
    try {
      connection.run('begin immediate');
      for (const call of calls) {
        taken.push(call);
        outcomes.push({ value: await invoke(this.#records, call) });
        if (performance.now() - startedAt > TRANSACTION_MS_MAX) break;
      }
      connection.run('commit');
      return outcomes;
    } catch (error) {
      if (connection.isInTransaction) connection.run('rollback');
      throw error;
    }
  }
}
