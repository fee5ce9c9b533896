import { type Expression, sql, type Transaction } from 'kysely';
import { sizeOf } from '../model/byte-range.ts';
import { dayOf } from '../model/calendar.ts';
import type { ArchiveRetrieval } from '../model/jobs.ts';
import { limits as fixed } from '../model/limits.ts';
import {
  type ExpeditedLoad,
  hasCapacity,
  keepsPolicy,
  type RetrievalLimits,
  type RetrievalRefusal,
  type StandardLoad,
} from '../model/retrieval-limits.ts';
import { countActiveUnits } from './capacity.ts';
import { goingKeys } from './going-vaults.ts';
import { findRetrievalPolicy } from './retrieval-policies.ts';
import type { Tables } from './tables.ts';

const LOW_BITS = 32;
/** More than any policy allows, and small enough that the largest archive can be added. */
const DAY_BYTES_MAX = String(2n ** 62n);

interface Retrieval {
  job: ArchiveRetrieval & { createdAtMs: number };
  /** The owner of the vault, whoever asks. */
  accountId: string;
  limits: RetrievalLimits;
}

/**
 * Decides whether a retrieval may start, within the transaction that starts it, so that many at once cannot all pass where
 * only one may. A Standard one that may is counted to its day, whatever the policy: the account may set another one.
 */
export async function admitRetrieval(trx: Transaction<Tables>, asked: Retrieval): Promise<RetrievalRefusal | null> {
  const { job, limits } = asked;
  if (job.tier === 'Standard') {
    const { freeBytesPerMonth } = limits;
    const size = { sizeBytes: sizeOf(job.range), atMs: job.createdAtMs, freeBytesPerMonth };
    if (!keepsPolicy(await standardLoad(trx, asked), size)) return 'policy-enforced';
    await countToDay(trx, asked);
  }
  if (job.tier === 'Expedited' && limits.expeditedSlots !== null) {
    if (!hasCapacity(await expeditedLoad(trx, asked), limits.expeditedSlots)) return 'capacity-exhausted';
  }
  return null;
}

async function standardLoad(trx: Transaction<Tables>, { job, accountId }: Retrieval): Promise<StandardLoad> {
  const policy = await findRetrievalPolicy(trx, accountId);
  if (policy.strategy === 'BytesPerHour') return { ...policy, runningBytes: await runningBytes(trx, accountId) };
  if (policy.strategy === 'None') return policy;
  const day = await trx
    .selectFrom('retrieval_days')
    .select((eb) => asDigits(eb.ref('size_bytes')).as('bytes'))
    .where('account_id', '=', accountId)
    .where('day', '=', dayOf(job.createdAtMs))
    .executeTakeFirst();
  return { ...policy, dayBytes: BigInt(day?.bytes ?? 0) };
}

/** What the running Standard retrievals from all vaults of an account read together. */
async function runningBytes(trx: Transaction<Tables>, accountId: string): Promise<bigint> {
  const vaults = trx.selectFrom('vaults').select('key').where('account_id', '=', accountId);
  const { high, low } = await running(trx, 'Standard')
    .where('jobs.vault_key', 'in', vaults)
    .select((eb) => {
      const sizeBytes = sql<number>`${eb.ref('jobs.range_end_byte')} - ${eb.ref('jobs.range_start_byte')} + 1`;
      // In two parts, because a sum beyond 2^63 is an error.
      return [
        asDigits(eb.fn.sum(sql<number>`(${sizeBytes}) >> ${sql.lit(LOW_BITS)}`)).as('high'),
        asDigits(eb.fn.sum(sql<number>`(${sizeBytes}) & ${sql.lit(2 ** LOW_BITS - 1)}`)).as('low'),
      ];
    })
    .executeTakeFirstOrThrow();
  return (BigInt(high ?? 0) << BigInt(LOW_BITS)) + BigInt(low ?? 0);
}

async function countToDay(trx: Transaction<Tables>, { job, accountId }: Retrieval): Promise<void> {
  const day = dayOf(job.createdAtMs);
  const sizeBytes = sizeOf(job.range);
  await trx
    .insertInto('retrieval_days')
    .values({ account_id: accountId, day, size_bytes: sizeBytes })
    .onConflict((conflict) =>
      conflict.columns(['account_id', 'day']).doUpdateSet((eb) => ({
        size_bytes: sql<number>`min(${eb.ref('retrieval_days.size_bytes')}, ${sql.raw(DAY_BYTES_MAX)}) + ${sizeBytes}`,
      })),
    )
    .execute();
  // Not at once, because a clock that is ahead for a moment must not make today free again.
  const oldest = dayOf(job.createdAtMs - fixed.retrievalDaysKeepMs);
  await trx.deleteFrom('retrieval_days').where('account_id', '=', accountId).where('day', '<', oldest).execute();
}

async function expeditedLoad(trx: Transaction<Tables>, { job, accountId }: Retrieval): Promise<ExpeditedLoad> {
  const { count } = await running(trx, 'Expedited')
    .where('jobs.vault_key', 'not in', goingKeys(trx))
    .select((eb) => eb.fn.countAll<number>().as('count'))
    .executeTakeFirstOrThrow();
  const nowMs = job.createdAtMs;
  const units = await countActiveUnits(trx, { accountId, nowMs });
  // Without units it makes no difference how many jobs there were.
  const recent = units === 0 ? 0 : await recentExpedited(trx, { accountId, nowMs });
  return { running: Number(count), units, recent };
}

/** Jobs dated later than now, which a clock that was set back has left, say nothing about the last minutes. */
async function recentExpedited(
  trx: Transaction<Tables>,
  { accountId, nowMs }: { accountId: string; nowMs: number },
): Promise<number> {
  const { count } = await trx
    .selectFrom('vaults')
    .innerJoin('jobs', 'jobs.vault_key', 'vaults.key')
    .select((eb) => eb.fn.countAll<number>().as('count'))
    .where('vaults.account_id', '=', accountId)
    .where('jobs.created_at', '>', nowMs - fixed.capacityPeriodMs)
    .where('jobs.created_at', '<=', nowMs)
    .where('jobs.tier', '=', 'Expedited')
    .executeTakeFirstOrThrow();
  return Number(count);
}

/** Jobs in progress, by the index of these; it is found only where the status is no parameter. */
const running = (trx: Transaction<Tables>, tier: 'Standard' | 'Expedited') =>
  trx.selectFrom('jobs').where('jobs.status', '=', sql.lit('InProgress')).where('jobs.tier', '=', tier);

/** A whole number as text: sums of sizes may be larger than a number is exact for. */
const asDigits = (value: Expression<unknown>) => sql<string | null>`cast(${value} as text)`;
