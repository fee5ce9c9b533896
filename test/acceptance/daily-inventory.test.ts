import {
  CreateVaultCommand,
  DeleteVaultCommand,
  DescribeVaultCommand,
  type GlacierClient,
} from '@aws-sdk/client-glacier';
import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  arnOf,
  glacierClient,
  invalid,
  notFound,
  outputOf,
  refusalOf,
  runJob,
  startJob,
  uploadArchive,
} from '../support/clients.ts';
import { startServer, type TestServer } from '../support/server.ts';
import { stateOf } from '../support/state.ts';

/** With daily inventories the numbers of a vault are those of its last inventory, and a new vault has none. */
const vaultName = 'daily';

let server: TestServer;
let client: GlacierClient;
let archiveId = '';
beforeAll(async () => {
  server = await startServer({ flags: ['--inventory', 'daily'] });
  client = glacierClient(server);
  await client.send(new CreateVaultCommand({ accountId: '-', vaultName }));
  archiveId = await uploadArchive(client, { vaultName, body: Buffer.from('x') });
});
afterAll(() => server[Symbol.asyncDispose]());

test('before the first inventory the counts are 0 and the date is null', async () => {
  const vault = await client.send(new DescribeVaultCommand({ accountId: '-', vaultName }));
  expect(vault).toMatchObject({ NumberOfArchives: 0, SizeInBytes: 0 });
  expect(vault.LastInventoryDate).toBeUndefined();
});

test.each([{}, { Format: 'CSV' }, { InventoryRetrievalParameters: { Limit: '1' } }])(
  'an inventory is refused before the first one: %j',
  async (more) => {
    const before = await stateOf(server, vaultName);
    expect(await refusalOf(startJob(client, vaultName, { Type: 'inventory-retrieval', ...more }))).toEqual(
      notFound(
        `Inventory retrieval jobs for vault ${arnOf(vaultName)} cannot be initiated yet, as Amazon Glacier has not yet ` +
          'generated an initial inventory for this vault.',
      ),
    );
    expect(await stateOf(server, vaultName)).toBe(before);
  },
);

test('the archive can be retrieved all the same', async () => {
  const jobId = await runJob(client, vaultName, { Type: 'archive-retrieval', ArchiveId: archiveId });
  expect((await outputOf(client, { vaultName, jobId })).bytes.toString()).toBe('x');
});

test('a vault written to since its last inventory cannot be deleted, one never written to can', async () => {
  const remove = (name: string) => client.send(new DeleteVaultCommand({ accountId: '-', vaultName: name }));
  expect(await refusalOf(remove(vaultName))).toEqual(
    invalid(`Vault not empty or recently written to: ${arnOf(vaultName)}`),
  );
  await client.send(new CreateVaultCommand({ accountId: '-', vaultName: 'unwritten' }));
  expect((await remove('unwritten')).$metadata.httpStatusCode).toBe(204);
});
