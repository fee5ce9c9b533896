import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { type TestArrangement, testArrangement } from '../../test/support/arrangement.ts';
import { findTopicPage } from './topic-pages.ts';

const TOPIC = 'arn:aws:sns:us-east-1:111122223333:done';
/** As messages have them. */
const links = {
  confirm: (members: { topic: string; token: string }) =>
    `/sns/?Action=ConfirmSubscription&TopicArn=${encodeURIComponent(members.topic)}&Token=${members.token}`,
  unsubscribe: (arn: string) => `/sns/?Action=Unsubscribe&SubscriptionArn=${encodeURIComponent(arn)}`,
  certificate: (fingerprint: string) => `/sns/SimpleNotificationService-${fingerprint}.pem`,
};
const XMLNS = 'xmlns="http://sns.amazonaws.com/doc/2010-03-31/"';

let arrangement: TestArrangement;
beforeEach(async () => {
  arrangement = await testArrangement();
});
afterEach(() => arrangement[Symbol.asyncDispose]());

async function get(url: string, method = 'GET'): Promise<[number, string] | undefined> {
  const page = await findTopicPage(arrangement.core.topics, 'the-request', { method, url });
  if (page === undefined) return undefined;
  return [page.status, page.content.kind === 'text' ? page.content.text : ''];
}

async function subscribed(): Promise<{ arn: string; token: string }> {
  const url = 'https://receiver.example/';
  const { arn } = await arrangement.core.topics.subscribe({ topic: TOPIC, url, signatureVersion: '2' });
  return { arn, token: (await arrangement.given.notices.signingKey()).confirmationToken(arn) };
}

const refusal = (code: string, message: string): string =>
  `<ErrorResponse ${XMLNS}><Error><Type>Sender</Type><Code>${code}</Code><Message>${message}</Message></Error>` +
  '<RequestId>the-request</RequestId></ErrorResponse>\n';

describe('the pages for receivers', () => {
  test('confirm a subscription as SNS does', async () => {
    const { arn, token } = await subscribed();
    expect(await get(links.confirm({ topic: TOPIC, token }))).toEqual([
      200,
      `<ConfirmSubscriptionResponse ${XMLNS}><ConfirmSubscriptionResult><SubscriptionArn>${arn}</SubscriptionArn>` +
        '</ConfirmSubscriptionResult><ResponseMetadata><RequestId>the-request</RequestId></ResponseMetadata>' +
        '</ConfirmSubscriptionResponse>\n',
    ]);
    expect((await arrangement.core.topics.list())[0]?.confirmedAtMs).not.toBeNull();
  });

  test('refuse a token that is wrong', async () => {
    const { token } = await subscribed();
    for (const url of [
      links.confirm({ topic: TOPIC, token: 'x' }),
      links.confirm({ topic: `${TOPIC}2`, token }),
      '/sns/?Action=ConfirmSubscription',
    ]) {
      expect(await get(url)).toEqual([400, refusal('InvalidParameter', 'Invalid token')]);
    }
    expect((await arrangement.core.topics.list())[0]?.confirmedAtMs).toBeNull();
  });

  test('end a subscription, once', async () => {
    const { arn } = await subscribed();
    expect(await get(links.unsubscribe(arn))).toEqual([
      200,
      `<UnsubscribeResponse ${XMLNS}><ResponseMetadata><RequestId>the-request</RequestId></ResponseMetadata>` +
        '</UnsubscribeResponse>\n',
    ]);
    expect(await arrangement.core.topics.list()).toEqual([]);
    expect(await get(links.unsubscribe(arn))).toEqual([404, refusal('NotFound', `Subscription not found: ${arn}`)]);
  });

  test('say nothing that a browser could take for more than text', async () => {
    expect(await get(links.unsubscribe('<a>&amp;'))).toEqual([
      404,
      refusal('NotFound', 'Subscription not found: &lt;a&gt;&amp;amp;'),
    ]);
  });

  test('know no other action', async () => {
    for (const url of ['/sns/', '/sns/?Action=Publish', '/sns/?action=Unsubscribe']) {
      expect(await get(url)).toEqual([400, refusal('InvalidAction', 'The action is not one of this page.')]);
    }
  });

  test('hold the certificate under the name that messages give it, and no other file', async () => {
    const { fingerprint, certificatePem } = await arrangement.core.topics.certificate();
    expect(await get(links.certificate(fingerprint))).toEqual([200, certificatePem]);
    expect(await get(links.certificate('0'.repeat(32)))).toBeUndefined();
    expect(await get('/sns/notify-signing.pem')).toBeUndefined();
  });

  test('make no key for whoever asks, and look for none under a name of another form', async () => {
    const find = vi.spyOn(arrangement.given.notices, 'findSigningKey');
    for (const name of ['x', 'SimpleNotificationService-.pem', `SimpleNotificationService-${'g'.repeat(32)}.pem`]) {
      expect(await get(`/sns/${name}`)).toBeUndefined();
    }
    expect(find).not.toHaveBeenCalled();
    expect(await get(links.certificate('0'.repeat(32)))).toBeUndefined();
    expect(existsSync(join(arrangement.directory, 'notify-signing.pem'))).toBe(false);
  });

  test('say nothing that XML cannot hold', async () => {
    expect(await get(links.unsubscribe('a\0\b\u001f\ufffe\uffffb\tü😀'))).toEqual([
      404,
      refusal('NotFound', 'Subscription not found: ab\tü😀'),
    ]);
  });

  test('are asked for with GET, or the request is for something else', async () => {
    const { arn, token } = await subscribed();
    for (const method of ['HEAD', 'POST', 'DELETE']) {
      expect(await get(links.unsubscribe(arn), method)).toBeUndefined();
      expect(await get(links.confirm({ topic: TOPIC, token }), method)).toBeUndefined();
    }
    for (const url of ['/sns', '/-/vaults', '/healthz', '/snsx/']) expect(await get(url)).toBeUndefined();
    expect((await arrangement.core.topics.list())[0]?.confirmedAtMs).toBeNull();
  });
});
