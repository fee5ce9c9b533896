import type { Kysely } from 'kysely';
import type { CapacityUnit } from '../model/capacity.ts';
import { inTransaction } from './prepared.ts';
import type { Tables } from './tables.ts';

/** Provisioned capacity units. Units that have expired stay as rows, two in a month at most, and count for nothing. */
export class CapacityRecords {
  readonly #db: Kysely<Tables>;

  constructor(db: Kysely<Tables>) {
    this.#db = db;
  }

  /** Adds a unit unless the account has `unitsMax` active ones when it starts. */
  async add({
    accountId,
    unit,
    unitsMax,
  }: {
    accountId: string;
    unit: CapacityUnit;
    unitsMax: number;
  }): Promise<'added' | 'full'> {
    return inTransaction(this.#db, async (trx) => {
      if ((await countActiveUnits(trx, { accountId, nowMs: unit.startedAtMs })) >= unitsMax) return 'full';
      await trx
        .insertInto('capacity_units')
        .values({ id: unit.id, account_id: accountId, started_at: unit.startedAtMs, expires_at: unit.expiresAtMs })
        .execute();
      return 'added';
    });
  }

  /** The active units of an account, the one that expires first before the others. */
  async list({ accountId, nowMs }: { accountId: string; nowMs: number }): Promise<CapacityUnit[]> {
    const rows = await this.#db
      .selectFrom('capacity_units')
      .select(['id', 'started_at', 'expires_at'])
      .where('account_id', '=', accountId)
      .where('expires_at', '>', nowMs)
      .orderBy('expires_at')
      .orderBy('key')
      .execute();
    return rows.map((row) => ({ id: row.id, startedAtMs: row.started_at, expiresAtMs: row.expires_at }));
  }
}

/** How many units of an account are active. */
export async function countActiveUnits(
  db: Kysely<Tables>,
  { accountId, nowMs }: { accountId: string; nowMs: number },
): Promise<number> {
  const { count } = await db
    .selectFrom('capacity_units')
    .select((eb) => eb.fn.countAll<number>().as('count'))
    .where('account_id', '=', accountId)
    .where('expires_at', '>', nowMs)
    .executeTakeFirstOrThrow();
  return Number(count);
}
