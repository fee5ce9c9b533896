import { CreateVaultCommand, type GlacierClient } from '@aws-sdk/client-glacier';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  arnOf,
  ended,
  glacierClient,
  invalid,
  outputOf,
  refusalOf,
  startJob,
  uploadArchive,
} from '../support/clients.ts';
import { MIB, noise, treeHash } from '../support/hashes.ts';
import { send } from '../support/raw-client.ts';
import { startServer, type TestServer } from '../support/server.ts';
import { stateOf } from '../support/state.ts';

/** Jobs that take their time: what they show and refuse meanwhile, and when they end. */
const vaultName = 'delays';
const SOON_MS = { min: 2000, max: 3000 };
/** How late a job may end on a machine that has other things to do. */
const LATE_MS_MAX = 5000;
const bytes = noise(2 * MIB + 1);

let server: TestServer;
let client: GlacierClient;
let archiveId = '';
beforeAll(async () => {
  server = await startServer({
    flags: ['--retrieval-times', 'expedited=0s,standard=2s..3s,bulk=1h,inventory=2s..3s'],
  });
  client = glacierClient(server);
  await client.send(new CreateVaultCommand({ accountId: '-', vaultName }));
  archiveId = await uploadArchive(client, { vaultName, body: bytes });
});
afterAll(() => server[Symbol.asyncDispose]());

const retrieval = (more: object = {}) => ({ Type: 'archive-retrieval', ArchiveId: archiveId, ...more });
const rawJob = (jobId: string) => send(server, { method: 'GET', path: `/-/vaults/${vaultName}/jobs/${jobId}` });
const start = (job: object) => startJob(client, vaultName, job);

test('a job in progress is shown byte for byte, with null for what is not known yet', async () => {
  const jobId = await start(retrieval({ Tier: 'Bulk', RetrievalByteRange: `0-${2 * MIB - 1}` }));
  const { text, json } = await rawJob(jobId);
  expect(text).toBe(
    `{"Action":"ArchiveRetrieval","ArchiveId":"${archiveId}","ArchiveSHA256TreeHash":"${treeHash(bytes)}",` +
      `"ArchiveSizeInBytes":${bytes.length},"Completed":false,"CompletionDate":null,` +
      `"CreationDate":"${json.CreationDate}","InventoryRetrievalParameters":null,"InventorySizeInBytes":null,` +
      `"JobDescription":null,"JobId":"${jobId}","RetrievalByteRange":"0-2097151",` +
      `"SHA256TreeHash":"${treeHash(bytes.subarray(0, 2 * MIB))}","SNSTopic":null,"StatusCode":"InProgress",` +
      `"StatusMessage":null,"Tier":"Bulk","VaultARN":"${arnOf(vaultName)}"}`,
  );
});

test('output asked for too early is refused, and the job goes on', async () => {
  const jobId = await start(retrieval({ Tier: 'Bulk' }));
  const before = await stateOf(server, vaultName);
  const refusal = invalid(`The job is not currently available for download: ${jobId}`);
  expect(await refusalOf(outputOf(client, { vaultName, jobId }))).toEqual(refusal);
  expect(await refusalOf(outputOf(client, { vaultName, jobId, range: 'bytes=0-0' }))).toEqual(refusal);
  expect(await stateOf(server, vaultName)).toBe(before);
});

