import { type AliasableExpression, type Kysely, sql, type Transaction } from 'kysely';
import { sizeOf } from '../model/byte-range.ts';
import { dayOf } from '../model/calendar.ts';
import type { ArchiveRetrieval, ArchiveSelect } from '../model/jobs.ts';
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
import {
  asDigits,
  type CountRunning,
  prepareCountRunning,
  prepareRunningBytes,
  type RunningBytesOf,
} from './running-bytes.ts';
import type { Tables } from './tables.ts';

/** More than any policy allows, and small enough that the largest archive can be added. */
const DAY_BYTES_MAX = String(2n ** 62n);

interface Retrieval<Request = ArchiveRetrieval | ArchiveSelect> {
  job: Request & { vaultKey: number; createdAtMs: number };
  /** The owner of the vault, whoever asks. */
  accountId: string;
  limits: RetrievalLimits;
}

/** Decides whether retrievals may start. */
export class RetrievalLoads {
  readonly #policy: Prepared<RetrievalPolicyRow>;
  readonly #countToDay: Prepared<{ digits: string | null }>;
  readonly #countRunning: CountRunning;
  readonly #runningBytes: RunningBytesOf;

  constructor(db: Kysely<Tables>) {
    this.#policy = new Prepared(db, retrievalPolicyQuery(db, ''));
    this.#countToDay = new Prepared(db, countToDayQuery(db));
    this.#countRunning = prepareCountRunning(db);
    this.#runningBytes = prepareRunningBytes(db);
  }

  /**
   * Within the transaction that starts the retrieval, so that many at once cannot all pass where only one may. A Standard one
   * that may is counted to its day, and as one that is running, whatever the policy: the account may set another one. Queries
   * give no archive away: the policy does not bind them; the capacity for Expedited jobs does.
   */
  async admit(trx: Transaction<Tables>, asked: Retrieval): Promise<RetrievalRefusal | null> {
    const { job, limits } = asked;
    if (job.kind === 'archive-retrieval' && job.tier === 'Standard') {
      if (!(await this.#admitStandard(trx, { ...asked, job }))) return 'policy-enforced';
    }
    const slots = limits.expeditedSlots;
    if (job.tier === 'Expedited' && slots !== null) {
      if (!hasCapacity(await expeditedLoad(trx, { ...asked, slots }), slots)) return 'capacity-exhausted';
    }
    return null;
  }

  async #admitStandard(trx: Transaction<Tables>, asked: Retrieval<ArchiveRetrieval>): Promise<boolean> {
    const { job, accountId, limits } = asked;
    const { freeBytesPerMonth } = limits;
    const size = { sizeBytes: sizeOf(job.range), atMs: job.createdAtMs, freeBytesPerMonth };
    const policy = toRetrievalPolicy(await this.#policy.first([accountId], trx));
    if (!keepsPolicy(await this.#standardLoad(trx, { ...asked, policy }), size)) return false;
    await this.#count(trx, asked);
    return true;
  }

  async #count(trx: Transaction<Tables>, { job, accountId }: Retrieval<ArchiveRetrieval>): Promise<void> {
    const sizeBytes = sizeOf(job.range);
    await this.#countRunning(trx, { vaultKey: job.vaultKey, sizeBytes });
    const day = dayOf(job.createdAtMs);
    const counted = await this.#countToDay.first([accountId, day, sizeBytes, sizeBytes], trx);
    // The first of its day.
    if (counted?.digits === String(sizeBytes)) await forgetOldDays(trx, { job, accountId });
  }

  async #standardLoad(
    trx: Transaction<Tables>,
    { job, accountId, policy }: Retrieval & { policy: RetrievalPolicy },
  ): Promise<StandardLoad> {
    if (policy.strategy === 'BytesPerHour') {
      return { ...policy, runningBytes: await this.#runningBytes(trx, accountId) };
    }
    if (policy.strategy === 'None') return policy;
    return { ...policy, dayBytes: await dayBytes(trx, { job, accountId }) };
  }
}

async function dayBytes(trx: Transaction<Tables>, { job, accountId }: Pick<Retrieval, 'job' | 'accountId'>) {
  const day = await trx
    .selectFrom('retrieval_days')
    .select((eb) => asDigits(eb.ref('size_bytes')).as('bytes'))
    .where('account_id', '=', accountId)
    .where('day', '=', dayOf(job.createdAtMs))
    .executeTakeFirst();
  return BigInt(day?.bytes ?? 0);
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

/** Counted no further than it makes a difference. */
async function expeditedLoad(
  trx: Transaction<Tables>,
  { job, accountId, slots }: Retrieval & { slots: number },
): Promise<ExpeditedLoad> {
  const running = await countOf(trx, runningExpedited(trx), slots);
  const nowMs = job.createdAtMs;
  const units = await countActiveUnits(trx, { accountId, nowMs });
  const promised = units * fixed.retrievalsPerCapacityUnit;
  const recent = await countOf(trx, recentExpedited(trx, { accountId, nowMs }), promised);
  return { running, units, recent };
}

/** In progress, by the index of these; it is found only where neither value is a parameter. */
const runningExpedited = (trx: Transaction<Tables>) =>
  trx
    .selectFrom('jobs')
    .select('jobs.vault_key as vaultKey')
    .where('jobs.status', '=', sql.lit('InProgress'))
    .where('jobs.tier', '=', sql.lit('Expedited'))
    .where('jobs.vault_key', 'not in', goingKeys(trx));

/** Jobs dated later than now, which a clock that was set back has left, say nothing about the last minutes. */
const recentExpedited = (trx: Transaction<Tables>, { accountId, nowMs }: { accountId: string; nowMs: number }) =>
  trx
    .selectFrom('vaults')
    .innerJoin('jobs', 'jobs.vault_key', 'vaults.key')
    .select('jobs.vault_key as vaultKey')
    .where('vaults.account_id', '=', accountId)
    .where('jobs.created_at', '>', nowMs - fixed.capacityPeriodMs)
    .where('jobs.created_at', '<=', nowMs)
    .where('jobs.tier', '=', sql.lit('Expedited'));

/** How many rows a query has, or `max` if it has more. */
async function countOf(
  trx: Transaction<Tables>,
  query: { limit(max: number): AliasableExpression<{ vaultKey: number }> },
  max: number,
): Promise<number> {
  const { count } = await trx
    .selectFrom(query.limit(max).as('counted'))
    .select((eb) => eb.fn.countAll<number>().as('count'))
    .executeTakeFirstOrThrow();
  return Number(count);
}
