import { type Expression, type Kysely, sql, type Transaction } from 'kysely';
import { Prepared } from './prepared.ts';
import type { Tables } from './tables.ts';

/**
 * What the Standard retrievals in progress read together is counted by each vault, because an account may have hundreds of
 * thousands of them. The count is in two parts of its row, the lower 32 bits and the rest: a sum of sizes may be larger than
 * an integer. That of a deleted vault stays as it is; it belongs to no account any more.
 */
const LOW_BITS = 32;
const LOW = 2 ** LOW_BITS - 1;

/** Counts a Standard retrieval that begins; one that ends is counted with its size below zero. */
export type CountRunning = (
  trx: Transaction<Tables>,
  counted: { vaultKey: number; sizeBytes: number },
) => Promise<void>;

export function prepareCountRunning(db: Kysely<Tables>): CountRunning {
  // A number below zero is shifted with its sign, so that its parts add up to it.
  const low = sql<number>`(running_bytes_low + (${0} & ${sql.lit(LOW)}))`;
  const update = new Prepared(
    db,
    db
      .updateTable('vaults')
      .set({
        running_bytes_high: sql<number>`running_bytes_high + (${0} >> ${sql.lit(LOW_BITS)}) + (${low} >> ${sql.lit(LOW_BITS)})`,
        running_bytes_low: sql<number>`${low} & ${sql.lit(LOW)}`,
      })
      .where('key', '=', 0),
  );
  return async (trx, { vaultKey, sizeBytes }) => {
    await update.rows([sizeBytes, sizeBytes, sizeBytes, vaultKey], trx);
  };
}

/** What the Standard retrievals in progress from all vaults of an account read together. */
export type RunningBytesOf = (trx: Transaction<Tables>, accountId: string) => Promise<bigint>;

export function prepareRunningBytes(db: Kysely<Tables>): RunningBytesOf {
  const query = new Prepared(
    db,
    db
      .selectFrom('vaults')
      .select((eb) => [
        asDigits(eb.fn.sum('running_bytes_high')).as('high'),
        asDigits(eb.fn.sum('running_bytes_low')).as('low'),
      ])
      .where('account_id', '=', ''),
  );
  return async (trx, accountId) => {
    const sums = await query.first([accountId], trx);
    return (BigInt(sums?.high ?? 0) << BigInt(LOW_BITS)) + BigInt(sums?.low ?? 0);
  };
}

/** A whole number as text: sums of sizes may be larger than a number is exact for. */
export const asDigits = (value: Expression<unknown>) => sql<string | null>`cast(${value} as text)`;
