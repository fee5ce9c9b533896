import type { Kysely } from 'kysely';
import type { RetentionState } from '../model/retention-clock.ts';
import type { Tables } from './tables.ts';

/** How far time has come. There is one row, which the table sees to. */
const KEY = 1;

export class RetentionClockRecords {
  readonly #db: Kysely<Tables>;

  constructor(db: Kysely<Tables>) {
    this.#db = db;
  }

  /** What was kept last; undefined when nothing ever was. */
  async find(): Promise<RetentionState | undefined> {
    const row = await this.#db.selectFrom('retention_clock').selectAll().where('key', '=', KEY).executeTakeFirst();
    if (row === undefined) return undefined;
    return { highWaterAtMs: row.high_water_at, unprovenMs: row.unproven_ms, suspectAtMs: row.suspect_at };
  }

  /** Keeps whole milliseconds, rounded so that nothing is believed that was not. */
  async save({ highWaterAtMs, unprovenMs, suspectAtMs }: RetentionState): Promise<void> {
    const columns = {
      high_water_at: Math.floor(highWaterAtMs),
      unproven_ms: Math.ceil(unprovenMs),
      suspect_at: suspectAtMs === null ? null : Math.floor(suspectAtMs),
    };
    await this.#db
      .insertInto('retention_clock')
      .values({ key: KEY, ...columns })
      .onConflict((conflict) => conflict.column('key').doUpdateSet(columns))
      .execute();
  }

  /** The latest instant at which a vault was made or written to; undefined without vaults. */
  async newestWriteAtMs(): Promise<number | undefined> {
    const { created, written } = await this.#db
      .selectFrom('vaults')
      .select((eb) => [eb.fn.max('created_at').as('created'), eb.fn.max('written_at').as('written')])
      .executeTakeFirstOrThrow();
    const instants = [created, written].flatMap((atMs) => (atMs === null ? [] : Number(atMs)));
    return instants.length === 0 ? undefined : Math.max(...instants);
  }
}