/** They wait for the same clock, so they wait side by side. */
describe.concurrent('jobs that are waited for', () => {
  async function tookMs(job: object): Promise<number> {
    const { CreationDate, CompletionDate, StatusCode } = await ended(client, vaultName, await start(job));
    expect(StatusCode).toBe('Succeeded');
    return Date.parse(CompletionDate ?? '') - Date.parse(CreationDate ?? '');
  }

  test('an Expedited one ends at once', async () => {
    expect(await tookMs(retrieval({ Tier: 'Expedited' }))).toBeLessThan(SOON_MS.min);
  });

  test('Standard ones, which is the default, and inventories end in their time of 2 to 3 seconds', async () => {
    const jobs = [retrieval(), retrieval({ Tier: 'Standard' }), { Type: 'inventory-retrieval' }];
    const times = await Promise.all([...jobs, ...jobs].map(tookMs));
    for (const time of times) {
      expect(time).toBeGreaterThanOrEqual(SOON_MS.min);
      expect(time).toBeLessThan(SOON_MS.max + LATE_MS_MAX);
    }
  });

  test('one that names the whole archive as its range has no SHA256TreeHash until it has ended', async () => {
    const whole = retrieval({ RetrievalByteRange: `0-${bytes.length - 1}` });
    const jobId = await start(whole);
    expect((await rawJob(jobId)).json).toMatchObject({
      StatusCode: 'InProgress',
      SHA256TreeHash: null,
      ArchiveSHA256TreeHash: treeHash(bytes),
    });
    await ended(client, vaultName, jobId);
    expect((await rawJob(jobId)).json).toMatchObject({ StatusCode: 'Succeeded', SHA256TreeHash: treeHash(bytes) });
  });

  test('an inventory echoes its parameters and has no size until it has ended', async () => {
    const jobId = await start({
      Type: 'inventory-retrieval',
      InventoryRetrievalParameters: { Limit: '7', StartDate: '2020-01-01T00:00:00Z' },
    });
    expect((await rawJob(jobId)).json).toMatchObject({
      StatusCode: 'InProgress',
      Completed: false,
      InventorySizeInBytes: null,
      InventoryRetrievalParameters: {
        EndDate: null,
        Format: 'JSON',
        Limit: '7',
        Marker: null,
        StartDate: '2020-01-01T00:00:00Z',
      },
    });
    await ended(client, vaultName, jobId);
    expect((await rawJob(jobId)).json.InventorySizeInBytes).toBeGreaterThan(0);
  });

  test('those in progress are still there, and end, after a kill and a new start', async () => {
    await using first = await startServer({ flags: ['--retrieval-times', 'standard=2s,inventory=1h'] });
    const other = glacierClient(first);
    await other.send(new CreateVaultCommand({ accountId: '-', vaultName }));
    const body = noise(100);
    const ArchiveId = await uploadArchive(other, { vaultName, body });
    const jobId = await startJob(other, vaultName, { Type: 'archive-retrieval', ArchiveId });
    const waiting = await startJob(other, vaultName, { Type: 'inventory-retrieval' });
    await first.kill();

    await using second = await startServer({ dataDir: first.dataDir, flags: ['--retrieval-times', 'standard=1h'] });
    const again = glacierClient(second);
    expect(await ended(again, vaultName, jobId)).toMatchObject({ StatusCode: 'Succeeded' });
    expect((await outputOf(again, { vaultName, jobId })).bytes.equals(body)).toBe(true);
    expect(await refusalOf(outputOf(again, { vaultName, jobId: waiting }))).toEqual(
      invalid(`The job is not currently available for download: ${waiting}`),
    );
  });
});

describe('SHA256TreeHash while the job is in progress', () => {
  const shown = async (more: object) => (await rawJob(await start(retrieval({ Tier: 'Bulk', ...more })))).json;

  test('is there for a job that names no range', async () => {
    expect(await shown({})).toMatchObject({ SHA256TreeHash: treeHash(bytes), StatusCode: 'InProgress' });
  });

  test('is there for a range that is aligned to the tree, and null for one that is not', async () => {
    const aligned = await shown({ RetrievalByteRange: `${2 * MIB}-${2 * MIB}` });
    expect(aligned.SHA256TreeHash).toBe(treeHash(bytes.subarray(2 * MIB)));
    expect((await shown({ RetrievalByteRange: `${MIB}-${2 * MIB}` })).SHA256TreeHash).toBeNull();
  });
});
