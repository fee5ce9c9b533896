import { createHash } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { T0, type TestArrangement, testArrangement } from '../../test/support/arrangement.ts';
import { limits } from '../model/limits.ts';
import type { Subscription } from '../model/notices.ts';
import { addressRules } from '../notify/addresses.ts';
import { Topics } from './topics.ts';

const TOPIC = 'arn:aws:sns:us-east-1:111122223333:done';
const URL_OF_RECEIVER = 'https://receiver.example/hook';

let arrangement: TestArrangement;
let nudges = 0;
let topics: Topics;
beforeEach(async () => {
  arrangement = await testArrangement();
  nudges = 0;
  topics = new Topics(arrangement.given, () => {
    nudges += 1;
  });
});
afterEach(() => arrangement[Symbol.asyncDispose]());

const subscribe = (differences: { topic?: string; url?: string } = {}) =>
  topics.subscribe({ topic: TOPIC, url: URL_OF_RECEIVER, signatureVersion: '2', ...differences });
const tokenOf = async ({ arn }: Subscription) => (await arrangement.given.notices.signingKey()).confirmationToken(arn);
const waiting = () => arrangement.given.metadata.deliveries.receivers();

describe('a subscription', () => {
  test('awaits its confirmation, and tells the receiver so', async () => {
    const subscription = await subscribe();
    expect(subscription).toMatchObject({
      topic: TOPIC,
      url: URL_OF_RECEIVER,
      signatureVersion: '2',
      createdAtMs: T0,
      confirmedAtMs: null,
    });
    expect(subscription.arn).toMatch(new RegExp(`^${TOPIC}:[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$`));
    expect(nudges).toBe(1);
    expect(await waiting()).toEqual([{ subscriptionKey: subscription.key, dueAtMs: T0 }]);
    expect(await topics.list()).toEqual([subscription]);
    expect(await topics.list({ topic: `${TOPIC}-2` })).toEqual([]);
  });

  test('is confirmed by its token, as often as it is shown', async () => {
    const subscription = await subscribe();
    const token = await tokenOf(subscription);
    const confirmed = await topics.confirm({ topic: TOPIC, token });
    expect(confirmed).toEqual({ ...subscription, confirmedAtMs: T0 });
    arrangement.clock.atMs += 1;
    expect(await topics.confirm({ topic: TOPIC, token })).toEqual(confirmed);
    expect(await waiting()).toEqual([]);
  });

  test('is not confirmed by anything else', async () => {
    const subscription = await subscribe();
    const other = await subscribe({ topic: `${TOPIC}-2` });
    const token = await tokenOf(subscription);
    const digest = createHash('sha256').update(token).digest('hex');
    for (const wrong of ['', 'x', token.slice(1), `${token}0`, token.toUpperCase(), digest, await tokenOf(other)]) {
      await expect(topics.confirm({ topic: TOPIC, token: wrong })).rejects.toThrow('Invalid token');
    }
    await expect(topics.confirm({ topic: `${TOPIC}-3`, token })).rejects.toThrow('Invalid token');
    expect((await topics.list()).map(({ confirmedAtMs }) => confirmedAtMs)).toEqual([null, null]);
  });

  test('has a token that the database does not know', async () => {
    const token = await tokenOf(await subscribe());
    const { metadata } = arrangement.given;
    const [{ subscriptionKey } = { subscriptionKey: 0 }] = await waiting();
    const claim = { subscriptionKey, nowMs: T0, leaseUntilMs: T0, token: 't', limit: 1 };
    expect(JSON.stringify([await topics.list(), await metadata.deliveries.claim(claim)])).not.toContain(token);
  });

  test('is not asked for twice', async () => {
    await subscribe();
    await expect(subscribe()).rejects.toThrow(`The topic ${TOPIC} has a subscription of this URL already.`);
    expect(nudges).toBe(1);
  });

  test('is one of a limited number', async () => {
    for (let count = 0; count < limits.subscriptionsMax; count += 1)
      await subscribe({ url: `${URL_OF_RECEIVER}${count}` });
    await expect(subscribe()).rejects.toThrow('There are 200 subscriptions already, which is the most there can be.');
  });

  test.each(['', 'done', 'arn:aws:sqs:us-east-1:111122223333:done', `${TOPIC}:1`, `${TOPIC} `])(
    'of the topic %j is refused',
    async (topic) => {
      await expect(subscribe({ topic })).rejects.toThrow(`Invalid topic ARN: ${topic}`);
    },
  );

  test('S-70 S-72 of a URL that may not be is refused, and changes nothing', async () => {
    arrangement.given.notices.rules = addressRules([]);
    await expect(subscribe()).rejects.toThrow('it leads to 127.0.0.1, which is in no network of --webhook-networks');
    await expect(subscribe({ url: 'https://127.0.0.1/' })).rejects.toThrow('leads to 127.0.0.1');
    await expect(subscribe({ url: 'https://a:b@receiver.example/' })).rejects.toThrow('holds a user name');
    expect(await topics.list()).toEqual([]);
    expect(await waiting()).toEqual([]);
    expect(nudges).toBe(0);
  });

  test('ends, with what is on its way', async () => {
    const { arn } = await subscribe();
    await topics.unsubscribe({ arn });
    expect([await topics.list(), await waiting()]).toEqual([[], []]);
    await expect(topics.unsubscribe({ arn })).rejects.toThrow(`Subscription not found: ${arn}`);
  });
});

test('the certificate is that of the signing key', async () => {
  const { certificatePem, fingerprint } = await arrangement.given.notices.signingKey();
  expect(await topics.certificate()).toEqual({ certificatePem, fingerprint });
});
