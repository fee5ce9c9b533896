import type { Kysely, Transaction } from 'kysely';
import type { Subscription } from '../model/notices.ts';
import { safeEqual } from '../sigv4/safe-equal.ts';
import { insertDelivery } from './delivery-rows.ts';
import { inTransaction, Prepared } from './prepared.ts';
import type { SubscriptionRow, Tables } from './tables.ts';

/** A subscription as it is asked for. */
export type NewSubscription = Omit<Subscription, 'key' | 'confirmedAtMs'> & {
  tokenDigest: string;
  /** The message that asks the receiver whether it wants the subscription. */
  confirmation: { messageId: string; message: string };
  subscriptionsMax: number;
};

export class SubscriptionRecords {
  readonly #db: Kysely<Tables>;

  constructor(db: Kysely<Tables>) {
    this.#db = db;
  }

  /** Adds a subscription that awaits its confirmation, and the message that asks for it. */
  async create(asked: NewSubscription): Promise<'created' | 'known' | 'too-many'> {
    return inTransaction(this.#db, async (trx) => {
      const all = await trx.selectFrom('subscriptions').select(['topic', 'url']).where('key', '>', 0).execute();
      if (all.some(({ topic, url }) => topic === asked.topic && url === asked.url)) return 'known';
      if (all.length >= asked.subscriptionsMax) return 'too-many';
      const { key } = await trx
        .insertInto('subscriptions')
        .values(toNewRow(asked))
        .returning('key')
        .executeTakeFirstOrThrow();
      const { topic, createdAtMs: nowMs, confirmation } = asked;
      await insertDelivery(trx, { kind: 'confirmation', topic, jobId: null, nowMs, ...confirmation }, [key]);
      return 'created';
    });
  }

  /**
   * Confirms the subscription of a topic whose token has this digest, and drops the question. One that was
   * confirmed before stays as it is. Undefined when no token is right.
   */
  async confirm(confirmation: {
    topic: string;
    tokenDigest: string;
    nowMs: number;
  }): Promise<Subscription | undefined> {
    return inTransaction(this.#db, async (trx) => {
      const rows = await trx.selectFrom('subscriptions').selectAll().where('topic', '=', confirmation.topic).execute();
      const row = rows.find(({ token_digest: digest }) => safeEqual(digest, confirmation.tokenDigest));
      if (row === undefined) return undefined;
      if (row.confirmed_at !== null) return toSubscription(row);
      const confirmed = { confirmed_at: confirmation.nowMs };
      await trx.updateTable('subscriptions').set(confirmed).where('key', '=', row.key).execute();
      await trx
        .deleteFrom('deliveries')
        .where('subscription_key', '=', row.key)
        .where('kind', '=', 'confirmation')
        .execute();
      return toSubscription({ ...row, ...confirmed });
    });
  }

  /** All of them, or those of a topic, oldest first. */
  async list({ topic }: { topic: string | null }): Promise<Subscription[]> {
    let query = this.#db.selectFrom('subscriptions').selectAll().where('key', '>', 0).orderBy('key');
    if (topic !== null) query = query.where('topic', '=', topic);
    return (await query.execute()).map(toSubscription);
  }

  /** Ends a subscription, with what is on its way to it; false when there is none. */
  async delete(arn: string): Promise<boolean> {
    return inTransaction(this.#db, async (trx) => {
      const row = await trx.selectFrom('subscriptions').select('key').where('arn', '=', arn).executeTakeFirst();
      if (row !== undefined) await deleteAll(trx, [row.key]);
      return row !== undefined;
    });
  }

  /** Ends those that were asked for before `beforeMs` and never confirmed; returns how many. */
  async deleteUnconfirmed({ beforeMs }: { beforeMs: number }): Promise<number> {
    return inTransaction(this.#db, async (trx) => {
      const rows = await trx
        .selectFrom('subscriptions')
        .select('key')
        .where('key', '>', 0)
        .where('confirmed_at', 'is', null)
        .where('created_at', '<', beforeMs)
        .execute();
      if (rows.length > 0) {
        await deleteAll(
          trx,
          rows.map(({ key }) => key),
        );
      }
      return rows.length;
    });
  }
}

/** Finds the subscriptions that hear what is published to a topic. */
export const prepareConfirmed = (db: Kysely<Tables>) =>
  new Prepared(
    db,
    db.selectFrom('subscriptions').select('key').where('topic', '=', '').where('confirmed_at', 'is not', null),
  );

async function deleteAll(trx: Transaction<Tables>, keys: readonly number[]): Promise<void> {
  await trx.deleteFrom('deliveries').where('subscription_key', 'in', keys).execute();
  await trx.deleteFrom('subscriptions').where('key', 'in', keys).execute();
}

function toNewRow(asked: NewSubscription) {
  return {
    arn: asked.arn,
    topic: asked.topic,
    url: asked.url,
    signature_version: asked.signatureVersion,
    token_digest: asked.tokenDigest,
    created_at: asked.createdAtMs,
    confirmed_at: null,
  };
}

export function toSubscription(row: SubscriptionRow): Subscription {
  return {
    key: row.key,
    arn: row.arn,
    topic: row.topic,
    url: row.url,
    signatureVersion: row.signature_version,
    createdAtMs: row.created_at,
    confirmedAtMs: row.confirmed_at,
  };
}
