import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { delivery, subscriptionTo, TOPIC } from '../../test/support/deliveries.ts';
import { snsValidators, type Validators } from '../../test/support/sns-validators.ts';
import { systemClock } from '../model/clock.ts';
import { SIGNATURE_VERSIONS, type SignatureVersion } from '../model/notices.ts';
import { sealed } from './envelope.ts';
import { linksBelow } from './links.ts';
import { type SigningKey, signingKeyIn } from './signing-key.ts';

let directory: string;
let key: SigningKey;
let validators: Validators;
beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'moraine-envelope-'));
  key = await signingKeyIn({ path: join(directory, 'key.pem'), clock: systemClock }).findOrMake();
  validators = await snsValidators(key.certificatePem);
});
afterAll(async () => {
  await validators[Symbol.asyncDispose]();
  rmSync(directory, { recursive: true });
});

const nowMs = Date.parse('2031-05-06T07:08:09.123Z');
const links = linksBelow('https://archive.example/glacier');
const seal = (kind: 'notification' | 'confirmation', signatureVersion: SignatureVersion = '2') => {
  const subscription = subscriptionTo('https://receiver.example/', { signatureVersion });
  return sealed({ ...delivery({ kind }), subscription }, { key, links, nowMs });
};

describe('an envelope', () => {
  test('of a notification has the members and the headers of SNS', async () => {
    const { headers, body } = await seal('notification');
    expect(JSON.parse(body)).toEqual({
      Type: 'Notification',
      MessageId: delivery().messageId,
      TopicArn: TOPIC,
      Message: delivery().message,
      Timestamp: '2031-05-06T07:08:09.123Z',
      SignatureVersion: '2',
      Signature: expect.stringMatching(/^[A-Za-z0-9+/]{342}==$/),
      SigningCertURL: `https://archive.example/glacier/sns/SimpleNotificationService-${key.fingerprint}.pem`,
      UnsubscribeURL: `https://archive.example/glacier/sns/?Action=Unsubscribe&SubscriptionArn=${encodeURIComponent(subscriptionTo('').arn)}`,
    });
    expect(headers).toEqual({
      'x-amz-sns-message-type': 'Notification',
      'x-amz-sns-message-id': delivery().messageId,
      'x-amz-sns-topic-arn': TOPIC,
      'x-amz-sns-subscription-arn': subscriptionTo('').arn,
      'Content-Type': 'text/plain; charset=UTF-8',
      'User-Agent': 'Moraine',
    });
  });

  test('of a confirmation says how to confirm', async () => {
    const { headers, body } = await seal('confirmation', '1');
    const token = key.confirmationToken(subscriptionTo('').arn);
    const message = JSON.parse(body);
    expect(message).toMatchObject({ Type: 'SubscriptionConfirmation', Token: token, SignatureVersion: '1' });
    expect(message.SubscribeURL).toBe(
      `https://archive.example/glacier/sns/?Action=ConfirmSubscription&TopicArn=${encodeURIComponent(TOPIC)}&Token=${token}`,
    );
    expect(message).not.toHaveProperty('UnsubscribeURL');
    expect(headers['x-amz-sns-message-type']).toBe('SubscriptionConfirmation');
    expect(headers).not.toHaveProperty('x-amz-sns-subscription-arn');
  });

  describe.each(SIGNATURE_VERSIONS)('with signature version %s', (version) => {
    test.each(['notification', 'confirmation'] as const)('is believed by two validators: a %s', async (kind) => {
      const { body } = await seal(kind, version);
      expect(await validators.verdicts(body)).toEqual(['genuine', 'genuine']);
    });

    test.each([
      ['notification', 'Message'],
      ['notification', 'MessageId'],
      ['notification', 'Timestamp'],
      ['notification', 'TopicArn'],
      ['confirmation', 'SubscribeURL'],
      ['confirmation', 'Token'],
    ] as const)('S-73 is refused by both when it is tampered with: a %s whose %s is another', async (kind, member) => {
      const message = JSON.parse((await seal(kind, version)).body);
      const tampered = JSON.stringify({ ...message, [member]: `${message[member]}0` });
      expect(await validators.verdicts(tampered)).toEqual(['Invalid Signature', 'The message signature is invalid.']);
    });
  });
});
