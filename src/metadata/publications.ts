import { randomUUID } from 'node:crypto';
import type { Transaction } from 'kysely';
import type { Job } from '../model/jobs.ts';
import { END_EVENTS } from '../model/notices.ts';
import type { VaultName } from '../model/vaults.ts';
import { insertDelivery } from './delivery-rows.ts';
import { findConfiguration } from './notification-configurations.ts';
import { confirmedKeys } from './subscriptions.ts';
import type { Tables } from './tables.ts';

/** How the end of a job is told. */
export interface Announcement {
  /** The message. */
  message: (job: Job, vault: VaultName) => string;
  /** Whether it goes to an SNS endpoint, besides the subscriptions. */
  throughSns: boolean;
}

/**
 * Publishes the end of a job to its own topic and to its vault's; both get it when they are the same, as at Amazon. It is
 * part of the transaction that ends the job, so that neither happens without the other.
 */
export async function publishEnd(
  trx: Transaction<Tables>,
  { job, announcement, nowMs }: { job: Job; announcement: Announcement; nowMs: number },
): Promise<void> {
  const topics = await topicsOf(trx, job);
  if (topics.length === 0) return;
  const { accountId, name } = await trx
    .selectFrom('vaults')
    .select(['account_id as accountId', 'name'])
    .where('key', '=', job.vaultKey)
    .executeTakeFirstOrThrow();
  const message = announcement.message(job, { accountId, name });
  for (const topic of topics) {
    const receivers = [...(announcement.throughSns ? [null] : []), ...(await confirmedKeys(trx, topic))];
    const notification = { kind: 'notification' as const, topic, jobId: job.id, message, nowMs };
    await insertDelivery(trx, { ...notification, messageId: randomUUID() }, receivers);
  }
}

async function topicsOf(trx: Transaction<Tables>, { vaultKey, kind, snsTopic }: Job): Promise<string[]> {
  const configuration = await findConfiguration(trx, vaultKey);
  const told = configuration?.events.includes(END_EVENTS[kind]) === true ? [configuration.topic] : [];
  return snsTopic === null ? told : [snsTopic, ...told];
}
