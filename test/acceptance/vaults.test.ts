import {
  CreateVaultCommand,
  DeleteArchiveCommand,
  DeleteVaultCommand,
  DescribeVaultCommand,
  type GlacierClient,
  InitiateMultipartUploadCommand,
  ListJobsCommand,
  ListMultipartUploadsCommand,
  waitUntilVaultExists,
  waitUntilVaultNotExists,
} from '@aws-sdk/client-glacier';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  arnOf,
  glacierClient,
  invalid,
  notFound,
  refusalOf,
  runJob,
  uploadArchive,
  vaultNotFound,
} from '../support/clients.ts';
import { send } from '../support/raw-client.ts';
import { ACCOUNT_ID, startServer, type TestServer } from '../support/server.ts';

const INSTANT = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;
const OVERHEAD_BYTES = 32 * 1024;
const NAME_MAX = `${'aZ09_.-'.repeat(36)}abc`;

let server: TestServer;
let client: GlacierClient;
beforeAll(async () => {
  server = await startServer();
  client = glacierClient(server);
});
afterAll(() => server[Symbol.asyncDispose]());

const create = (vaultName: string) => client.send(new CreateVaultCommand({ accountId: '-', vaultName }));
const describeVault = (vaultName: string) => client.send(new DescribeVaultCommand({ accountId: '-', vaultName }));
const remove = (vaultName: string) => client.send(new DeleteVaultCommand({ accountId: '-', vaultName }));
const rawVault = (vaultName: string) => send(server, { method: 'GET', path: `/-/vaults/${vaultName}` });
/** Every vault of the account, as the wire shows it. */
const allVaults = async () => (await send(server, { method: 'GET', path: '/-/vaults' })).text;

describe('CreateVault', () => {
  test('answers 201 with a Location, an empty object and the headers in the usual order', async () => {
    const answer = await send(server, { method: 'PUT', path: '/-/vaults/created' });
    expect(answer.status).toBe(201);
    expect(answer.text).toBe('{}');
    expect(answer.header('Location')).toBe(`/${ACCOUNT_ID}/vaults/created`);
    expect(answer.header('x-amzn-RequestId')).toMatch(/^[A-Za-z0-9_-]{47}$/);
    const names = answer.headers.map(([name]) => name);
    expect(names.slice(0, 5)).toEqual(['x-amzn-RequestId', 'Location', 'Content-Type', 'Content-Length', 'Date']);
    expect(answer.header('Content-Type')).toBe('application/json');
    expect(answer.header('Content-Length')).toBe('2');
    expect(answer.header('Transfer-Encoding')).toBeUndefined();
  });

  test('takes the number of the account in place of a dash', async () => {
    const { location } = await client.send(new CreateVaultCommand({ accountId: ACCOUNT_ID, vaultName: 'numbered' }));
    expect(location).toBe(`/${ACCOUNT_ID}/vaults/numbered`);
  });

  test('is idempotent: a vault that exists stays as it is', async () => {
    await create('twice');
    await uploadArchive(client, { vaultName: 'twice', body: Buffer.from('x') });
    const before = await rawVault('twice');
    expect(await create('twice')).toMatchObject({ location: `/${ACCOUNT_ID}/vaults/twice` });
    expect((await rawVault('twice')).text).toBe(before.text);
  });

  test.each(['a', '0', '_', '-dash', 'dots.and..more', NAME_MAX])('takes the name %s', async (name) => {
    await create(name);
    expect(await describeVault(name)).toMatchObject({ VaultName: name, VaultARN: arnOf(name) });
    await remove(name);
  });

  test('tells names apart by case', async () => {
    await create('Case');
    expect(await refusalOf(describeVault('case'))).toEqual(vaultNotFound('case'));
  });

  test.each([
    ['a blank', 'a b'],
    ['a colon', 'testz:z'],
    ['a slash', 'a/b'],
    ['a letter that is not ASCII', 'tresór'],
    ['an emoji', '🧊'],
    ['a quote', "a'b"],
    ['256 characters', `${NAME_MAX}d`],
  ])('refuses a name with %s', async (_, name) => {
    const before = await allVaults();
    const refusal = await refusalOf(create(name));
    expect(refusal).toMatchObject({ status: 400, code: 'InvalidParameterValueException' });
    expect(refusal.message).toContain(`Invalid vault name: ${name}`);
    expect(await allVaults()).toBe(before);
  });
});

