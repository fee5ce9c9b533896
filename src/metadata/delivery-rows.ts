import type { Transaction } from 'kysely';
import type { Delivery, Subscription } from '../model/notices.ts';
import type { DeliveryRow, Tables } from './tables.ts';

/** A message to one or more receivers. */
export type NewMessage = Pick<Delivery, 'messageId' | 'kind' | 'topic' | 'jobId' | 'message'> & { nowMs: number };

/** Puts a message on its way to these subscriptions; null stands for the SNS endpoint. */
export async function insertDelivery(
  trx: Transaction<Tables>,
  { messageId, kind, topic, jobId, message, nowMs }: NewMessage,
  subscriptionKeys: readonly (number | null)[],
): Promise<void> {
  const columns = { message_id: messageId, kind, topic, job_id: jobId, message, created_at: nowMs, due_at: nowMs };
  const rows = subscriptionKeys.map((key) => ({ ...columns, subscription_key: key, lease_token: null, attempts: 0 }));
  if (rows.length > 0) await trx.insertInto('deliveries').values(rows).execute();
}

export function toDelivery(row: DeliveryRow, subscription: Subscription | null): Delivery {
  return {
    key: row.key,
    messageId: row.message_id,
    kind: row.kind,
    topic: row.topic,
    jobId: row.job_id,
    message: row.message,
    createdAtMs: row.created_at,
    attempts: row.attempts,
    subscription,
  };
}
