import type { Kysely, Transaction } from 'kysely';
import { limits } from '../model/limits.ts';
import type { Delivery, DeliveryLease, Subscription } from '../model/notices.ts';
import { toDelivery } from './delivery-rows.ts';
import { inTransaction } from './prepared.ts';
import { toSubscription } from './subscriptions.ts';
import type { Tables } from './tables.ts';

/** A receiver that messages wait for, and when the first of them should be tried. */
export interface WaitingReceiver {
  /** Null for the SNS endpoint. */
  subscriptionKey: number | null;
  dueAtMs: number;
}

/** Messages on their way. They are looked for receiver by receiver, so that those of a dead one cost the others nothing. */
export class DeliveryRecords {
  readonly #db: Kysely<Tables>;

  constructor(db: Kysely<Tables>) {
    this.#db = db;
  }

  /** Every receiver that a message waits for. */
  async receivers(): Promise<WaitingReceiver[]> {
    const subscribed = await this.#db
      .selectFrom('subscriptions')
      .select((eb) => [
        'subscriptions.key as subscriptionKey',
        eb
          .selectFrom('deliveries')
          .select('due_at')
          .whereRef('deliveries.subscription_key', '=', 'subscriptions.key')
          .orderBy('due_at')
          .limit(1)
          .as('dueAtMs'),
      ])
      .where('subscriptions.key', '>', 0)
      .execute();
    const endpoint = await this.#db
      .selectFrom('deliveries')
      .select('due_at as dueAtMs')
      .where('subscription_key', 'is', null)
      .orderBy('due_at')
      .limit(1)
      .execute();
    const all = [...subscribed, ...endpoint.map(({ dueAtMs }) => ({ subscriptionKey: null, dueAtMs }))];
    return all.flatMap(({ subscriptionKey, dueAtMs }) => (dueAtMs === null ? [] : [{ subscriptionKey, dueAtMs }]));
  }

  /**
   * Claims what is due for one receiver until `leaseUntilMs`, oldest first. A message about a job waits until the earlier
   * ones about the same job have left, but for one whose topic was refused: that only its own topic waits for. What a clock that was ahead has put off is due at once.
   */
  async claim(claim: {
    subscriptionKey: number | null;
    nowMs: number;
    leaseUntilMs: number;
    token: string;
    limit: number;
  }): Promise<Delivery[]> {
    return inTransaction(this.#db, async (trx) => {
      await trx
        .updateTable('deliveries')
        .set({ due_at: claim.nowMs })
        .where('subscription_key', claim.subscriptionKey === null ? 'is' : '=', claim.subscriptionKey)
        .where('due_at', '>', claim.nowMs + limits.deliveryAheadMs)
        .execute();
      const rows = await trx
        .updateTable('deliveries')
        .set((eb) => ({
          due_at: claim.leaseUntilMs,
          lease_token: claim.token,
          attempts: eb('attempts', '+', 1),
        }))
        .where('key', 'in', dueFor(trx, claim))
        .returningAll()
        .execute();
      if (rows.length === 0) return [];
      const subscription = claim.subscriptionKey === null ? null : await subscriptionOf(trx, claim.subscriptionKey);
      return rows.map((row) => toDelivery(row, subscription)).sort((a, b) => a.key - b.key);
    });
  }

  /** When the next message for a receiver becomes due, or the next lease of one ends, later than `afterMs`. */
  async nextDueAtMs(asked: { subscriptionKey: number | null; afterMs: number }): Promise<number | undefined> {
    const row = await this.#db
      .selectFrom('deliveries')
      .select('due_at')
      .where('subscription_key', asked.subscriptionKey === null ? 'is' : '=', asked.subscriptionKey)
      .where('due_at', '>', asked.afterMs)
      .orderBy('due_at')
      .limit(1)
      .executeTakeFirst();
    return row?.due_at;
  }

  /** How often a receiver was offered what waits for it, all messages together, or those of one topic. */
  async attempts(of: { subscriptionKey: number | null; topic: string | null }): Promise<number> {
    let query = this.#db
      .selectFrom('deliveries')
      .select((eb) => eb.fn.sum<number | null>('attempts').as('attempts'))
      .where('subscription_key', of.subscriptionKey === null ? 'is' : '=', of.subscriptionKey);
    if (of.topic !== null) query = query.where('topic', '=', of.topic);
    return Number((await query.executeTakeFirstOrThrow()).attempts ?? 0);
  }

  /** The message was taken, or is given up: it is forgotten. False when the lease was lost. */
  async end({ deliveryKey, token }: DeliveryLease): Promise<boolean> {
    const result = await this.#db
      .deleteFrom('deliveries')
      .where('key', '=', deliveryKey)
      .where('lease_token', '=', token)
      .executeTakeFirst();
    return result.numDeletedRows > 0n;
  }

  /**
   * Gives a message back, to be tried again at `dueAtMs`, with the later ones about the same job behind it. False when the
   * lease was lost.
   */
  async release({ lease, dueAtMs }: Release): Promise<boolean> {
    return inTransaction(this.#db, async (trx) => {
      const row = await releaseOne(trx, { lease, dueAtMs });
      if (row === undefined) return false;
      await trx
        .updateTable('deliveries')
        .set({ due_at: dueAtMs })
        .where('subscription_key', row.subscription_key === null ? 'is' : '=', row.subscription_key)
        .where('job_id', '=', row.job_id)
        .where('key', '>', row.key)
        .where('due_at', '<', dueAtMs)
        .execute();
      return true;
    });
  }

  /**
   * The same for a message that the SNS endpoint refuses because of its topic: whatever else waits for the topic, and
   * nothing else, waits with it, for as long as what was refused before.
   */
  async releaseTopic({ lease, dueAtMs }: Release): Promise<boolean> {
    return inTransaction(this.#db, async (trx) => {
      const row = await releaseOne(trx, { lease, dueAtMs });
      if (row === undefined) return false;
      await putOff(trx, { topic: row.topic, dueAtMs });
      return true;
    });
  }

  /** Ends every lease: the messages are due at once. For the start of the only process that can have leases. */
  async releaseAll(): Promise<void> {
    await this.#db
      .updateTable('deliveries')
      .set({ due_at: 0, lease_token: null })
      .where('lease_token', '>', '')
      .execute();
  }
}

