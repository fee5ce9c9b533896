import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { delivery, TOPIC } from '../../test/support/deliveries.ts';
import { hang } from '../../test/support/receiver.ts';
import { type SnsEndpoint, startSnsEndpoint } from '../../test/support/sns-endpoint.ts';
import { limits } from '../model/limits.ts';
import { TopicRefusal } from './notifier.ts';
import { snsNotifier } from './sns.ts';

let endpoint: SnsEndpoint;
beforeEach(async () => {
  endpoint = await startSnsEndpoint();
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'AKIAEXAMPLE');
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'secret');
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await endpoint[Symbol.asyncDispose]();
});

const never = new AbortController().signal;
const notifier = () => snsNotifier({ endpoint: endpoint.url, region: 'eu-west-1' });

describe('SNS', () => {
  test('is told the topic and the message, word for word', async () => {
    await notifier().deliver(delivery(), never);
    expect(endpoint.published()).toEqual([
      {
        topic: TOPIC,
        message: delivery().message,
        groupId: null,
        deduplicationId: null,
        authorization: expect.stringMatching(
          /^AWS4-HMAC-SHA256 Credential=AKIAEXAMPLE\/\d{8}\/eu-west-1\/sns\/aws4_request/,
        ),
        atMs: expect.any(Number),
      },
    ]);
  });

  test('keeps the order of a job in a FIFO topic, and drops what it got before', async () => {
    await notifier().deliver(delivery({ topic: `${TOPIC}.fifo` }), never);
    expect(endpoint.published()).toMatchObject([{ groupId: 'job', deduplicationId: delivery().messageId }]);
  });

  test('F-31 that refuses is asked once', async () => {
    endpoint.answer = (_received, response) => void response.writeHead(503).end();
    await expect(notifier().deliver(delivery(), never)).rejects.toThrow();
    expect(endpoint.received).toHaveLength(1);
  });

  test.each([
    [404, 'NotFound', true],
    [400, 'InvalidParameter', true],
    [403, 'AuthorizationError', true],
    [400, 'Throttling', false],
    [429, 'Throttled', false],
    [403, 'InvalidClientTokenId', false],
    [403, 'SignatureDoesNotMatch', false],
    [403, 'ExpiredToken', false],
    [403, 'InvalidSecurity', false],
    [400, 'RequestExpired', false],
    [500, 'InternalError', false],
    [503, 'ServiceUnavailable', false],
  ])('F-31 that says %i %s refuses the topic alone: %s', async (status, code, isOfTopic) => {
    const error = `<Error><Type>Sender</Type><Code>${code}</Code><Message>the reason</Message></Error>`;
    endpoint.answer = (_received, response) =>
      void response.writeHead(status, { 'Content-Type': 'text/xml' }).end(`<ErrorResponse>${error}</ErrorResponse>`);
    const failure = await notifier()
      .deliver(delivery(), never)
      .catch((thrown: unknown) => thrown);
    expect(failure instanceof TopicRefusal).toBe(isOfTopic);
    expect(failure).toMatchObject({ message: 'the reason' });
  });

  test('that is not there refuses no topic', async () => {
    await endpoint[Symbol.asyncDispose]();
    const failure = await notifier()
      .deliver(delivery(), never)
      .catch((thrown: unknown) => thrown);
    expect(failure).toBeInstanceOf(Error);
    expect(failure).not.toBeInstanceOf(TopicRefusal);
    endpoint = await startSnsEndpoint();
  });

  test('F-31 that hangs is given up when the time is over', async () => {
    endpoint.answer = hang;
    await expect(notifier().deliver(delivery(), AbortSignal.timeout(200))).rejects.toThrow(/abort|timeout/i);
  });

  test('F-31 that answers without end is cut off', async () => {
    endpoint.answer = (_received, response) => {
      response.writeHead(200);
      const chunk = Buffer.alloc(limits.deliveryReplyBytesMax);
      const more = () => {
        while (!response.destroyed && response.write(chunk));
      };
      response.on('drain', more);
      more();
    };
    await expect(notifier().deliver(delivery(), never)).rejects.toThrow('the reply of the SNS endpoint is too long');
  });

  test('may redirect, and is not followed', async () => {
    await using internal = await startSnsEndpoint();
    endpoint.answer = (_received, response) => void response.writeHead(307, { Location: internal.url }).end();
    await expect(notifier().deliver(delivery(), never)).rejects.toThrow();
    expect(internal.received).toEqual([]);
  });
});
