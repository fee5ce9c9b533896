import { randomUUID } from 'node:crypto';
import { afterEach, describe, expect, test } from 'vitest';
import type { JobEnd } from '../../src/metadata/job-queue.ts';
import type { Metadata } from '../../src/metadata/metadata.ts';
import type { NewSubscription } from '../../src/metadata/subscriptions.ts';
import type { Job } from '../../src/model/jobs.ts';
import { limits, MINUTE_MS } from '../../src/model/limits.ts';
import {
  archiveJob,
  inventoryJob,
  jobEnd,
  type MetadataUnderTest,
  newArchive,
  newVault,
  present,
  T0,
} from './metadata-fixtures.ts';

export const newTopic = (): string => `arn:aws:sns:us-east-1:111122223333:${randomUUID()}`;

export const subscriptionAsked = (topic: string, url = 'https://receiver.example/'): NewSubscription => ({
  arn: `${topic}:${randomUUID()}`,
  topic,
  url,
  signatureVersion: '1',
  createdAtMs: T0,
  tokenDigest: `digest of ${url}`,
  confirmation: { messageId: randomUUID(), message: 'Do you want it?' },
  subscriptionsMax: Number.POSITIVE_INFINITY,
});

/** A confirmed subscription; returns its key. */
export async function newSubscription(metadata: Metadata, topic: string, url?: string): Promise<number> {
  const asked = subscriptionAsked(topic, url);
  await metadata.subscriptions.create(asked);
  const { tokenDigest } = asked;
  return present(await metadata.subscriptions.confirm({ topic, tokenDigest, nowMs: T0 + 1 })).key;
}

