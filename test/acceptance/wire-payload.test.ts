import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import {
  type Asking,
  ask,
  askUpload,
  bytesOf,
  call,
  type Header,
  type RawRequest,
  send,
  sha256,
  sign,
} from '../support/raw.ts';
import { startServer, type TestServer } from '../support/server.ts';
import { archiveCount, createVault, errorOf, storedFiles } from '../support/wire.ts';

/** The body belongs to what is signed, by a literal hash. What does not fit leaves nothing behind. */
let server: TestServer;
beforeAll(async () => {
  server = await startServer();
  await createVault(server, 'wire');
});
afterAll(() => server[Symbol.asyncDispose]());
afterEach(() => expect(storedFiles(server)).toEqual([]));

const BODY = Buffer.from('a body');
const refused = async (request: RawRequest): Promise<ReturnType<typeof errorOf>> =>
  errorOf(await send(server, bytesOf(request)));
const INVALID = { status: 403, code: 'InvalidSignatureException' };

describe('the hash of the body', () => {
  const carrying: Asking[] = [
    { method: 'POST', target: '/-/vaults/wire/archives' },
    { method: 'PUT', target: '/-/vaults/wire/multipart-uploads/id', headers: { 'Content-Range': 'bytes 0-5/*' } },
    { method: 'POST', target: '/-/vaults/wire/jobs' },
    { method: 'PUT', target: '/-/vaults/hashes' },
    { method: 'POST', target: '/-/vaults/wire/tags?operation=add' },
    { method: 'PUT', target: '/-/vaults/wire/notification-configuration' },
    { method: 'PUT', target: '/-/vaults/wire/access-policy' },
    { method: 'POST', target: '/-/vaults/wire/lock-policy' },
    { method: 'PUT', target: '/-/policies/data-retrieval' },
  ];
  const hex = sha256(BODY);
  const modes = [
    'UNSIGNED-PAYLOAD',
    'STREAMING-UNSIGNED-PAYLOAD-TRAILER',
    'STREAMING-AWS4-HMAC-SHA256-PAYLOAD',
    'STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER',
    '',
    hex.toUpperCase(),
    hex.slice(1),
    `${hex}0`,
    `${hex},${hex}`,
  ];

  test.each(carrying)('S-10 $method $target takes a literal one only', async (asking) => {
    for (const mode of modes) {
      const headers = { ...asking.headers, 'x-amz-content-sha256': mode, 'x-amz-sha256-tree-hash': hex };
      const { status, code } = await refused(sign(ask(server, { ...asking, body: BODY, headers }), server));
      expect([mode, status, code]).toEqual([mode, 400, 'InvalidParameterValueException']);
      const forged = sign(ask(server, { ...asking, body: BODY, headers }), { ...server, secretAccessKey: 'wrong' });
      expect(await refused(forged)).toMatchObject({ status: 400, code: 'InvalidParameterValueException' });
    }
  });

  test.each(carrying.filter(({ target }) => !target.endsWith('/id')))(
    'S-14 $method $target: another body than was signed',
    async (asking) => {
      const headers = { ...asking.headers, 'x-amz-sha256-tree-hash': hex };
      const request = sign(ask(server, { ...asking, body: BODY, headers }), server);
      const body = Buffer.from(BODY);
      body[0] = (body[0] ?? 0) ^ 1;
      const message =
        'The value passed in as x-amz-content-sha256 does not match the computed payload hash. ' +
        `Computed digest: ${sha256(body)} expected hash: ${hex}`;
      expect(await refused({ ...request, body })).toEqual({ ...INVALID, message });
    },
  );

  test('S-10 two of them', async () => {
    const request = sign(ask(server, { method: 'POST', target: '/-/vaults/wire/archives', body: BODY }), server);
    const twice = { ...request, headers: [...request.headers, ['x-amz-content-sha256', hex] as [string, string]] };
    expect(await refused(twice)).toMatchObject({ status: 400, code: 'BadRequest' });
  });

  test('without one the body itself is part of the signature, if it is small', async () => {
    const unhashed = { 'x-amz-content-sha256': null, 'x-amz-sha256-tree-hash': hex };
    const small = sign(ask(server, { ...carrying[0]!, body: BODY, headers: unhashed }), server);
    expect(await refused(small)).toMatchObject({
      status: 400,
      message: 'Required parameter missing: x-amz-content-sha256',
    });
    expect(await refused({ ...small, body: Buffer.from('A body') })).toMatchObject(INVALID);
    const tooLarge = {
      status: 400,
      message: 'Required parameter missing: x-amz-content-sha256. A body of more than 524288 bytes needs it.',
    };
    const large = ask(server, { ...carrying[0]!, body: Buffer.alloc(2 ** 19 + 1), headers: unhashed });
    expect(await refused(sign(large, server))).toMatchObject(tooLarge);
    const { headers, body } = large;
    const chunked = headers.map(([name, value]): Header => {
      return name === 'Content-Length' ? ['Transfer-Encoding', 'chunked'] : [name, value];
    });
    const chunks = Buffer.concat([Buffer.from(`${body.length.toString(16)}\r\n`), body, Buffer.from('\r\n0\r\n\r\n')]);
    expect(await refused({ ...sign({ ...large, headers: chunked }, server), body: chunks })).toMatchObject(tooLarge);
  });
});

test('after all that the vault is empty', async () => {
  expect(await archiveCount(server, 'wire')).toBe(0);
  expect((await call(server, { target: '/-/vaults/hashes' })).status).toBe(404);
  expect((await call(server, askUpload(server, BODY, { vault: 'nowhere' }))).status).toBe(404);
});
