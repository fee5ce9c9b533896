import { expect, test } from 'vitest';
import { testArrangement } from '../../test/support/arrangement.ts';
import { limits } from '../model/limits.ts';
import { expireSubscriptions } from './expire.ts';

const TOPIC = 'arn:aws:sns:us-east-1:111122223333:done';

test('a subscription that nobody confirms within two days ends, another does not', async () => {
  await using arrangement = await testArrangement();
  const { given, clock, core } = arrangement;
  const { confirmationToken } = await given.notices.signingKey();
  const [confirmed = '', unconfirmed = ''] = await Promise.all(
    ['confirmed', 'unconfirmed'].map(async (name) => {
      const asked = { topic: TOPIC, url: `https://receiver.example/${name}`, signatureVersion: '2' as const };
      return (await core.topics.subscribe(asked)).arn;
    }),
  );
  await core.topics.confirm({ topic: TOPIC, token: confirmationToken(confirmed) });
  clock.atMs += limits.subscriptionConfirmMs;
  expect(await expireSubscriptions(given)).toEqual({ done: 0, more: false });
  clock.atMs += 1;
  expect(await expireSubscriptions(given)).toEqual({ done: 1, more: false });
  expect((await core.topics.list()).map(({ arn }) => arn)).toEqual([confirmed]);
  expect(await given.metadata.deliveries.receivers()).toEqual([]);
  const late = core.topics.confirm({ topic: TOPIC, token: confirmationToken(unconfirmed) });
  await expect(late).rejects.toThrow('Invalid token');
});
