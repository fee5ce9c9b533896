import type { Transaction } from 'kysely';
import type { Delivery, Subscription } from '../model/notices.ts';
import type { DeliveryRow, Tables } from './tables.ts';

/** A message to one or more receivers. */
export type NewMessage = Pick<Delivery, 'messageId' | 'kind' | 'topic' | 'jobId' | 'message'> & { nowMs: number };

/** The row of a message on its way to one subscription. */
export const toDeliveryRow = (
  { messageId, kind, topic, jobId, message, nowMs }: NewMessage,
  subscriptionKey: number | null,
) => ({
  message_id: messageId,
  kind,
  topic,
  job_id: jobId,
  message,
  created_at: nowMs,
  due_at: nowMs,
  subscription_key: subscriptionKey,
  lease_token: null,
  attempts: 0,
});

/** Puts a message on its way to these subscriptions; null stands for the SNS endpoint. */
export async function insertDelivery(
  trx: Transaction<Tables>,
  message: NewMessage,
  subscriptionKeys: readonly (number | null)[],
): Promise<void> {
  const rows = subscriptionKeys.map((key) => toDeliveryRow(message, key));
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
