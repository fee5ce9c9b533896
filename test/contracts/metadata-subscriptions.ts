import { describe, expect, test } from 'vitest';
import { newSubscription, newTopic, subscriptionAsked } from './metadata-deliveries.ts';
import { type MetadataUnderTest, present, T0 } from './metadata-fixtures.ts';

export function subscriptionContract(tested: () => MetadataUnderTest): void {
  const messagesTo = async (key: number) =>
    tested().rows(`select kind, topic, message, job_id from deliveries where subscription_key = ${key}`);

  describe('a subscription', () => {
    test('is asked for, and the receiver is asked whether it wants it', async () => {
      const { subscriptions } = tested().metadata;
      const topic = newTopic();
      const asked = subscriptionAsked(topic);
      expect(await subscriptions.create(asked)).toBe('created');
      const [subscription, ...more] = await subscriptions.list({ topic });
      expect(more).toEqual([]);
      const { arn, url, signatureVersion, createdAtMs } = asked;
      const key = present(subscription).key;
      expect(subscription).toEqual({ key, arn, topic, url, signatureVersion, createdAtMs, confirmedAtMs: null });
      expect(await messagesTo(key)).toEqual([
        { kind: 'confirmation', topic, message: asked.confirmation.message, job_id: null },
      ]);
    });

    test('is asked for once for each topic and URL', async () => {
      const { subscriptions } = tested().metadata;
      const topic = newTopic();
      await subscriptions.create(subscriptionAsked(topic));
      expect(await subscriptions.create(subscriptionAsked(topic))).toBe('known');
      expect(await subscriptions.create(subscriptionAsked(newTopic()))).toBe('created');
      expect(await subscriptions.create(subscriptionAsked(topic, 'https://other.example/'))).toBe('created');
      expect(await subscriptions.list({ topic })).toHaveLength(2);
    });

    test('is one of so many', async () => {
      const { subscriptions } = tested().metadata;
      const subscriptionsMax = (await subscriptions.list({ topic: null })).length + 1;
      const asked = () => ({ ...subscriptionAsked(newTopic()), subscriptionsMax });
      expect(await subscriptions.create(asked())).toBe('created');
      expect(await subscriptions.create(asked())).toBe('too-many');
      expect(await subscriptions.list({ topic: null })).toHaveLength(subscriptionsMax);
    });

    test('is confirmed by its own token in its own topic, and then not asked any more', async () => {
      const { subscriptions } = tested().metadata;
      const topic = newTopic();
      const [one, two] = ['https://one.example/', 'https://two.example/'].map((url) => subscriptionAsked(topic, url));
      for (const asked of [one, two]) await subscriptions.create(present(asked));
      const tokenDigest = two?.tokenDigest ?? '';
      expect(await subscriptions.confirm({ topic: newTopic(), tokenDigest, nowMs: T0 })).toBeUndefined();
      expect(await subscriptions.confirm({ topic, tokenDigest: 'x', nowMs: T0 })).toBeUndefined();
      const confirmed = await subscriptions.confirm({ topic, tokenDigest, nowMs: T0 + 5 });
      expect(confirmed).toMatchObject({ arn: two?.arn, confirmedAtMs: T0 + 5 });
      expect(await subscriptions.confirm({ topic, tokenDigest, nowMs: T0 + 9 })).toEqual(confirmed);
      const listed = await subscriptions.list({ topic });
      expect(listed.map(({ confirmedAtMs }) => confirmedAtMs)).toEqual([null, T0 + 5]);
      expect(await Promise.all(listed.map(async ({ key }) => (await messagesTo(key)).length))).toEqual([1, 0]);
    });

    test('ends with what is on its way to it', async () => {
      const { subscriptions } = tested().metadata;
      const topic = newTopic();
      const asked = subscriptionAsked(topic);
      await subscriptions.create(asked);
      const [subscription] = await subscriptions.list({ topic });
      expect(await subscriptions.delete(asked.arn)).toBe(true);
      expect(await subscriptions.delete(asked.arn)).toBe(false);
      expect(await subscriptions.list({ topic })).toEqual([]);
      expect(await messagesTo(present(subscription).key)).toEqual([]);
    });

    test('that nobody confirmed in time ends', async () => {
      const { metadata } = tested();
      const topic = newTopic();
      const confirmed = await newSubscription(metadata, topic, 'https://confirmed.example/');
      await metadata.subscriptions.create(subscriptionAsked(topic));
      await metadata.subscriptions.deleteUnconfirmed({ beforeMs: T0 });
      expect(await metadata.subscriptions.list({ topic })).toHaveLength(2);
      expect(await metadata.subscriptions.deleteUnconfirmed({ beforeMs: T0 + 1 })).toBeGreaterThanOrEqual(1);
      expect((await metadata.subscriptions.list({ topic })).map(({ key }) => key)).toEqual([confirmed]);
      expect(await metadata.subscriptions.deleteUnconfirmed({ beforeMs: T0 + 1 })).toBe(0);
    });
  });
}