interface Release {
  lease: DeliveryLease;
  dueAtMs: number;
}

/** Undefined when the lease was lost. */
const releaseOne = (trx: Transaction<Tables>, { lease, dueAtMs }: Release) =>
  trx
    .updateTable('deliveries')
    .set({ due_at: dueAtMs, lease_token: null })
    .where('key', '=', lease.deliveryKey)
    .where('lease_token', '=', lease.token)
    .returning(['key', 'subscription_key', 'job_id', 'topic'])
    .executeTakeFirst();

/** At most so many at once that nobody waits for the write; the next refusals put off the rest. */
async function putOff(trx: Transaction<Tables>, { topic, dueAtMs }: { topic: string; dueAtMs: number }): Promise<void> {
  const waiting = trx
    .selectFrom('deliveries')
    .where('subscription_key', 'is', null)
    .where('topic', '=', topic)
    .where('lease_token', 'is', null);
  const last = await waiting.select('due_at').orderBy('due_at', 'desc').limit(1).executeTakeFirst();
  const untilMs = Math.max(dueAtMs, last?.due_at ?? 0);
  const early = waiting.select('key').where('due_at', '<', untilMs).orderBy('due_at').limit(limits.deliveriesPutOffMax);
  await trx.updateTable('deliveries').set({ due_at: untilMs }).where('key', 'in', early).execute();
}

function dueFor(
  trx: Transaction<Tables>,
  { subscriptionKey, nowMs, limit }: { subscriptionKey: number | null; nowMs: number; limit: number },
) {
  const same = subscriptionKey === null ? 'is' : '=';
  return trx
    .selectFrom('deliveries as waiting')
    .select('waiting.key')
    .where('waiting.subscription_key', same, subscriptionKey)
    .where('waiting.due_at', '<=', nowMs)
    .where(({ not, exists, selectFrom }) =>
      not(
        exists(
          selectFrom('deliveries as earlier')
            .select('earlier.key')
            .where('earlier.subscription_key', same, subscriptionKey)
            .whereRef('earlier.job_id', '=', 'waiting.job_id')
            .whereRef('earlier.key', '<', 'waiting.key')
            .where((earlier) =>
              earlier.or([
                earlier('earlier.topic', '=', earlier.ref('waiting.topic')),
                earlier('earlier.due_at', '<=', nowMs),
                earlier('earlier.lease_token', 'is not', null),
              ]),
            ),
        ),
      ),
    )
    .orderBy('waiting.due_at')
    .orderBy('waiting.key')
    .limit(limit);
}

async function subscriptionOf(trx: Transaction<Tables>, key: number): Promise<Subscription> {
  const row = await trx.selectFrom('subscriptions').selectAll().where('key', '=', key).executeTakeFirstOrThrow();
  return toSubscription(row);
}