export function deliveryContract(tested: () => MetadataUnderTest): void {
  const { claim, endJob, startJob, leave, receiverOf } = actions(tested);
  // Nothing may be left for the SNS endpoint, which all tests share.
  afterEach(leave);

  describe('the end of a job', () => {
    test('is told to the topic of the job: to the endpoint and to who confirmed a subscription', async () => {
      const { metadata } = tested();
      const topic = newTopic();
      const confirmed = await newSubscription(metadata, topic, 'https://one.example/');
      await metadata.subscriptions.create(subscriptionAsked(topic, 'https://two.example/'));
      await newSubscription(metadata, newTopic());
      const job = await startJob({ snsTopic: topic });
      await endJob(job);
      const [toEndpoint, ...more] = await claim(null);
      const told = { kind: 'notification', topic, jobId: job.id, createdAtMs: T0, attempts: 1 };
      expect(more).toEqual([]);
      expect(toEndpoint).toMatchObject({ ...told, subscription: null });
      const [toWebhook] = await claim(confirmed);
      expect(toWebhook).toMatchObject({
        ...told,
        messageId: toEndpoint?.messageId,
        subscription: {
          key: confirmed,
          topic,
          url: 'https://one.example/',
          signatureVersion: '1',
          confirmedAtMs: T0 + 1,
        },
      });
      expect((await tested().rows("select count(*) as n from deliveries where kind = 'notification'"))[0]?.n).toBe(2);
    });

    test('is told as it is written, with the vault', async () => {
      const { metadata } = tested();
      const job = await startJob({ snsTopic: newTopic() });
      const announcement = { region: 'eu-north-1', throughSns: true };
      await endJob(job, { status: 'Failed', statusMessage: 'why', announcement });
      const vault = present(await metadata.vaults.findByKey(job.vaultKey));
      expect(JSON.parse(present((await claim(null))[0]).message)).toMatchObject({
        JobId: job.id,
        StatusCode: 'Failed',
        StatusMessage: 'why',
        CompletionDate: new Date(T0).toISOString(),
        VaultARN: `arn:aws:glacier:eu-north-1:${vault.accountId}:vaults/${vault.name}`,
      });
    });

    test.each([
      ['archive-retrieval', 'ArchiveRetrievalCompleted', 'InventoryRetrievalCompleted'],
      ['inventory-retrieval', 'InventoryRetrievalCompleted', 'ArchiveRetrievalCompleted'],
    ] as const)('of kind %s is told to the topic of the vault for %s, not for %s', async (kind, own, other) => {
      const { metadata } = tested();
      const topic = newTopic();
      for (const [event, expected] of [
        [own, 1],
        [other, 0],
      ] as const) {
        const job = await startJob({ kind, snsTopic: null });
        await metadata.notificationConfigurations.set({ vaultKey: job.vaultKey, topic, events: [event] });
        await endJob(job);
        expect(await claim(null)).toHaveLength(expected);
      }
    });

    test('is told to both topics, first to that of the job, and twice to one that is both', async () => {
      const { metadata } = tested();
      const [own, ofVault] = [newTopic(), newTopic()];
      for (const snsTopic of [own, ofVault]) {
        const job = await startJob({ snsTopic });
        const events = ['InventoryRetrievalCompleted'] as const;
        await metadata.notificationConfigurations.set({ vaultKey: job.vaultKey, topic: ofVault, events });
        await endJob(job);
        const rows = await tested().rows('select topic, message_id from deliveries order by key');
        expect(rows.map(({ topic }) => topic)).toEqual([snsTopic, ofVault]);
        expect(new Set(rows.map(({ message_id: id }) => id)).size).toBe(2);
        await leave();
      }
    });

    test('is told to nobody when nobody is named, when the lease was lost, or when there is no endpoint', async () => {
      await endJob(await startJob({ snsTopic: null }));
      const job = await startJob({ snsTopic: newTopic() });
      expect(await tested().metadata.jobQueue.end(jobEnd({ jobKey: 0, token: 'lost' }))).toBeUndefined();
      expect(await claim(null)).toEqual([]);
      await endJob(job, { announcement: { region: 'x', throughSns: false } });
      expect(await claim(null)).toEqual([]);
    });

    test('is not written when its message cannot be', async () => {
      const { metadata } = tested();
      const job = await startJob({ snsTopic: newTopic() });
      await tested().change(`create trigger refuse before insert on deliveries begin select raise(abort, 'full'); end`);
      await expect(endJob(job)).rejects.toThrow('full');
      await tested().change('drop trigger refuse');
      expect(await metadata.jobs.find(job)).toMatchObject({ status: 'InProgress' });
      await endJob(job);
      await leave();
    });
  });

  describe('a message', () => {
    test('is claimed once, and again when its lease is over', async () => {
      await endJob(await startJob({ snsTopic: newTopic() }));
      expect(await claim(null, { nowMs: T0 - 1 })).toEqual([]);
      const [first] = await claim(null);
      expect(await claim(null, { nowMs: T0 + MINUTE_MS - 1 })).toEqual([]);
      const [second] = await claim(null, { nowMs: T0 + MINUTE_MS, token: 'second' });
      expect(second).toEqual({ ...first, attempts: 2 });
      const { deliveries } = tested().metadata;
      const deliveryKey = present(first).key;
      const lost = { deliveryKey, token: 'first' };
      expect(await deliveries.end(lost)).toBe(false);
      expect(await deliveries.release({ lease: lost, dueAtMs: 0 })).toBe(false);
      expect(await deliveries.end({ deliveryKey, token: 'second' })).toBe(true);
      expect(await receiverOf(null)).toBeUndefined();
    });

    test('waits until it is due again, and the later ones of its job with it', async () => {
      const { metadata } = tested();
      const topic = newTopic();
      const job = await startJob({ snsTopic: topic });
      const events = ['InventoryRetrievalCompleted'] as const;
      await metadata.notificationConfigurations.set({ vaultKey: job.vaultKey, topic, events });
      await endJob(job);
      await endJob(await startJob({ snsTopic: topic }));
      const claimed = await claim(null);
      expect(claimed).toHaveLength(2);
      const [first, other] = claimed.map(present);
      expect([first?.jobId, other?.jobId === job.id]).toEqual([job.id, false]);
      const lease = { deliveryKey: present(first).key, token: 'first' };
      expect(await metadata.deliveries.release({ lease, dueAtMs: T0 + 500 })).toBe(true);
      expect(await metadata.deliveries.end({ deliveryKey: present(other).key, token: 'first' })).toBe(true);
      expect(await receiverOf(null)).toEqual({ subscriptionKey: null, dueAtMs: T0 + 500 });
      expect(await claim(null, { nowMs: T0 + 499 })).toEqual([]);
      expect(await claim(null, { nowMs: T0 + 500, token: 'again' })).toMatchObject([{ key: first?.key, attempts: 2 }]);
      await metadata.deliveries.end({ ...lease, token: 'again' });
      const [second] = await claim(null, { nowMs: T0 + 500 });
      expect(second).toMatchObject({ jobId: job.id, attempts: 1 });
      expect(second?.key).toBeGreaterThan(lease.deliveryKey);
    });

    test('to one receiver does not wait for those to another', async () => {
      const { metadata } = tested();
      const topic = newTopic();
      const [one, two] = [await newSubscription(metadata, topic, 'one'), await newSubscription(metadata, topic, 'two')];
      const job = await startJob({ snsTopic: topic });
      const events = ['InventoryRetrievalCompleted'] as const;
      await metadata.notificationConfigurations.set({ vaultKey: job.vaultKey, topic, events });
      await endJob(job);
      for (const receiver of [one, two]) {
        const [first, ...more] = await claim(receiver);
        expect(more).toEqual([]);
        await metadata.deliveries.end({ deliveryKey: present(first).key, token: 'first' });
        expect(await claim(receiver)).toHaveLength(1);
      }
    });

    test('about a job waits for the one to another topic, unless that topic is refused', async () => {
      const { deliveries, notificationConfigurations } = tested().metadata;
      const [own, ofVault] = [newTopic(), newTopic()];
      const job = await startJob({ snsTopic: own });
      const events = ['InventoryRetrievalCompleted'] as const;
      await notificationConfigurations.set({ vaultKey: job.vaultKey, topic: ofVault, events });
      await endJob(job);
      const [first, ...more] = await claim(null);
      expect([first?.topic, more]).toEqual([own, []]);
      expect(await claim(null)).toEqual([]);
      const lease = { deliveryKey: present(first).key, token: 'first' };
      await deliveries.release({ lease, dueAtMs: T0 + 500 });
      expect(await claim(null, { nowMs: T0 + 499 })).toEqual([]);
      expect(await claim(null, { nowMs: T0 + 500 })).toMatchObject([{ topic: own }]);
      await deliveries.releaseTopic({ lease, dueAtMs: T0 + 900 });
      expect(await claim(null, { nowMs: T0 + 500 })).toMatchObject([{ topic: ofVault }]);
    });

    test('that is refused for its topic is put off with all others to the topic, for the longest of their waits', async () => {
      const { deliveries } = tested().metadata;
      const [bad, good] = [newTopic(), newTopic()];
      for (const snsTopic of [bad, bad, bad, good]) await endJob(await startJob({ snsTopic }));
      const [first, second] = await claim(null, { limit: 2 });
      const leaseOf = (delivery: typeof first) => ({ deliveryKey: present(delivery).key, token: 'first' });
      expect(await deliveries.releaseTopic({ lease: leaseOf(first), dueAtMs: T0 + 500 })).toBe(true);
      expect(await deliveries.releaseTopic({ lease: leaseOf(first), dueAtMs: T0 + 900 })).toBe(false);
      expect(await deliveries.releaseTopic({ lease: leaseOf(second), dueAtMs: T0 + 100 })).toBe(true);
      expect(await claim(null, { nowMs: T0 + 499 })).toMatchObject([{ topic: good }]);
      expect(await deliveries.nextDueAtMs({ subscriptionKey: null, afterMs: T0 })).toBe(T0 + 500);
      expect(await deliveries.nextDueAtMs({ subscriptionKey: null, afterMs: T0 + MINUTE_MS })).toBeUndefined();
      expect(await deliveries.attempts({ subscriptionKey: null, topic: bad })).toBe(2);
      expect(await deliveries.attempts({ subscriptionKey: null, topic: null })).toBe(3);
      expect(await deliveries.attempts({ subscriptionKey: 0, topic: null })).toBe(0);
      expect(await claim(null, { nowMs: T0 + 500, token: 'again' })).toHaveLength(3);
    });

    test('that a clock ahead of its time has put off is due', async () => {
      await endJob(await startJob({ snsTopic: newTopic() }), { nowMs: T0 + limits.deliveryAheadMs });
      expect(await claim(null, { nowMs: T0 })).toEqual([]);
      expect(await claim(null, { nowMs: T0 - 1 })).toHaveLength(1);
    });

    test('is claimed as many at a time as are wanted, oldest first', async () => {
      const topic = newTopic();
      for (let index = 0; index < 3; index += 1) {
        await endJob(await startJob({ snsTopic: topic }), { nowMs: T0 + 2 - index });
      }
      expect((await claim(null, { limit: 2, nowMs: T0 + 5 })).map(({ createdAtMs }) => createdAtMs).sort()).toEqual([
        T0,
        T0 + 1,
      ]);
      expect(await claim(null, { limit: 2, nowMs: T0 + 5 })).toHaveLength(1);
    });

    test('of a process that is gone is due at once, one that waits is not', async () => {
      const topic = newTopic();
      await endJob(await startJob({ snsTopic: topic }));
      await claim(null);
      await endJob(await startJob({ snsTopic: topic }), { nowMs: T0 + 100 });
      await tested().metadata.deliveries.releaseAll();
      expect(await claim(null, { nowMs: T0 + 50 })).toMatchObject([{ attempts: 2 }]);
      expect(await claim(null, { nowMs: T0 + 100 })).toMatchObject([{ attempts: 1 }]);
    });
  });
}

