import { afterAll, beforeAll, expect, test } from 'vitest';
import { amzDate, ask, bytesOf, call, send, sign } from '../support/raw.ts';
import { startServer, type TestServer } from '../support/server.ts';
import { createVault, errorOf } from '../support/wire.ts';

/** Presigned URLs are none of Glacier's. Every form of them is refused, whatever else the request holds. */
let server: TestServer;
beforeAll(async () => {
  server = await startServer();
  await createVault(server, 'wire');
});
afterAll(() => server[Symbol.asyncDispose]());

const MISSING = { status: 400, code: 'MissingAuthenticationTokenException' };

/** What a presigner puts into the query. */
function presigned(changes: Record<string, string | null> = {}): string {
  const stamp = amzDate(new Date());
  const all: Record<string, string | null> = {
    'X-Amz-Algorithm': 'AWS4-HMAC-SHA256',
    'X-Amz-Credential': `${server.accessKeyId}/${stamp.slice(0, 8)}/us-east-1/glacier/aws4_request`,
    'X-Amz-Date': stamp,
    'X-Amz-Expires': '3600',
    'X-Amz-SignedHeaders': 'host',
    'X-Amz-Signature': '0'.repeat(64),
    ...changes,
  };
  const kept = Object.entries(all).filter((pair): pair is [string, string] => pair[1] !== null);
  return kept.map(([name, value]) => `${name}=${encodeURIComponent(value)}`).join('&');
}

test.each<[string, Record<string, string | null>]>([
  ['whole', {}],
  ['expired', { 'X-Amz-Date': '20200101T000000Z' }],
  ...['0', '-1', '604801', '1e99', '3600abc', ''].map((text): [string, Record<string, string>] => [
    `that expires after ${JSON.stringify(text)} seconds`,
    { 'X-Amz-Expires': text },
  ]),
  ['without host among the signed headers', { 'X-Amz-SignedHeaders': 'x-amz-date' }],
  ['without a signature', { 'X-Amz-Signature': null }],
  ['without an algorithm', { 'X-Amz-Algorithm': null }],
  ['with a token', { 'X-Amz-Security-Token': 'token' }],
])('S-12 a presigned URL %s', async (_, changes) => {
  for (const [method, path] of [
    ['GET', '/-/vaults/wire'],
    ['DELETE', '/-/vaults/wire'],
    ['PUT', '/-/vaults/other'],
  ] as const) {
    const target = `${path}?${presigned(changes)}`;
    expect(errorOf(await send(server, bytesOf(ask(server, { method, target }))))).toMatchObject(MISSING);
    // Nor does a right signature in the header make it better.
    expect(errorOf(await call(server, { method, target }))).toMatchObject(MISSING);
  }
  expect((await call(server, { target: '/-/vaults' })).json().VaultList).toHaveLength(1);
});

test('S-12 a parameter of it given twice', async () => {
  const target = `/-/vaults/wire?${presigned()}&X-Amz-Expires=10`;
  expect(errorOf(await send(server, bytesOf(ask(server, { target }))))).toMatchObject({ status: 400 });
});

test.each(['X-Amz-Signature', 'x-amz-signature', 'X-Amz-Algorithm', 'X%2DAmz-Credential'])(
  'S-11 %s appended to a request that is signed in the header',
  async (name) => {
    const request = sign(ask(server, { target: '/-/vaults/wire' }), server);
    const appended = { ...request, target: `${request.target}?${name}=${'0'.repeat(64)}` };
    expect(errorOf(await send(server, bytesOf(appended)))).toMatchObject(MISSING);
  },
);
