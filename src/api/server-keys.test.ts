import { expect, test, vi } from 'vitest';
import { ask, bytesOf, Connection, headOf, sign } from '../../test/support/raw.ts';
import type { TestServer } from '../../test/support/server.ts';
import { rootCaller } from '../core/callers.ts';
import { SigningKeyCache } from '../sigv4/signing-key.ts';
import { ByteBudget } from './byte-budget.ts';
import type { ApiServerOptions } from './server.ts';
import { ApiServer } from './server.ts';

/** How often a request has its key looked up, and whose policies decide. */
const SIGNER = { accessKeyId: 'AKIDROOT', secretAccessKey: 'secret' };
const caller = rootCaller({ accessKeyId: SIGNER.accessKeyId, accountId: '111122223333' });
const findAccessKey = vi.fn();
const decide = vi.fn(async (_: { caller: object }) => undefined);
const vault = { arn: 'a', name: 'v', createdAtMs: 0, lastInventoryAtMs: null, archiveCount: 0, sizeBytes: 0 };
const errors: unknown[] = [];
const start = (audit?: ApiServerOptions['audit']) =>
  ApiServer.start({
    audit,
    core: {
      authorisation: { require: decide },
      vaults: { describe: async () => vault, create: async () => undefined },
    },
    gate: {
      clock: { nowMs: () => Date.now() },
      region: 'us-east-1',
      signingKeys: new SigningKeyCache(),
      unhashedBytes: new ByteBudget(9),
      findAccessKey,
    },
    log: { error: (_: object, message: string) => errors.push(message), debug: () => undefined },
    listen: { host: '127.0.0.1', port: 0 },
    uploadStallTimeoutMs: 1000,
    trustedProxies: [],
  } as unknown as ApiServerOptions);

test('the key of a request is looked up again when its body had to be waited for, and not otherwise', async () => {
  await using server = await start();
  const known = { secretAccessKey: SIGNER.secretAccessKey, tokenDigest: null, expiresAtMs: null, caller };
  const target = { port: Number(new URL(server.url).port) } as TestServer;
  findAccessKey.mockImplementation(async () => known);
  using connection = await Connection.open(target);
  const reading = sign(ask(target, { target: '/-/vaults/v' }), SIGNER);
  expect((await connection.send(bytesOf(reading)).answer()).status).toBe(200);
  expect(findAccessKey).toHaveBeenCalledTimes(1);
  const making = sign(ask(target, { method: 'PUT', target: '/-/vaults/v', body: 'xy' }), SIGNER);
  connection.send(headOf(making));
  await vi.waitFor(() => expect(findAccessKey).toHaveBeenCalledTimes(2));
  const fresh = { ...caller, identityPolicies: ['other'] };
  findAccessKey.mockImplementation(async () => ({ ...known, caller: fresh }));
  expect((await connection.send(making.body).answer()).status).toBe(201);
  expect(findAccessKey).toHaveBeenCalledTimes(3);
  expect(decide.mock.calls.map(([wish]) => wish.caller)).toEqual([caller, fresh]);
});

test('a record that cannot be made is logged, and the server goes on', async () => {
  const write = () => {
    throw new Error('a defect');
  };
  await using server = await start({ write });
  for (const _ of [1, 2]) expect((await fetch(`${server.url}/-/vaults`)).status).toBe(400);
  await vi.waitFor(() => expect(errors).toEqual(Array(2).fill('a record of the audit log could not be made')));
});