/** What the tests do again and again. */
function actions(tested: () => MetadataUnderTest) {
  return {
    claim: (subscriptionKey: number | null, { nowMs = T0 + 10, token = 'first', limit = 100 } = {}) => {
      const leaseUntilMs = T0 + MINUTE_MS;
      return tested().metadata.deliveries.claim({ subscriptionKey, nowMs, leaseUntilMs, token, limit });
    },
    receiverOf: async (key: number | null) =>
      (await tested().metadata.deliveries.receivers()).find(({ subscriptionKey }) => subscriptionKey === key),
    async startJob(asked: { snsTopic: string | null; kind?: Job['kind'] }): Promise<Job> {
      const { metadata } = tested();
      const { key: vaultKey } = await newVault(metadata);
      const archive = await newArchive(metadata, { vaultKey });
      const job = asked.kind === 'archive-retrieval' ? archiveJob({ vaultKey, archive }) : inventoryJob({ vaultKey });
      await metadata.jobs.create({ ...job, snsTopic: asked.snsTopic });
      return present(await metadata.jobs.find({ vaultKey, id: job.id }));
    },
    async endJob(job: Job, differences: Partial<JobEnd> = {}): Promise<void> {
      const { metadata } = tested();
      await metadata.jobQueue.claimDue({ nowMs: T0, leaseUntilMs: T0, token: 'end', limit: 1000 });
      const lease = { jobKey: job.key, token: 'end' };
      await metadata.jobQueue.end({ ...jobEnd(lease), ...differences });
    },
    async leave(): Promise<void> {
      const { deliveries } = tested().metadata;
      const nowMs = Number.MAX_SAFE_INTEGER;
      for (const { subscriptionKey } of await deliveries.receivers()) {
        for (;;) {
          const claim = { subscriptionKey, nowMs, leaseUntilMs: nowMs, token: 'left', limit: 100 };
          const left = await deliveries.claim(claim);
          for (const { key } of left) await deliveries.end({ deliveryKey: key, token: 'left' });
          if (left.length === 0) break;
        }
      }
    },
  };
}
