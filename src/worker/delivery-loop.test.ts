import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { T0, type TestArrangement, testArrangement, testLog, VAULT } from '../../test/support/arrangement.ts';
import { DAY_MS, limits, MINUTE_MS, SECOND_MS } from '../model/limits.ts';
import type { Delivery } from '../model/notices.ts';
import type { Notifier } from '../notify/notifier.ts';
import { DeliveryLoop } from './delivery-loop.ts';
import { claimDue, end } from './leases.ts';

const TOPIC = 'arn:aws:sns:us-east-1:111122223333:done';

let arrangement: TestArrangement;
beforeEach(async () => {
  arrangement = await testArrangement();
});
afterEach(() => arrangement[Symbol.asyncDispose]());

/** A receiver that a test opens and shuts. */
function notifier() {
  const took: Delivery[] = [];
  const tried: Delivery[] = [];
  const state = { took, tried, answer: (_: Delivery, _signal: AbortSignal): Promise<void> => Promise.resolve() };
  const deliver: Notifier['deliver'] = async (delivery, signal) => {
    tried.push(delivery);
    await state.answer(delivery, signal);
    took.push(delivery);
  };
  return Object.assign(state, { deliver });
}
type TestNotifier = ReturnType<typeof notifier>;
const refuse = () => Promise.reject(new Error('away'));
/** As receivers that hang: only the end of the time ends it. */
const hang = (_: Delivery, signal: AbortSignal): Promise<void> =>
  new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason)));

/** Runs a loop while `during` does. */
async function withLoop(
  { sns = notifier(), webhook = notifier() }: { sns?: TestNotifier; webhook?: TestNotifier },
  during: (loop: DeliveryLoop) => Promise<void>,
): Promise<string[]> {
  const { log, said } = testLog();
  await using loop = new DeliveryLoop(arrangement.given, log);
  loop.start({ sns, webhook });
  await during(loop);
  return said;
}

const soon = (check: () => void | Promise<void>) => vi.waitFor(check, { interval: 2, timeout: 4000 });
const waiting = async () => (await arrangement.given.metadata.deliveries.receivers()).length;
const notes = { vault: VAULT, description: null, startAtMs: null, endAtMs: null, limit: null, marker: null };
const startJob = (snsTopic: string | null = TOPIC) =>
  arrangement.core.jobs.retrieveInventory({ ...notes, snsTopic, format: 'JSON' });
async function endJobs(): Promise<void> {
  for (const claimed of await claimDue(arrangement.given, { limit: 1000 })) {
    await end(arrangement.given, claimed, { failure: 'no reason' });
  }
}
/** Ends jobs that are told of; returns their ids. */
async function tell(count = 1): Promise<string[]> {
  const ids: string[] = [];
  for (let index = 0; index < count; index += 1) ids.push(await startJob());
  await endJobs();
  return ids;
}
/** A subscription of the topic that is confirmed, and has no message waiting. */
async function subscribe(url: string): Promise<number> {
  const { core, given } = arrangement;
  const { arn, key } = await core.topics.subscribe({ topic: TOPIC, url, signatureVersion: '2' });
  const { confirmationToken } = await given.notices.signingKey();
  await core.topics.confirm({ topic: TOPIC, token: confirmationToken(arn) });
  return key;
}

describe('the delivery loop', () => {
  test('brings each message to its receiver and forgets it', async () => {
    await subscribe('http://one.example/');
    const [id] = await tell();
    const [sns, webhook] = [notifier(), notifier()];
    const said = await withLoop({ sns, webhook }, async () => soon(async () => expect(await waiting()).toBe(0)));
    expect(said).toEqual([]);
    expect(sns.took).toMatchObject([{ jobId: id, topic: TOPIC, subscription: null, kind: 'notification' }]);
    expect(webhook.took).toMatchObject([{ jobId: id, subscription: { url: 'http://one.example/' } }]);
    expect(webhook.took[0]?.messageId).toBe(sns.took[0]?.messageId);
    expect(JSON.parse(sns.took[0]?.message ?? '')).toMatchObject({ JobId: id, StatusCode: 'Failed', SNSTopic: TOPIC });
  });

  test('sees a message that comes while it rests', async () => {
    const sns = notifier();
    await withLoop({ sns }, async (loop) => {
      await new Promise((resolve) => setTimeout(resolve, 20));
      await tell();
      loop.nudge();
      await soon(() => expect(sns.took).toHaveLength(1));
    });
  });

  test('does not ask again and again while nothing is due', async () => {
    const sns = notifier();
    sns.answer = refuse;
    await tell(3);
    const asked = vi.spyOn(arrangement.given.metadata.deliveries, 'receivers');
    await withLoop({ sns }, async () => {
      await soon(() => expect(sns.tried).toHaveLength(3));
      await new Promise((resolve) => setTimeout(resolve, 50));
    });
    expect(asked.mock.calls.length).toBeLessThanOrEqual(3);
  });

  test('F-31 loses nothing to an outage of five minutes, and keeps the id and the order of each job', async () => {
    const sns = notifier();
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
    const [sns, webhook] = [notifier(), notifier()];
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
    expect(most).toBe(10 * limits.deliveriesPerReceiverMax);
    expect(sns.tried).toHaveLength(limits.deliveriesPerReceiverMax);
  });

  test('F-31 has no more on their way than it may', async () => {
    for (let index = 0; index < 20; index += 1) await subscribe(`http://hangs.example/${index}`);
    await tell(8);
    const [sns, webhook] = [notifier(), notifier()];
    sns.answer = hang;
    webhook.answer = hang;
    await withLoop({ sns, webhook }, async () => {
      const onTheirWay = () => sns.tried.length + webhook.tried.length;
      await soon(() => expect(onTheirWay()).toBe(limits.deliveriesRunningMax));
      await new Promise((resolve) => setTimeout(resolve, 30));
      expect(onTheirWay()).toBe(limits.deliveriesRunningMax);
    });
  });

  test('leaves a receiver that was away alone for a while, whatever else waits for it', async () => {
    const sns = notifier();
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
    const sns = notifier();
    sns.answer = refuse;
    const [first] = await tell();
    arrangement.clock.atMs += limits.deliveryKeepMs;
    const [second] = await tell();
    const said = await withLoop({ sns }, async (loop) => {
      await soon(() => expect(sns.tried).toHaveLength(2));
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
    const sns = notifier();
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
    const sns = notifier();
    await withLoop({ sns }, () => soon(() => expect(sns.took).toMatchObject([{ jobId: id }])));
  });

  test('goes on after a failure of the metadata', async () => {
    await tell();
    const sns = notifier();
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
    const sns = notifier();
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
