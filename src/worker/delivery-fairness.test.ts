import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { type TestArrangement, testArrangement } from '../../test/support/arrangement.ts';
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
import { TopicRefusal } from '../notify/notifier.ts';
import type { DeliveryLoop } from './delivery-loop.ts';

/** What one receiver, one topic or one wrong clock must not do to the rest. */
const BAD = `${TOPIC}-that-is-not-there`;

let arrangement: TestArrangement;
beforeEach(async () => {
  arrangement = await testArrangement();
});
afterEach(() => arrangement[Symbol.asyncDispose]());

const withLoop = (
  notifiers: { sns?: TestNotifier; webhook?: TestNotifier },
  during: (loop: DeliveryLoop) => Promise<void>,
) => withLoopOf(arrangement, notifiers, during);
const soon = (check: () => void | Promise<void>) => vi.waitFor(check, { interval: 2, timeout: 4000 });
async function pass(loop: DeliveryLoop, { ms, steps }: { ms: number; steps: number }): Promise<void> {
  for (let step = 0; step < steps; step += 1) {
    arrangement.clock.atMs += ms / steps;
    loop.nudge();
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}

/** An endpoint that has every topic but those that begin like the bad one. */
function endpointWithout(bad = BAD): TestNotifier {
  const sns = testNotifier();
  sns.answer = async ({ topic }) => {
    if (topic.startsWith(bad)) throw new TopicRefusal('Topic does not exist');
  };
  return sns;
}

describe('a topic that the endpoint refuses', () => {
  test.each(['one', 'many'])('F-31 holds up no other, whether %s', async (which) => {
    const sns = endpointWithout();
    for (let index = 0; index < 40; index += 1) {
      await tellOf(arrangement, { topic: which === 'one' ? BAD : `${BAD}-${index}` });
    }
    await withLoop({ sns }, async (loop) => {
      await pass(loop, { ms: 10 * MINUTE_MS, steps: 100 });
      const [good] = await tellOf(arrangement);
      loop.nudge();
      // Time stands still: nothing has to rest first.
      await soon(() => expect(sns.took).toMatchObject([{ jobId: good }]));
    });
  });

  test('is asked for less and less, all its messages together', async () => {
    const sns = endpointWithout();
    await tellOf(arrangement, { topic: BAD, count: 40 });
    await withLoop({ sns }, async (loop) => {
      await pass(loop, { ms: 30 * MINUTE_MS, steps: 180 });
      const before = sns.tried.length;
      await pass(loop, { ms: 30 * MINUTE_MS, steps: 180 });
      expect(sns.tried.length - before).toBeGreaterThan(4);
      expect(sns.tried.length - before).toBeLessThan(30 * 2 * limits.deliveriesPerReceiverMax);
      sns.answer = () => Promise.resolve();
      await pass(loop, { ms: 6 * MINUTE_MS, steps: 60 });
      expect(sns.took).toHaveLength(40);
    });
  });

  test("does not keep the vault's own topic from hearing of the job", async () => {
    const configuration = { topic: TOPIC, events: ['InventoryRetrievalCompleted' as const] };
    await arrangement.core.notificationConfigurations.set({
      vault: { accountId: '111122223333', name: 'vault' },
      configuration,
    });
    const sns = endpointWithout();
    await withLoop({ sns }, async (loop) => {
      const [id] = await tellOf(arrangement, { topic: BAD });
      loop.nudge();
      await soon(() => expect(sns.took).toMatchObject([{ jobId: id, topic: TOPIC }]));
    });
  });
});

describe('receivers that hang', () => {
  test('F-31 leave room for one that is well, however many they are', async () => {
    for (let index = 0; index < 99; index += 1) await subscribeTo(arrangement, `http://hangs.example/${index}`);
    const well = await subscribeTo(arrangement, 'http://well.example/');
    await tellOf(arrangement, { count: 4 });
    const webhook = testNotifier();
    webhook.answer = (delivery, signal) =>
      delivery.subscription?.key === well ? Promise.resolve() : hang(delivery, signal);
    // Neither clock moves, and nothing that hangs ends.
    await withLoop({ webhook }, () => soon(() => expect(webhook.took).toHaveLength(4)));
    expect(webhook.tried).toHaveLength(99 + 4);
  });
});

describe('a clock that was ahead', () => {
  test.each([false, true])('stops no messages once it is right again, with a restart: %s', async (restarts) => {
    const sns = testNotifier();
    sns.answer = refuse;
    arrangement.clock.offByMs = DAY_MS;
    await tellOf(arrangement, { count: 2 });
    const recover = async (loop: DeliveryLoop) => {
      arrangement.clock.offByMs = 0;
      sns.answer = () => Promise.resolve();
      await pass(loop, { ms: 6 * MINUTE_MS, steps: 30 });
      expect(sns.took).toHaveLength(2);
    };
    await withLoop({ sns }, async (loop) => {
      await pass(loop, { ms: 5 * SECOND_MS, steps: 5 });
      expect(sns.tried.length).toBeGreaterThan(1);
      if (!restarts) await recover(loop);
    });
    if (!restarts) return;
    await arrangement.restart();
    await withLoop({ sns }, recover);
  });

  test('gives nothing up', async () => {
    const sns = testNotifier();
    sns.answer = refuse;
    await tellOf(arrangement);
    const said = await withLoop({ sns }, async (loop) => {
      arrangement.clock.offByMs = 20 * DAY_MS;
      await pass(loop, { ms: 5 * MINUTE_MS, steps: 30 });
      arrangement.clock.offByMs = 0;
      sns.answer = () => Promise.resolve();
      await pass(loop, { ms: 6 * MINUTE_MS, steps: 30 });
    });
    expect(sns.took).toHaveLength(1);
    expect(said).not.toContain('a message was given up');
  });
});

test('a message behind one whose end could not be written waits until that lease is over, no longer', async () => {
  const configuration = { topic: TOPIC, events: ['InventoryRetrievalCompleted' as const] };
  await arrangement.core.notificationConfigurations.set({
    vault: { accountId: '111122223333', name: 'vault' },
    configuration,
  });
  const sns = testNotifier();
  vi.spyOn(arrangement.given.metadata.deliveries, 'end').mockRejectedValueOnce(new Error('busy'));
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  const settle = async (check: () => void) => {
    for (let turn = 0; turn < 200; turn += 1) await new Promise((resolve) => setImmediate(resolve));
    check();
  };
  await tellOf(arrangement);
  await withLoop({ sns }, async () => {
    await settle(() => expect(sns.tried).toHaveLength(1));
    arrangement.clock.atMs += limits.deliveryLeaseMs;
    await vi.advanceTimersByTimeAsync(limits.deliveryLeaseMs);
    // Nobody nudges.
    await settle(() => expect(sns.took).toHaveLength(3));
  }).finally(() => vi.useRealTimers());
});
