import { afterAll, beforeAll, expect, test } from 'vitest';
import { ask, bytesOf, Connection, send, sign } from '../support/raw.ts';
import { startServer, type TestServer } from '../support/server.ts';
import { createVault, errorOf, troubleIn } from '../support/wire.ts';

/** Trying keys: how often it may be done. */
const PER_MINUTE = 600;
let server: TestServer;
beforeAll(async () => {
  server = await startServer();
  await createVault(server, 'wire');
});
afterAll(() => server[Symbol.asyncDispose]());

const request = (signing: { accessKeyId?: string; secretAccessKey?: string } = {}): Buffer =>
  bytesOf(sign(ask(server, { target: '/-/vaults/wire' }), { ...server, ...signing }));
const UNKNOWN = { accessKeyId: 'AKIAUNKNOWN000000000' };
const WRONG = { secretAccessKey: 'wrong' };

test('S-04 a source that fails too often learns no more, while others and its good requests go on', async () => {
  const from = '127.3.0.1';
  using connection = await Connection.open(server, { from });
  const outcome = async (bytes: Buffer) => errorOf(await connection.send(bytes).answer());
  // The minute may end in the middle of it; then the count begins anew.
  const codes: string[] = [];
  while (codes.at(-1) !== 'ThrottlingException' && codes.length < 2.5 * PER_MINUTE) {
    codes.push((await outcome(request(codes.length % 2 === 0 ? UNKNOWN : WRONG))).code);
  }
  expect(codes.length).toBeGreaterThan(PER_MINUTE);
  expect(new Set(codes.slice(0, -1))).toEqual(new Set(['UnrecognizedClientException', 'InvalidSignatureException']));
  const throttled = { status: 400, code: 'ThrottlingException', message: 'Rate exceeded' };
  const unsigned = bytesOf(ask(server, { target: '/-/vaults/wire' }));
  const outcomes = [await outcome(request(UNKNOWN)), await outcome(request(WRONG)), await outcome(unsigned)];
  if (new Date().getUTCSeconds() > 0) expect(outcomes).toEqual([throttled, throttled, throttled]);
  expect((await connection.send(request()).answer()).status).toBe(200);
  expect(errorOf(await send(server, request(WRONG), { from: '127.3.0.2' })).code).toBe('InvalidSignatureException');
  const [line = '', ...more] = troubleIn(server).filter((text) => text.includes(from));
  expect([JSON.parse(line).msg, more]).toEqual(['a source fails to authenticate too often', []]);
});
