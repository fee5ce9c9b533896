import { randomUUID } from 'node:crypto';
import type { Kysely, Transaction } from 'kysely';
import { renderJob } from '../model/job-document.ts';
import type { Job } from '../model/jobs.ts';
import { END_EVENTS } from '../model/notices.ts';
import { vaultArn } from '../model/vaults.ts';
import { type NewMessage, toDeliveryRow } from './delivery-rows.ts';
import { toJob } from './job-rows.ts';
import { prepareConfiguration, toConfiguration } from './notification-configurations.ts';
import { Prepared } from './prepared.ts';
import { prepareConfirmed } from './subscriptions.ts';
import type { Tables } from './tables.ts';

/** How the end of a job is told. */
export interface Announcement {
  /** Part of the name by which the message calls the vault. */
  region: string;
  /** Whether it goes to an SNS endpoint, besides the subscriptions. */
  throughSns: boolean;
}

/** What is known of a job that has just ended, enough to see whether anybody is told. */
export interface EndedRow {
  key: number;
  vaultKey: number;
  kind: Job['kind'];
  snsTopic: string | null;
}

interface Publication {
  ended: EndedRow;
  announcement: Announcement;
  nowMs: number;
}

/** Publishes within a transaction, and returns how many messages it has left. */
export type Publish = (trx: Transaction<Tables>, publication: Publication) => Promise<number>;

/**
 * Publishes the end of a job to its own topic and to its vault's; both get it when they are the same, as at Amazon. It is
 * part of the transaction that ends the job, so that neither happens without the other. The message shows the job as that
 * transaction leaves it, and is only made when somebody hears it.
 */
export function preparePublish(db: Kysely<Tables>): Publish {
  const topicsOf = prepareTopics(db);
  const documentOf = prepareDocument(db);
  const confirmed = prepareConfirmed(db);
  const insert = new Prepared(db, db.insertInto('deliveries').values(toDeliveryRow(STAND_IN, 0)));
  return async (trx, { ended, announcement, nowMs }) => {
    const heard: { topic: string; messageId: string; receiver: number | null }[] = [];
    for (const topic of await topicsOf(trx, ended)) {
      const messageId = randomUUID();
      if (announcement.throughSns) heard.push({ topic, messageId, receiver: null });
      for (const { key } of await confirmed.rows([topic], trx)) heard.push({ topic, messageId, receiver: key });
    }
    if (heard.length === 0) return 0;
    const document = await documentOf(trx, ended.key, announcement.region);
    for (const { topic, messageId, receiver } of heard) {
      const message = { ...document, kind: 'notification' as const, topic, messageId, nowMs };
      await insert.rows(Object.values(toDeliveryRow(message, receiver)), trx);
    }
    return heard.length;
  };
}

const STAND_IN: NewMessage = { messageId: '', kind: 'notification', topic: '', jobId: '', message: '', nowMs: 0 };

/** Who is named: by the job, and by its vault. */
function prepareTopics(db: Kysely<Tables>) {
  const configuration = prepareConfiguration(db);
  return async (trx: Transaction<Tables>, { vaultKey, kind, snsTopic }: EndedRow): Promise<string[]> => {
    const row = await configuration.first([vaultKey], trx);
    const own = snsTopic === null ? [] : [snsTopic];
    if (row === undefined) return own;
    const { events, topic } = toConfiguration(row);
    const event = END_EVENTS[kind];
    return event !== null && events.includes(event) ? [...own, topic] : own;
  };
}

/** The message about a job. */
function prepareDocument(db: Kysely<Tables>) {
  const query = new Prepared(
    db,
    db
      .selectFrom('jobs')
      .innerJoin('vaults', 'vaults.key', 'jobs.vault_key')
      .selectAll('jobs')
      .select(['vaults.account_id as accountId', 'vaults.name'])
      .where('jobs.key', '=', 0),
  );
  return async (trx: Transaction<Tables>, jobKey: number, region: string) => {
    const row = await query.first([jobKey], trx);
    if (row === undefined) throw new Error('a job that has just ended is not there');
    const message = JSON.stringify(renderJob(toJob(row), vaultArn({ region, ...row })));
    return { jobId: row.id, message };
  };
}
