import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Operator, operatorOf } from '../support/operator.ts';
import { ask, Connection, call, headOf, type RawRequest, sign } from '../support/raw.ts';
import { startServer, type TestServer } from '../support/server.ts';
import { createVault, errorOf } from '../support/wire.ts';

/** Whoever holds the end of a body back decides with it under which keys, policies and accounts it is decided: today's. */
let directory = '';
let server: TestServer;
let operator: Operator;
beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'moraine-held-'));
  const dataDir = join(directory, 'data');
  operator = operatorOf(dataDir);
  server = await startServer({ dataDir });
  await createVault(server, 'wire');
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
  rmSync(directory, { recursive: true, force: true });
});

interface Key {
  accessKeyId: string;
  secretAccessKey: string;
}

const ALL = '{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"glacier:*","Resource":"*"}}';
const DETACH = ['policies', 'detach', '--name', 'all', '--user'];
const UNKNOWN = { status: 400, code: 'UnrecognizedClientException' };
const DENIED = { status: 403, code: 'AccessDeniedException' };

async function newUser(): Promise<Key & { name: string }> {
  const name = `user-${randomBytes(6).toString('hex')}`;
  await operator.ask(['users', 'create', name]);
  await operator.ask(['policies', 'attach', '--user', name, '--name', 'all', '--document', '-'], { input: ALL });
  return { name, ...(await operator.ask<Key>(['keys', 'create', '--user', name])) };
}

/** Sends all of a request but its last byte; that one goes when `meanwhile` is done. */
async function held(request: RawRequest, meanwhile: () => Promise<unknown>) {
  using connection = await Connection.open(server);
  connection.send(Buffer.concat([headOf(request), request.body.subarray(0, -1)]));
  // Too short, and the request begins after the change: it is refused all the same.
  await sleep(200);
  await meanwhile();
  return await connection.send(request.body.subarray(-1)).answer();
}

const isThere = async (vault: string) => (await call(server, { target: `/-/vaults/${vault}` })).status === 200;
const putting = (vault: string, key: Key, headers: Record<string, string | null> = {}) =>
  sign(ask(server, { method: 'PUT', target: `/-/vaults/${vault}`, body: 'xy', headers }), key);
const UNHASHED = { 'x-amz-content-sha256': null };

test.each([
  ['with a hash', {}],
  ['without a hash', UNHASHED],
])('what is taken away while a body %s is on its way is gone when it is there', async (_, headers) => {
  const [ann, bob, eve] = [await newUser(), await newUser(), await newUser()];
  const disabled = await held(putting('disabled', ann, headers), () =>
    operator.ask(['keys', 'disable', ann.accessKeyId]),
  );
  expect(errorOf(disabled)).toMatchObject(UNKNOWN);
  const detached = await held(putting('detached', bob, headers), () => operator.ask([...DETACH, bob.name]));
  expect(errorOf(detached)).toMatchObject(DENIED);
  const deleted = await held(putting('deleted', eve, headers), () => operator.ask(['users', 'delete', eve.name]));
  expect(errorOf(deleted)).toMatchObject(UNKNOWN);
  for (const vault of ['disabled', 'detached', 'deleted']) expect(await isThere(vault)).toBe(false);
  const kept = await newUser();
  expect((await held(putting('kept', kept, headers), async () => undefined)).status).toBe(201);
});

test('an account that was deleted meanwhile gets no vault', async () => {
  const { account, key } = await operator.ask<{ account: { accountId: string }; key: Key }>(['accounts', 'create']);
  const answer = await held(putting('ghost', key), () => operator.ask(['accounts', 'delete', account.accountId]));
  expect(errorOf(answer)).toMatchObject(UNKNOWN);
});