describe('DescribeVault', () => {
  test('shows a new vault byte for byte: zero counts, and null before the first inventory', async () => {
    await create('new');
    const answer = await rawVault('new');
    const { CreationDate } = answer.json;
    expect(CreationDate).toMatch(INSTANT);
    expect(Math.abs(Date.parse(CreationDate) - Date.now())).toBeLessThan(30_000);
    expect(answer.text).toBe(
      `{"CreationDate":"${CreationDate}","LastInventoryDate":null,"NumberOfArchives":0,"SizeInBytes":0,` +
        `"VaultARN":"${arnOf('new')}","VaultName":"new"}`,
    );
    expect(answer.header('Content-Type')).toBe('application/json');
  });

  test('counts archives as of now, with 32 KiB on top of each', async () => {
    await create('counted');
    const archiveId = await uploadArchive(client, { vaultName: 'counted', body: Buffer.alloc(125) });
    await uploadArchive(client, { vaultName: 'counted', body: Buffer.alloc(125) });
    const full = await describeVault('counted');
    expect(full).toMatchObject({ NumberOfArchives: 2, SizeInBytes: 2 * (125 + OVERHEAD_BYTES) });
    expect(full.LastInventoryDate).toMatch(INSTANT);
    await client.send(new DeleteArchiveCommand({ accountId: '-', vaultName: 'counted', archiveId }));
    expect(await describeVault('counted')).toMatchObject({ NumberOfArchives: 1, SizeInBytes: 125 + OVERHEAD_BYTES });
  });

  test('refuses a vault that is not there, with its ARN', async () => {
    expect(await refusalOf(describeVault('nowhere'))).toEqual(vaultNotFound('nowhere'));
  });

  test('refuses a name that no vault can have, with the name as it came', async () => {
    expect(await refusalOf(describeVault('testz:z'))).toEqual(notFound('Vault not found for ARN: testz:z'));
    expect(await refusalOf(describeVault(arnOf('new')))).toEqual(notFound(`Vault not found for ARN: ${arnOf('new')}`));
  });
});

describe('DeleteVault', () => {
  test('answers 204 with nothing, and again', async () => {
    await create('gone');
    for (const _ of ['first', 'again']) {
      const answer = await send(server, { method: 'DELETE', path: '/-/vaults/gone' });
      expect(answer.status).toBe(204);
      expect(answer.bytes).toHaveLength(0);
      expect(answer.header('Content-Type')).toBeUndefined();
      expect(answer.header('x-amzn-RequestId')).toHaveLength(47);
    }
    expect(await refusalOf(describeVault('gone'))).toEqual(vaultNotFound('gone'));
  });

  test('of a vault that never was succeeds', async () => {
    expect((await remove('never'))?.$metadata.httpStatusCode).toBe(204);
  });

  test('is refused while an archive is in it, and the vault stays as it is', async () => {
    await create('full');
    const archiveId = await uploadArchive(client, { vaultName: 'full', body: Buffer.from('x') });
    const before = await rawVault('full');
    expect(await refusalOf(remove('full'))).toEqual(
      invalid(`Vault not empty or recently written to: ${arnOf('full')}`),
    );
    expect((await rawVault('full')).text).toBe(before.text);
    await client.send(new DeleteArchiveCommand({ accountId: '-', vaultName: 'full', archiveId }));
    await remove('full');
    expect(await refusalOf(describeVault('full'))).toEqual(vaultNotFound('full'));
  });

  test('takes the jobs and uploads of the vault with it', async () => {
    const vaultName = 'reused';
    await create(vaultName);
    await runJob(client, vaultName, { Type: 'inventory-retrieval' });
    await client.send(new InitiateMultipartUploadCommand({ accountId: '-', vaultName, partSize: '1048576' }));
    await remove(vaultName);
    await create(vaultName);
    expect((await client.send(new ListJobsCommand({ accountId: '-', vaultName }))).JobList).toEqual([]);
    const uploads = await client.send(new ListMultipartUploadsCommand({ accountId: '-', vaultName }));
    expect(uploads.UploadsList).toEqual([]);
  });
});

describe('the waiters of the SDK', () => {
  test('VaultExists and VaultNotExists see a vault come and go', async () => {
    const input = { accountId: '-', vaultName: 'awaited' };
    const waiting = { client, maxWaitTime: 20, minDelay: 1, maxDelay: 1 };
    const exists = waitUntilVaultExists(waiting, input);
    await create('awaited');
    expect((await exists).state).toBe('SUCCESS');
    const gone = waitUntilVaultNotExists(waiting, input);
    await remove('awaited');
    expect((await gone).state).toBe('SUCCESS');
  });
});
