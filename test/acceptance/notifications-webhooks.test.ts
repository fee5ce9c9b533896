import type { GlacierClient } from '@aws-sdk/client-glacier';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { glacierClient, runJob } from '../support/clients.ts';
import { operatorOf } from '../support/operator.ts';
import { answerWith, type Receiver, startReceiver } from '../support/receiver.ts';
import { startServer, type TestServer } from '../support/server.ts';
import { snsValidators, type Validators } from '../support/sns-validators.ts';
import { type TestTls, testTls } from '../support/tls.ts';
import {
  createVault,
  messagesOf,
  newTopic,
  type ShownSubscription,
  subscribe,
  subscribing,
  until,
} from '../support/topics.ts';

/** Messages about jobs, as they reach webhooks. */
let tls: TestTls;
let server: TestServer;
let client: GlacierClient;
let vaultName: string;
let validators: Validators;
let certificate: { fingerprint: string; certificatePem: string };
beforeAll(async () => {
  tls = await testTls();
  server = await startServer({
    flags: ['--webhook-networks', '127.0.0.0/8'],
    env: { NODE_EXTRA_CA_CERTS: tls.caPath },
  });
  client = glacierClient(server);
  vaultName = await createVault(client, 'webhooks');
  certificate = await operatorOf(server.dataDir).ask(['topics', 'certificate']);
  validators = await snsValidators(certificate.certificatePem);
});
afterAll(async () => {
  await validators[Symbol.asyncDispose]();
  client.destroy();
  await server[Symbol.asyncDispose]();
});

const operator = () => operatorOf(server.dataDir);
const tell = (topic: string) => runJob(client, vaultName, { Type: 'inventory-retrieval', SNSTopic: topic });
const first = (receiver: Receiver) => until(() => receiver.received[0], 'a message');
const listed = async (topic: string) =>
  (await operator().ask<{ subscriptions: ShownSubscription[] }>(['topics', 'list', '--topic', topic])).subscriptions;

describe('a webhook', () => {
  test.each(['1', '2'])('with signature version %s confirms, hears, and can verify what it hears', async (version) => {
    await using receiver = await startReceiver({ tls });
    const topic = newTopic();
    const words = [...subscribing(topic, `${receiver.url}/hook?secret=1`), '--signature-version', version];
    const subscription = await operator().ask<ShownSubscription>(words);
    expect(subscription).toMatchObject({ topic, confirmedAt: null, signatureVersion: version });

    const asked = await first(receiver);
    expect([asked.method, asked.path]).toEqual(['POST', '/hook?secret=1']);
    const confirmation = JSON.parse(asked.body);
    expect(asked.headers).toMatchObject({
      'content-type': 'text/plain; charset=UTF-8',
      'x-amz-sns-message-type': 'SubscriptionConfirmation',
      'x-amz-sns-message-id': confirmation.MessageId,
      'x-amz-sns-topic-arn': topic,
    });
    expect(await validators.verdicts(asked.body)).toEqual(['genuine', 'genuine']);
    await tell(topic);
    expect(receiver.received).toHaveLength(1);

    const wrong = await fetch(confirmation.SubscribeURL.replace(/.$/, ''));
    expect([wrong.status, await wrong.text()]).toEqual([
      400,
      expect.stringContaining('<Message>Invalid token</Message>'),
    ]);
    const answer = await fetch(confirmation.SubscribeURL);
    expect(await answer.text()).toContain(`<SubscriptionArn>${subscription.arn}</SubscriptionArn>`);
    expect(await listed(topic)).toMatchObject([{ arn: subscription.arn, confirmedAt: expect.any(String) }]);

    const jobId = await tell(topic);
    const told = await until(() => receiver.received[1], 'the notification');
    const message = JSON.parse(told.body);
    expect(message).toMatchObject({ Type: 'Notification', TopicArn: topic, SignatureVersion: version });
    const job = JSON.parse(message.Message);
    expect(job).toMatchObject({ JobId: jobId, StatusCode: 'Succeeded' });
    expect(told.atMs - Date.parse(job.CompletionDate)).toBeLessThan(1000);
    expect(told.headers['x-amz-sns-subscription-arn']).toBe(subscription.arn);
    expect(await validators.verdicts(told.body)).toEqual(['genuine', 'genuine']);
    const forged = JSON.stringify({ ...message, Message: message.Message.replace('Succeeded', 'Failed') });
    expect(await validators.verdicts(forged)).toEqual(['Invalid Signature', 'The message signature is invalid.']);

    const page = await fetch(message.SigningCertURL);
    expect([page.status, await page.text()]).toEqual([200, certificate.certificatePem]);
    expect((await fetch(message.UnsubscribeURL)).status).toBe(200);
    expect(await listed(topic)).toEqual([]);
    await tell(topic);
    expect(receiver.received).toHaveLength(2);
  });

  test('is confirmed and ended by the operator as well', async () => {
    await using receiver = await startReceiver({ tls });
    const topic = newTopic();
    const { arn } = await operator().ask<ShownSubscription>(subscribing(topic, receiver.url));
    const { Token: token = '' } = JSON.parse((await first(receiver)).body);
    const confirming = ['topics', 'confirm', '--topic', topic, '--token'];
    const wrong = await operator().run([...confirming, 'wrong']);
    expect(wrong).toMatchObject({ code: 2, stdout: '', stderr: 'moraine: Invalid token\n' });
    const confirmed = await operator().ask([...confirming, token]);
    expect(confirmed).toMatchObject({ arn, url: receiver.url, confirmedAt: expect.any(String) });
    const again = await operator().run(subscribing(topic, receiver.url));
    expect(again.stderr).toBe(`moraine: The topic ${topic} has a subscription of this URL already.\n`);
    expect(await listed(topic)).toEqual([confirmed]);
    expect(await operator().ask(['topics', 'unsubscribe', arn])).toEqual({ arn, unsubscribed: true });
    const twice = await operator().run(['topics', 'unsubscribe', arn]);
    expect(twice).toMatchObject({ code: 2, stderr: `moraine: Subscription not found: ${arn}\n` });
    expect((await operator().run(['topics', 'certificate'])).stdout).toBe(certificate.certificatePem);
  });

  test('S-71 that redirects inwards is not followed', async () => {
    await using internal = await startReceiver();
    await using receiver = await startReceiver({ tls });
    const topic = newTopic();
    await subscribe(server, { topic, receiver });
    receiver.answer = answerWith(302, { Location: `${internal.url}/internal` });
    await tell(topic);
    await until(() => (receiver.received.length > 1 ? true : undefined), 'another attempt');
    expect(internal.received).toEqual([]);
    const messages = messagesOf(receiver);
    expect(new Set(messages.map(({ MessageId }) => MessageId)).size).toBe(1);
    expect(new Set(messages.map(({ Timestamp }) => Timestamp)).size).toBe(messages.length);
    receiver.answer = answerWith(200);
  });

  test('whose certificate nobody vouches for hears nothing', async () => {
    await using receiver = await startReceiver({ tls: await testTls() });
    await operator().ask(subscribing(newTopic(), receiver.url));
    await until(() => server.stderr().match(/self-signed|unable to verify|certificate/)?.[0], 'the warning');
    expect(receiver.received).toEqual([]);
  });
});

