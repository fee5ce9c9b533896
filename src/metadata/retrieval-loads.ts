import { type Expression, type Kysely, sql, type Transaction } from 'kysely';
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
import type { RetrievalPolicy } from '../model/retrieval-policies.ts';
import { countActiveUnits } from './capacity.ts';
import { goingKeys } from './going-vaults.ts';
import { Prepared } from './prepared.ts';
import { type RetrievalPolicyRow, retrievalPolicyQuery, toRetrievalPolicy } from './retrieval-policies.ts';
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

/** Decides whether retrievals may start. */
export class RetrievalLoads {
  readonly #policy: Prepared<RetrievalPolicyRow>;
  readonly #countToDay: Prepared<{ digits: string | null }>;

  constructor(db: Kysely<Tables>) {
    this.#policy = new Prepared(db, retrievalPolicyQuery(db, ''));
    this.#countToDay = new Prepared(db, countToDayQuery(db));
  }

  /**
   * Within the transaction that starts the retrieval, so that many at once cannot all pass where only one may. A Standard one
   * that may is counted to its day, whatever the policy: the account may set another one.
   */
  async admit(trx: Transaction<Tables>, asked: Retrieval): Promise<RetrievalRefusal | null> {
    const { job, accountId, limits } = asked;
    if (job.tier === 'Standard') {
      const { freeBytesPerMonth } = limits;
      const size = { sizeBytes: sizeOf(job.range), atMs: job.createdAtMs, freeBytesPerMonth };
      const policy = toRetrievalPolicy(await this.#policy.first([accountId], trx));
      if (!keepsPolicy(await standardLoad(trx, { ...asked, policy }), size)) return 'policy-enforced';
      await this.#count(trx, asked);
    }
    if (job.tier === 'Expedited' && limits.expeditedSlots !== null) {
      if (!hasCapacity(await expeditedLoad(trx, asked), limits.expeditedSlots)) return 'capacity-exhausted';
    }
    return null;
  }

  async #count(trx: Transaction<Tables>, { job, accountId }: Retrieval): Promise<void> {
    const sizeBytes = sizeOf(job.range);
    const day = dayOf(job.createdAtMs);
    const counted = await this.#countToDay.first([accountId, day, sizeBytes, sizeBytes], trx);
    // The first of its day.
    if (counted?.digits === String(sizeBytes)) await forgetOldDays(trx, { job, accountId });
  }
}

async function standardLoad(
  trx: Transaction<Tables>,
  { job, accountId, policy }: Retrieval & { policy: RetrievalPolicy },
): Promise<StandardLoad> {
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

/** Its parameters are the account, the day, and twice the size. It returns what the day has come to. */
const countToDayQuery = (db: Kysely<Tables>) =>
  db
    .insertInto('retrieval_days')
    .values({ account_id: '', day: '', size_bytes: 0 })
    .onConflict((conflict) =>
      conflict.columns(['account_id', 'day']).doUpdateSet((eb) => ({
        size_bytes: sql<number>`min(${eb.ref('retrieval_days.size_bytes')}, ${sql.raw(DAY_BYTES_MAX)}) + ${0}`,
      })),
    )
    .returning((eb) => asDigits(eb.ref('retrieval_days.size_bytes')).as('digits'));

/** Not at once, because a clock that is ahead for a moment must not make today free again. */
async function forgetOldDays(trx: Transaction<Tables>, { job, accountId }: Pick<Retrieval, 'job' | 'accountId'>) {
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
