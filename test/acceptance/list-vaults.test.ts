import { CreateVaultCommand, DeleteVaultCommand, type GlacierClient, ListVaultsCommand } from '@aws-sdk/client-glacier';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { arnOf, glacierClient, refusalOf } from '../support/clients.ts';
import { send } from '../support/raw-client.ts';
import { startServer, type TestServer } from '../support/server.ts';

const VAULTS_MAX = 1000;
const AT_ONCE = 16;

let server: TestServer;
let client: GlacierClient;
beforeAll(async () => {
  server = await startServer();
  client = glacierClient(server);
});
afterAll(() => server[Symbol.asyncDispose]());

const create = (vaultName: string) => client.send(new CreateVaultCommand({ accountId: '-', vaultName }));
const remove = (vaultName: string) => client.send(new DeleteVaultCommand({ accountId: '-', vaultName }));
const list = (query: { limit?: number; marker?: string } = {}) =>
  client.send(new ListVaultsCommand({ accountId: '-', ...query }));
const names = async (query: { limit?: number; marker?: string } = {}) =>
  (await list(query)).VaultList?.map((vault) => vault.VaultName);

test('an account without vaults has an empty list and a null Marker', async () => {
  expect((await send(server, { method: 'GET', path: '/-/vaults' })).text).toBe('{"Marker":null,"VaultList":[]}');
});

test('each element is what DescribeVault says, byte for byte', async () => {
  await create('only');
  const vault = await send(server, { method: 'GET', path: '/-/vaults/only' });
  const all = await send(server, { method: 'GET', path: '/-/vaults' });
  expect(all.text).toBe(`{"Marker":null,"VaultList":[${vault.text}]}`);
  await remove('only');
});

test('the order is ASCII: upper case, then the underscore, then lower case', async () => {
  const ordered = ['-a', '.b', '0', 'A', 'Z', '_', 'a', 'a-b', 'aa', 'z'];
  await Promise.all([...ordered].reverse().map(create));
  expect(await names()).toEqual(ordered);
  await Promise.all(ordered.map(remove));
});

test('a marker goes on after its vault, also when that vault has been deleted, and shows vaults made meanwhile', async () => {
  await Promise.all(['a', 'c', 'e', 'g'].map(create));
  const { Marker, VaultList } = await list({ limit: 2 });
  expect(VaultList?.map((vault) => vault.VaultName)).toEqual(['a', 'c']);
  expect(Marker).toBe(arnOf('c'));
  await remove('c');
  await create('b');
  await create('d');
  expect(await names({ marker: Marker ?? '' })).toEqual(['d', 'e', 'g']);
  // A marker is a place, so one that was never a vault will do, and the last place has nothing after it.
  expect(await names({ marker: arnOf('f') })).toEqual(['g']);
  expect(await names({ marker: arnOf('g') })).toEqual([]);
  await Promise.all(['a', 'b', 'd', 'e', 'g'].map(remove));
});

test(`vault number ${VAULTS_MAX + 1} is refused; the others can still be created again`, async () => {
  const wanted = Array.from({ length: VAULTS_MAX }, (_, index) => `v${index}`);
  const pending = wanted.values();
  const work = async () => {
    for (const name of pending) await create(name);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  expect(await refusalOf(create('one-more'))).toEqual({
    status: 400,
    code: 'LimitExceededException',
    message: 'The account has 1000 vaults, which is the limit.',
  });
  expect((await create('v0')).$metadata.httpStatusCode).toBe(201);
  await remove('v0');
  expect((await create('one-more')).$metadata.httpStatusCode).toBe(201);
  expect(await names({ limit: 1 })).toEqual(['one-more']);
});
