import type { Delivery } from '../../src/model/notices.ts';
import type { Notifier } from '../../src/notify/notifier.ts';
import { DeliveryLoop } from '../../src/worker/delivery-loop.ts';
import { claimDue, end } from '../../src/worker/leases.ts';
import { type TestArrangement, testLog, VAULT } from './arrangement.ts';
import { TOPIC } from './deliveries.ts';

/** A receiver that a test opens and shuts. */
export function testNotifier() {
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
export type TestNotifier = ReturnType<typeof testNotifier>;

export const refuse = () => Promise.reject(new Error('away'));

/** As receivers that hang: only the end of the time ends it. */
export const hang = (_: Delivery, signal: AbortSignal): Promise<void> =>
  new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason)));

/** Runs a loop while `during` does; its monotonic clock goes with time, whatever the wall clock shows. */
export async function withLoopOf(
  { given, clock }: TestArrangement,
  { sns = testNotifier(), webhook = testNotifier() }: { sns?: TestNotifier; webhook?: TestNotifier },
  during: (loop: DeliveryLoop) => Promise<void>,
): Promise<string[]> {
  const { log, said } = testLog();
  await using loop = new DeliveryLoop(given, log, () => clock.atMs);
  loop.start({ sns, webhook });
  await during(loop);
  return said;
}

const notes = { vault: VAULT, description: null, startAtMs: null, endAtMs: null, limit: null, marker: null };

/** Ends jobs that are told of; returns their ids. */
export async function tellOf(
  { core, given }: TestArrangement,
  { count = 1, topic = TOPIC }: { count?: number; topic?: string } = {},
): Promise<string[]> {
  const ids: string[] = [];
  for (let index = 0; index < count; index += 1) {
    ids.push(await core.jobs.retrieveInventory({ ...notes, snsTopic: topic, format: 'JSON' }));
  }
  for (const claimed of await claimDue(given, { token: 'tells', queue: 'inventory', limit: 1000 }))
    await end(given, claimed, { failure: 'no reason' });
  return ids;
}

/** A subscription of the topic that is confirmed, and has no message waiting; returns its key. */
export async function subscribeTo({ core, given }: TestArrangement, url: string): Promise<number> {
  const { arn, key } = await core.topics.subscribe({ topic: TOPIC, url, signatureVersion: '2' });
  const { confirmationToken } = await given.notices.signingKey();
  await core.topics.confirm({ topic: TOPIC, token: confirmationToken(arn) });
  return key;
}
