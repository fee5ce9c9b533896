import { CreateVaultCommand, DeleteVaultCommand, type GlacierClient } from '@aws-sdk/client-glacier';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  arnOf,
  glacierClient,
  missing,
  notFound,
  type Refusal,
  refusalOf,
  uploadArchive,
  vaultNotFound,
} from '../support/clients.ts';
import { send } from '../support/raw-client.ts';
import { ACCOUNT_ID, startServer, type TestServer } from '../support/server.ts';
import { denial, locksOf } from '../support/vault-lock.ts';

const DAY_MS = 24 * 60 * 60 * 1000;

let server: TestServer;
let client: GlacierClient;
beforeAll(async () => {
  server = await startServer();
  client = glacierClient(server);
});
afterAll(() => server[Symbol.asyncDispose]());

let vaults = 0;
const newVault = async () => {
  vaults += 1;
  const vaultName = `locked-${vaults}`;
  await client.send(new CreateVaultCommand({ accountId: '-', vaultName }));
  return { vaultName, ...locksOf(client, vaultName) };
};
const refused = async (call: Promise<unknown>): Promise<[number | undefined, string]> => {
  const { status, code } = await refusalOf(call);
  return [status, code];
};
const DENIED = [403, 'AccessDeniedException'];
const noLock = (vaultName: string): Refusal => notFound(`No vault lock policy is set for: ${arnOf(vaultName)}`);

describe('S-61 a vault lock', () => {
  test('denies while in progress, completes twice, cannot be aborted, and denies for ever after', async () => {
    const { vaultName, initiate, complete, abort, remove } = await newVault();
    const archiveId = await uploadArchive(client, { vaultName, body: Buffer.from('kept') });
    const lockId = await initiate(denial(vaultName));
    expect(lockId).toMatch(/^[A-Za-z0-9_][A-Za-z0-9_-]{23}$/);
    expect((await refusalOf(remove(archiveId))).message).toBe(
      `User: arn:aws:iam::${ACCOUNT_ID}:root is not authorized to perform: glacier:DeleteArchive ` +
        `on resource: ${arnOf(vaultName)} with an explicit deny in the vault lock policy`,
    );
    expect(await refused(initiate(denial(vaultName)))).toEqual(DENIED);
    expect(await refused(complete('x'.repeat(24)))).toEqual([400, 'InvalidParameterValueException']);
    await complete(lockId);
    await complete(lockId);
    expect(await refused(complete('x'.repeat(24)))).toEqual(DENIED);
    expect(await refused(abort())).toEqual(DENIED);
    expect(await refused(initiate(denial(vaultName)))).toEqual(DENIED);
    expect(await refused(remove(archiveId))).toEqual(DENIED);
  });

  test('is aborted while in progress, and what it denied is allowed again', async () => {
    const { vaultName, initiate, complete, abort, get, remove } = await newVault();
    const archiveId = await uploadArchive(client, { vaultName, body: Buffer.from('free') });
    expect(await refusalOf(get())).toEqual(noLock(vaultName));
    const lockId = await initiate(denial(vaultName));
    for (const _ of ['once', 'again']) await abort();
    expect(await refusalOf(get())).toEqual(noLock(vaultName));
    expect(await refusalOf(complete(lockId))).toEqual(noLock(vaultName));
    await remove(archiveId);
    await initiate(denial(vaultName));
  });

  test('S-63 goes with its empty vault; the next one of that name has none', async () => {
    const { vaultName, lock, get } = await newVault();
    await lock(denial(vaultName));
    await client.send(new DeleteVaultCommand({ accountId: '-', vaultName }));
    await client.send(new CreateVaultCommand({ accountId: '-', vaultName }));
    expect(await refusalOf(get())).toEqual(noLock(vaultName));
  });

  test('S-63 may deny deleting the vault for ever', async () => {
    const { vaultName, lock } = await newVault();
    await lock(denial(vaultName, { Action: ['glacier:DeleteVault'] }));
    expect(await refused(client.send(new DeleteVaultCommand({ accountId: '-', vaultName })))).toEqual(DENIED);
  });

  test('on a missing vault is a missing vault', async () => {
    const { initiate, complete, get, abort } = locksOf(client, 'missing');
    const calls = [() => initiate(denial('missing')), () => complete('x'), get, abort];
    for (const call of calls) expect(await refusalOf(call())).toEqual(vaultNotFound('missing'));
  });
});

describe('on the wire', () => {
  const call = (vaultName: string, method: string, { id = '', body = '' } = {}) =>
    send(server, { method, path: `/-/vaults/${vaultName}/lock-policy${id}`, body });

  test('the answers are those of the reference', async () => {
    const { vaultName } = await newVault();
    const policy = ` ${denial(vaultName)}\n`;
    const before = Date.now();
    const begun = await call(vaultName, 'POST', { body: JSON.stringify({ Policy: policy }) });
    expect([begun.status, begun.text]).toEqual([201, '{}']);
    const lockId = begun.header('x-amz-lock-id') ?? '';
    const { text, status } = await call(vaultName, 'GET');
    expect(status).toBe(200);
    const shown = JSON.parse(text);
    expect(Object.keys(shown)).toEqual(['CreationDate', 'ExpirationDate', 'Policy', 'State']);
    expect(shown).toMatchObject({ Policy: policy, State: 'InProgress' });
    const [createdAt, expiresAt] = [shown.CreationDate, shown.ExpirationDate].map(Date.parse);
    expect(createdAt).toBeGreaterThanOrEqual(before - 1);
    expect((expiresAt ?? 0) - (createdAt ?? 0)).toBe(DAY_MS);
    const done = await call(vaultName, 'POST', { id: `/${lockId}` });
    expect([done.status, done.text]).toEqual([204, '']);
    expect(JSON.parse((await call(vaultName, 'GET')).text)).toEqual({
      ...shown,
      ExpirationDate: null,
      State: 'Locked',
    });
  });

  test('an aborted lock answers 204 without a body', async () => {
    const { vaultName } = await newVault();
    const answer = await call(vaultName, 'DELETE');
    expect([answer.status, answer.text]).toEqual([204, '']);
  });

  test.each([
    ['', 400, 'MissingParameterValueException'],
    ['{}', 400, 'MissingParameterValueException'],
    ['{"Policy":null}', 400, 'MissingParameterValueException'],
    ['{"Policy":{}}', 400, 'SerializationException'],
    ['{"Policy":', 400, 'SerializationException'],
    ['{"Policy":"{}"}', 400, 'InvalidParameterValueException'],
    [JSON.stringify({ Policy: denial('elsewhere') }), 400, 'InvalidParameterValueException'],
    [JSON.stringify({ Policy: 'x'.repeat(21_000) }), 400, 'InvalidParameterValueException'],
  ])('%s is refused and changes nothing', async (body, status, code) => {
    const { vaultName } = await newVault();
    const answer = await call(vaultName, 'POST', { body });
    expect([answer.status, answer.json.code]).toEqual([status, code]);
    if (body === '{}') expect(answer.json.message).toBe(missing('Policy').message);
    if (code === 'InvalidParameterValueException') {
      expect(answer.json.message).toMatch(/^The specified vault lock policy is invalid\. /);
    }
    expect((await call(vaultName, 'GET')).status).toBe(404);
  });
});
