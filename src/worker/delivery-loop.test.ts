import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { T0, type TestArrangement, testArrangement, VAULT } from '../../test/support/arrangement.ts';
import { TOPIC } from '../../test/support/deliveries.ts';
import {
  hang,
  refuse,
  subscribeTo,
  type TestNotifier,
  tellOf,
  testNotifier,
  withLoopOf,
} from '../../test/support/outbox.ts';
import { DAY_MS, limits, MINUTE_MS, SECOND_MS } from '../model/limits.ts';

let arrangement: TestArrangement;
beforeEach(async () => {
  arrangement = await testArrangement();
});
afterEach(() => arrangement[Symbol.asyncDispose]());

const withLoop = (
  notifiers: { sns?: TestNotifier; webhook?: TestNotifier },
  during: Parameters<typeof withLoopOf>[2],
) => withLoopOf(arrangement, notifiers, during);
const tell = (count = 1) => tellOf(arrangement, { count });
const subscribe = (url: string) => subscribeTo(arrangement, url);
const soon = (check: () => void | Promise<void>) => vi.waitFor(check, { interval: 2, timeout: 4000 });
const waiting = async () => (await arrangement.given.metadata.deliveries.receivers()).length;
describe('the delivery loop', () => {
  test('brings each message to its receiver and forgets it', async () => {
    await subscribe('http://one.example/');
    const [id] = await tell();
    const [sns, webhook] = [testNotifier(), testNotifier()];
    const said = await withLoop({ sns, webhook }, async () => soon(async () => expect(await waiting()).toBe(0)));
    expect(said).toEqual([]);
    expect(sns.took).toMatchObject([{ jobId: id, topic: TOPIC, subscription: null, kind: 'notification' }]);
    expect(webhook.took).toMatchObject([{ jobId: id, subscription: { url: 'http://one.example/' } }]);
    expect(webhook.took[0]?.messageId).toBe(sns.took[0]?.messageId);
    expect(JSON.parse(sns.took[0]?.message ?? '')).toMatchObject({ JobId: id, StatusCode: 'Failed', SNSTopic: TOPIC });
  });

  test('sees a message that comes while it rests', async () => {
    const sns = testNotifier();
    await withLoop({ sns }, async (loop) => {
      await new Promise((resolve) => setTimeout(resolve, 20));
      await tell();
      loop.nudge();
      await soon(() => expect(sns.took).toHaveLength(1));
    });
  });

  test('does not ask again and again while nothing is due', async () => {
    const sns = testNotifier();
    sns.answer = refuse;
    await tell(3);
    const asked = vi.spyOn(arrangement.given.metadata.deliveries, 'receivers');
    await withLoop({ sns }, async () => {
      await soon(() => expect(sns.tried).toHaveLength(1));
      await new Promise((resolve) => setTimeout(resolve, 50));
    });
    expect(asked.mock.calls.length).toBeLessThanOrEqual(3);
  });

  test('F-31 loses nothing to an outage of five minutes, and keeps the id and the order of each job', async () => {
    const sns = testNotifier();
    sns.answer = refuse;
    // Both topics are the same, so that each job has two messages for one receiver.
    await arrangement.core.notificationConfigurations.set({
      vault: VAULT,
      configuration: { topic: TOPIC, events: ['InventoryRetrievalCompleted'] },
    });
    const ids: string[] = [];
    const said = await withLoop({ sns }, async (loop) => {
      for (let minute = 0; minute < 5; minute += 1) {
        ids.push(...(await tell(4)));
        for (let step = 0; step < 12; step += 1) {
          arrangement.clock.atMs += 5 * SECOND_MS;
          loop.nudge();
          await new Promise((resolve) => setTimeout(resolve, 4));
        }
      }
      expect(sns.took).toEqual([]);
      expect(sns.tried.length).toBeGreaterThan(5);
      sns.answer = () => Promise.resolve();
      await soon(async () => {
        arrangement.clock.atMs += 30 * SECOND_MS;
        loop.nudge();
        expect(await waiting()).toBe(0);
      });
    });
    expect(sns.took).toHaveLength(40);
    for (const id of ids) {
      const messages = sns.took.filter(({ jobId }) => jobId === id);
      expect(messages.map(({ key }) => key)).toEqual(messages.map(({ key }) => key).sort((a, b) => a - b));
      expect(new Set(messages.map(({ messageId }) => messageId)).size).toBe(2);
      const tried = sns.tried.filter(({ jobId }) => jobId === id);
      expect(new Set(tried.map(({ messageId }) => messageId)).size).toBe(2);
    }
    expect(new Set(said)).toEqual(new Set(['a message was not taken; it is tried again']));
  });

  test('F-31 is not held up by receivers that hang', async () => {
    for (let index = 0; index < 10; index += 1) await subscribe(`http://hangs.example/${index}`);
    const well = await subscribe('http://well.example/');
    await tell(20);
    const [sns, webhook] = [testNotifier(), testNotifier()];
    sns.answer = hang;
    let running = 0;
    let most = 0;
    webhook.answer = async (delivery, signal) => {
      if (delivery.subscription?.key === well) return;
      running += 1;
      most = Math.max(most, running);
      await hang(delivery, signal);
    };
    await withLoop({ sns, webhook }, () => soon(() => expect(webhook.took).toHaveLength(20)));
    // One to each, as long as they have taken none.
    expect(most).toBe(10);
    expect(sns.tried).toHaveLength(1);
  });

  test('F-31 has no more on their way than it may', async () => {
    for (let index = 0; index < 25; index += 1) await subscribe(`http://hangs.example/${index}`);
    await tell(8);
    const webhook = testNotifier();
    const had = new Set<number | undefined>();
    // Each takes one, and hangs from then on.
    webhook.answer = async (delivery, signal) => {
      const key = delivery.subscription?.key;
      if (had.has(key)) await hang(delivery, signal);
      had.add(key);
    };
    await withLoop({ webhook }, async () => {
      const onTheirWay = () => webhook.tried.length - webhook.took.length;
      const most = 25 + limits.deliveriesBesideMax;
      await soon(() => expect(onTheirWay()).toBe(most));
      await new Promise((resolve) => setTimeout(resolve, 30));
      expect(onTheirWay()).toBe(most);
    });
  });

  test('leaves a receiver that was away alone for a while, whatever else waits for it', async () => {
    const sns = testNotifier();
    sns.answer = refuse;
    await withLoop({ sns }, async (loop) => {
      await tell();
      loop.nudge();
      await soon(() => expect(sns.tried).toHaveLength(1));
      await tell();
      loop.nudge();
      await new Promise((resolve) => setTimeout(resolve, 20));
      expect(sns.tried).toHaveLength(1);
      sns.answer = () => Promise.resolve();
      arrangement.clock.atMs += SECOND_MS;
      loop.nudge();
      await soon(() => expect(sns.took).toHaveLength(2));
    });
  });

  test('gives a message up after two weeks, says so, and goes on with the next', async () => {
    const sns = testNotifier();
    sns.answer = refuse;
    const { deliveries } = arrangement.given.metadata;
    vi.spyOn(deliveries, 'attempts').mockResolvedValueOnce(limits.deliveryAttemptsMin);
    const [first] = await tell();
    arrangement.clock.atMs += limits.deliveryKeepMs;
    const [second] = await tell();
    const said = await withLoop({ sns }, async (loop) => {
      await soon(() => expect(sns.tried).toHaveLength(1));
      sns.answer = () => Promise.resolve();
      await soon(async () => {
        arrangement.clock.atMs += MINUTE_MS;
        loop.nudge();
        expect(await waiting()).toBe(0);
      });
    });
    expect(said.filter((text) => text === 'a message was given up')).toHaveLength(1);
    expect(sns.took.map(({ jobId }) => jobId)).toEqual([second]);
    expect(sns.tried.map(({ jobId }) => jobId)).toContain(first);
    expect(arrangement.clock.atMs).toBeGreaterThan(T0 + 14 * DAY_MS);
  });

  test('stops without waiting for receivers that hang, and delivers at the next start', async () => {
    const sns = testNotifier();
    sns.answer = hang;
    const [id] = await tell();
    const startedAt = performance.now();
    const said = await withLoop({ sns }, () => soon(() => expect(sns.tried).toHaveLength(1)));
    expect(performance.now() - startedAt).toBeLessThan(limits.deliveryStopMs + 3000);
    expect(said).toEqual([]);
    sns.answer = () => Promise.resolve();
    await withLoop({ sns }, () => soon(() => expect(sns.took).toMatchObject([{ jobId: id, attempts: 2 }])));
  });

  test('F-31 delivers again what a killed process had on its way', async () => {
    const token = 'of the process that is gone';
    const [id] = await tell();
    const { deliveries } = arrangement.given.metadata;
    const nowMs = arrangement.clock.atMs;
    await deliveries.claim({ subscriptionKey: null, nowMs, leaseUntilMs: nowMs + MINUTE_MS, token, limit: 4 });
    await arrangement.restart();
    const sns = testNotifier();
    await withLoop({ sns }, () => soon(() => expect(sns.took).toMatchObject([{ jobId: id }])));
  });

  test('goes on after a failure of the metadata', async () => {
    await tell();
    const sns = testNotifier();
    vi.spyOn(arrangement.given.metadata.deliveries, 'receivers').mockRejectedValueOnce(new Error('busy'));
    const said = await withLoop({ sns }, async (loop) => {
      await new Promise((resolve) => setTimeout(resolve, 10));
      loop.nudge();
      await soon(() => expect(sns.took).toHaveLength(1));
    });
    expect(said).toEqual(['the delivery loop failed; it goes on']);
  });

  test('tries again what became of a message when that could not be written', async () => {
    await tell();
    const sns = testNotifier();
    vi.spyOn(arrangement.given.metadata.deliveries, 'end').mockRejectedValueOnce(new Error('busy'));
    const said = await withLoop({ sns }, async (loop) => {
      await soon(() => expect(sns.took).toHaveLength(1));
      arrangement.clock.atMs += limits.deliveryLeaseMs;
      await soon(async () => {
        loop.nudge();
        expect(await waiting()).toBe(0);
      });
    });
    expect(sns.took).toHaveLength(2);
    expect(said).toEqual(['what became of a message could not be written']);
  });
});
