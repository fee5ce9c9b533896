import { afterAll, beforeAll, expect, test } from 'vitest';
import { amzDate, ask, bytesOf, call, send, sign } from '../support/raw.ts';
import { startServer, type TestServer } from '../support/server.ts';
import { createVault, errorOf, upload } from '../support/wire.ts';

/** The very same signed bytes once more. Within five minutes they count again, as at Amazon (docs/compatibility.md). */
let server: TestServer;
beforeAll(async () => {
  server = await startServer();
  await createVault(server, 'wire');
});
afterAll(() => server[Symbol.asyncDispose]());

const signed = (method: string, target: string, body = '') =>
  bytesOf(sign(ask(server, { method, target, body }), server));

test('S-23 a deletion sent again changes nothing more', async () => {
  const id = await upload(server, Buffer.from('to be deleted'));
  const kept = await upload(server, Buffer.from('to be kept'));
  const bytes = signed('DELETE', `/-/vaults/wire/archives/${id}`);
  expect((await send(server, bytes)).status).toBe(204);
  expect((await send(server, bytes)).status).toBe(204);
  expect(kept).not.toBe(id);
  expect((await call(server, { target: '/-/vaults/wire' })).json().NumberOfArchives).toBe(1);
});

test('S-23 a job initiated again is a second job', async () => {
  const bytes = signed('POST', '/-/vaults/wire/jobs', '{"Type":"inventory-retrieval"}');
  const ids = [await send(server, bytes), await send(server, bytes)].map((answer) => answer.header('x-amz-job-id'));
  expect(new Set(ids).size).toBe(2);
  expect((await call(server, { target: '/-/vaults/wire/jobs' })).json().JobList).toHaveLength(2);
});

test('S-23 after the five minutes the same bytes are refused', async () => {
  const at = new Date(Date.now() - 5 * 60_000 - 2000);
  const bytes = bytesOf(sign(ask(server, { method: 'DELETE', target: '/-/vaults/wire', at }), server));
  const { status, code, message } = errorOf(await send(server, bytes));
  expect([status, code]).toEqual([403, 'InvalidSignatureException']);
  expect(message).toContain(`Signature expired: ${amzDate(at)}`);
});
