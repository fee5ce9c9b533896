import type { IncomingMessage } from 'node:http';
import { describe, expect, test } from 'vitest';
import { type Caller, rootCaller } from '../core/callers.ts';
import { GlacierError } from '../model/errors.ts';
import { type Notes, recordOf } from './audit.ts';
import { ClientGoneError } from './body.ts';
import type { Call } from './call.ts';
import { readHead } from './framing.ts';
import { operations } from './operations/index.ts';
import { createRouter, type Route } from './route.ts';

const REQUEST_ID = 'r'.repeat(47);
const find = createRouter(operations);
const route = (method: string, url: string): Route => {
  const [path = '', query] = url.split('?');
  return find({ method, segments: path.slice(1).split('/'), query: new URLSearchParams(query) });
};
const caller = rootCaller({ accessKeyId: 'AKIDROOT', accountId: '111122223333' });
const DENIED = new GlacierError('AccessDeniedException', 'no');

function told(method: string, url: string, more: Partial<Notes> & { headers?: string[] } = {}) {
  const { headers = [], ...notes } = more;
  const rawHeaders = ['Host', 'a', 'User-Agent', 'test/1', ...headers];
  const head = readHead({ method, url, httpVersion: '1.1', rawHeaders } as IncomingMessage);
  const findRoute = (): Route => route(method, url);
  const arrival = { circumstances: { secureTransport: false, sourceIp: '192.0.2.1' }, signedPrefix: [] };
  return recordOf(
    { head, arrival, ...notes },
    { requestId: REQUEST_ID, nowMs: Date.UTC(2026, 2, 2, 10), region: 'us-east-1', findRoute },
  ) as Promise<Record<string, unknown> | undefined>;
}
const known = (method: string, url: string, more: Partial<Notes> = {}) =>
  told(method, url, { caller, accountId: '111122223333', route: route(method, url), ...more });

