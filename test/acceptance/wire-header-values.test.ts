import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ask, askUpload, bytesOf, call, type Header, send, sign } from '../support/raw.ts';
import { startServer, type TestServer } from '../support/server.ts';
import { archiveCount, createVault, errorOf, retrieve } from '../support/wire.ts';

/** What is in the values of headers, as clients of all kinds write them; and headers that are nobody's. */
let server: TestServer;
beforeAll(async () => {
  server = await startServer();
  await createVault(server, 'wire');
});
afterAll(() => server[Symbol.asyncDispose]());

describe('a signed header', () => {
  test.each([
    ['double spaces', 'a  b   c'],
    ['tabs', 'a\tb\t\tc'],
    ['a blank in front', '   a'],
    ['blanks at the end', 'a   '],
    ['only blanks', '   '],
    ['nothing', ''],
    ['8-bit characters', 'caf\xe9 \xff'],
    ['quotes and commas', '"a  b", c,,d'],
  ])('S-25 with %s is taken, and not with another value', async (_, value) => {
    const asking = { target: '/-/vaults/wire', headers: { 'x-note': value } };
    expect((await call(server, asking)).status).toBe(200);
    const request = sign(ask(server, asking), server);
    const other = request.headers.map(([name, text]): Header => [name, name === 'x-note' ? `${text}x` : text]);
    expect(errorOf(await send(server, bytesOf({ ...request, headers: other })))).toMatchObject({
      status: 403,
      code: 'InvalidSignatureException',
    });
  });

  test('S-25 that is there twice is signed as one, in its order', async () => {
    const request = ask(server, { target: '/-/vaults/wire' });
    const twice = (...values: string[]) => ({
      ...request,
      headers: [...request.headers, ...values.map((value): Header => ['x-note', value])],
    });
    expect((await call(server, twice('b', 'a'))).status).toBe(200);
    const signed = sign(twice('b', 'a'), server);
    const notes = signed.headers.filter(([name]) => name === 'x-note');
    const swapped = [...signed.headers.filter(([name]) => name !== 'x-note'), ...notes.toReversed()];
    expect((await send(server, bytesOf({ ...signed, headers: swapped }))).status).toBe(403);
    const dropped = signed.headers.filter(([name, value]) => name !== 'x-note' || value !== 'a');
    expect((await send(server, bytesOf({ ...signed, headers: dropped }))).status).toBe(403);
  });

  test('S-25 with NUL or a line end inside is refused', async () => {
    const [head = '', tail = ''] = bytesOf(sign(ask(server, { target: '/-/vaults/wire' }), server))
      .toString('latin1')
      .split(/(?=\r\n\r\n)/);
    for (const value of ['a\0b', 'a\rb', 'a\nb', 'a\r\n b']) {
      expect((await send(server, `${head}\r\nx-note: ${value}${tail}`)).status).toBe(400);
    }
  });
});

/** Names by which servers of this kind keep things to themselves, or are told of them by their proxies. */
const INTERNAL = [
  'x-moraine-account',
  'x-moraine-internal',
  'x-amz-meta-owner',
  'x-amz-account-id',
  'x-amz-glacier-internal',
  'x-amz-archive-id',
  'x-amz-job-id',
  'x-amz-source-account',
  'x-minio-source-replication-request',
  'x-forwarded-user',
  'x-remote-user',
  'x-real-ip',
];
const MARK = 'internal-mark-of-the-client';

test('S-31 headers that no client has any business with are ignored and never kept', async () => {
  const internal = Object.fromEntries(INTERNAL.map((name) => [name, MARK]));
  const body = Buffer.from('a body');
  const stored = await call(server, askUpload(server, body, { headers: internal }));
  expect(stored.status).toBe(201);
  const ArchiveId = stored.header('x-amz-archive-id') ?? '';
  expect(ArchiveId).not.toContain(MARK);
  const job = { Type: 'archive-retrieval', ArchiveId };
  const target = await retrieve(server, job);
  const described = await call(server, { target: target.replace(/\/output$/, ''), headers: internal });
  const output = await call(server, { target, headers: internal });
  const listed = await call(server, { target: '/-/vaults', headers: internal });
  expect([described.status, output.status, listed.status]).toEqual([200, 200, 200]);
  for (const { headers, body: text } of [stored, described, output, listed]) {
    expect(JSON.stringify(headers) + text).not.toContain(MARK);
  }
  expect(await archiveCount(server, 'wire')).toBe(1);
  expect(server.stderr()).not.toContain(MARK);
});