describe('without networks that the operator allows', () => {
  let guarded: TestServer;
  beforeAll(async () => {
    guarded = await startServer();
  });
  afterAll(() => guarded[Symbol.asyncDispose]());

  test.each([
    [
      'https://127.0.0.1/',
      'is refused: it leads to 127.0.0.1, which is in no network of --webhook-networks: 127.0.0.1',
    ],
    ['https://[::ffff:7f00:1]/', 'is refused: it leads to ::ffff:7f00:1, which is in no network'],
    ['https://2130706433/', 'is refused: it leads to 127.0.0.1, which is in no network'],
    ['https://169.254.169.254/latest', 'is refused: it leads to 169.254.169.254, which is in no network'],
    ['https://localhost./', 'means this machine: https://localhost./'],
    ['http://127.0.0.1:8080/', 'is refused: it leads to 127.0.0.1, which is in no network'],
  ])('S-70 the webhook %s is refused', async (url, problem) => {
    const outcome = await operatorOf(guarded.dataDir).run(subscribing(newTopic(), url));
    expect(outcome).toMatchObject({ code: 2, stdout: '' });
    expect(outcome.stderr).toContain(`moraine: The URL of the webhook ${problem}`);
  });

  test('S-72 a user name, a fragment and a mail port are refused', async () => {
    for (const url of [
      'https://a:b@receiver.example/',
      'https://receiver.example/#a',
      'https://receiver.example:25/',
    ]) {
      const outcome = await operatorOf(guarded.dataDir).run(subscribing(newTopic(), url));
      expect(outcome).toMatchObject({ code: 2, stdout: '' });
      expect(outcome.stderr).toMatch(
        /^moraine: The URL of the webhook (?:holds a user name|has a fragment|uses port 25)/,
      );
    }
  });

  test('nothing is subscribed by what was refused', async () => {
    expect(await operatorOf(guarded.dataDir).ask(['topics', 'list'])).toEqual({ subscriptions: [] });
  });
});

test('S-70 the links in messages come from the setting, whatever a request says', async () => {
  await using receiver = await startReceiver();
  await using named = await startServer({
    flags: ['--webhook-networks', '127.0.0.1/32', '--public-url', 'https://archive.example/glacier/'],
  });
  await fetch(`${named.url}/sns/`, { headers: { Host: 'evil.example', 'X-Forwarded-Host': 'evil.example' } });
  await operatorOf(named.dataDir).ask(subscribing(newTopic(), receiver.url));
  const message = JSON.parse((await first(receiver)).body);
  expect(message.SubscribeURL).toMatch(/^https:\/\/archive\.example\/glacier\/sns\/\?Action=ConfirmSubscription&/);
  expect(message.SigningCertURL).toMatch(
    /^https:\/\/archive\.example\/glacier\/sns\/SimpleNotificationService-[0-9a-f]{32}\.pem$/,
  );
});