describe('what is told', () => {
  test('a change, with what came of it', async () => {
    const reply = { headers: [['Location', '/111122223333/vaults/v'] as const] };
    const record = await known('PUT', '/-/vaults/v', { reply });
    expect(Object.keys(record ?? {})).toEqual([
      'eventVersion',
      'userIdentity',
      'eventTime',
      'eventSource',
      'eventName',
      'awsRegion',
      'sourceIPAddress',
      'userAgent',
      'requestParameters',
      'responseElements',
      'requestID',
      'eventID',
      'readOnly',
      'eventType',
      'managementEvent',
      'recipientAccountId',
      'eventCategory',
    ]);
    expect(record).toMatchObject({
      userIdentity: {
        type: 'Root',
        principalId: '111122223333',
        arn: 'arn:aws:iam::111122223333:root',
        accountId: '111122223333',
        accessKeyId: 'AKIDROOT',
      },
      eventTime: '2026-03-02T10:00:00Z',
      eventSource: 'glacier.amazonaws.com',
      eventName: 'CreateVault',
      sourceIPAddress: '192.0.2.1',
      requestParameters: { accountId: '-', vaultName: 'v' },
      responseElements: { location: '/111122223333/vaults/v' },
      requestID: REQUEST_ID,
      readOnly: false,
      recipientAccountId: '111122223333',
    });
  });

  test.each([
    [new GlacierError('InvalidParameterValueException', 'bad'), 'InvalidParameterValueException', 'bad'],
    [new ClientGoneError(), 'ClientDisconnected', 'the client closed the connection too early'],
    [
      new Error('/secret/path'),
      'ServiceUnavailableException',
      'The server cannot complete the request now. Please try again.',
    ],
  ])('a change that failed: %s', async (error, errorCode, errorMessage) => {
    expect(await known('DELETE', '/-/vaults/v', { error })).toMatchObject({
      errorCode,
      errorMessage,
      responseElements: null,
    });
  });

  test('a change whose answer could not be sent, as done', async () => {
    const record = await known('DELETE', '/-/vaults/v', { reply: { headers: [] }, error: new ClientGoneError() });
    expect(record).not.toHaveProperty('errorCode');
  });

  test('a denied read, and no other', async () => {
    expect(await known('GET', '/-/vaults/v', { error: DENIED })).toMatchObject({
      eventName: 'DescribeVault',
      readOnly: true,
      errorCode: 'AccessDeniedException',
    });
    expect(await known('GET', '/-/vaults/v', { reply: { headers: [] } })).toBeUndefined();
    const missing = new GlacierError('ResourceNotFoundException', 'none');
    expect(await known('GET', '/-/vaults/v', { error: missing })).toBeUndefined();
  });

  test('the body of a change, unless it was denied', async () => {
    const tags = { Tags: { a: 'b' } };
    const call = { verifiedMembers: async () => ({ members: tags, bodyBytes: 9 }) } as unknown as Call;
    const parameters = { accountId: '-', vaultName: 'v', operation: 'add' };
    const target = '/-/vaults/v/tags?operation=add';
    const done = await known('POST', target, { call, reply: { headers: [] } });
    expect(done?.requestParameters).toEqual({ ...parameters, tags: { a: 'b' } });
    expect((await known('POST', target, { call, error: DENIED }))?.requestParameters).toEqual(parameters);
  });

  test('a stranger, with the key it claims', async () => {
    const error = new GlacierError('UnrecognizedClientException', 'unknown');
    const headers = ['Authorization', 'AWS4-HMAC-SHA256 Credential=AKIDOTHER/20260302/x, Signature=hidden'];
    const record = await told('GET', '/-/vaults/v?X-Amz-Signature=hidden', { error, headers });
    expect(record).toMatchObject({
      userIdentity: { type: 'Unknown', accessKeyId: 'AKIDOTHER' },
      eventName: 'DescribeVault',
      requestParameters: { accountId: '-', vaultName: 'v' },
    });
    expect(JSON.stringify(record)).not.toContain('hidden');
    expect(await told('GET', '/-/vaults/v', { error, isLastOfMany: true })).toMatchObject({
      additionalEventData: { note: 'too many were turned away: further ones of this minute are not told' },
    });
  });

  test('a stranger who leads nowhere; a caller who does is none of it', async () => {
    const error = new GlacierError('MissingAuthenticationTokenException', 'who?');
    expect(await told('PATCH', '/.env', { error })).toMatchObject({ eventName: 'UnknownOperation', readOnly: false });
    expect(await told('PATCH', '/.env', { caller, error })).toBeUndefined();
    expect(await told('GET', '/%ff', { error })).toMatchObject({ eventName: 'UnknownOperation', readOnly: true });
  });

  test('of a wrong signature only the first line, which quotes no header', async () => {
    const error = new GlacierError('InvalidSignatureException', 'wrong\n\nx-amz-security-token:hidden');
    expect(await told('GET', '/-/vaults', { error })).toMatchObject({ errorMessage: 'wrong' });
  });
});

describe('who did it', () => {
  const accountId = '111122223333';
  const identity = async (principal: Caller['principal'], token?: { issuedAtMs: number }) => {
    const someone = { ...caller, principal, ...(token && { token }) };
    return (await known('PUT', '/-/vaults/v', { caller: someone }))?.userIdentity;
  };

  test('a user', async () => {
    const arn = `arn:aws:iam::${accountId}:user/ada`;
    expect(await identity({ type: 'user', accountId, arn, userId: 'AIDA', userName: 'ada' })).toEqual({
      type: 'IAMUser',
      principalId: 'AIDA',
      arn,
      accountId,
      accessKeyId: 'AKIDROOT',
      userName: 'ada',
    });
  });

  test('somebody with temporary credentials', async () => {
    const arn = `arn:aws:sts::${accountId}:federated-user/ada`;
    const issuerArn = `arn:aws:iam::${accountId}:user/ada`;
    const principal = { type: 'federated-user', accountId, arn, userId: `${accountId}:ada`, issuerArn } as const;
    expect(await identity(principal, { issuedAtMs: Date.UTC(2026, 2, 2, 9) })).toMatchObject({
      type: 'FederatedUser',
      sessionContext: {
        sessionIssuer: { arn: issuerArn, accountId },
        attributes: { creationDate: '2026-03-02T09:00:00Z', mfaAuthenticated: 'false' },
      },
    });
  });
});
