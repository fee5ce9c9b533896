import { setTimeout as sleep } from 'node:timers/promises';
import {
  CreateVaultCommand,
  DescribeJobCommand,
  type GlacierClient,
  GlacierServiceException,
  ListJobsCommand,
} from '@aws-sdk/client-glacier';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { glacierClient, notFound, outputOf, refusalOf, runJob, startJob, uploadArchive } from '../support/clients.ts';
import { startServer, type TestServer } from '../support/server.ts';

/** Jobs are kept for two seconds after their end here; Bulk ones do not end. */
const vaultName = 'expiry';
const GONE_MS_MAX = 30_000;

let server: TestServer;
let client: GlacierClient;
let archiveId = '';
beforeAll(async () => {
  server = await startServer({ flags: ['--job-retention', '2s', '--retrieval-times', 'bulk=1h'] });
  client = glacierClient(server);
  await client.send(new CreateVaultCommand({ accountId: '-', vaultName }));
  archiveId = await uploadArchive(client, { vaultName, body: Buffer.from('x') });
});
afterAll(() => server[Symbol.asyncDispose]());

const retrieval = (Tier: string) => ({ Type: 'archive-retrieval', ArchiveId: archiveId, Tier });
const list = (vault: string, query: { marker?: string; limit?: number } = {}) =>
  client.send(new ListJobsCommand({ accountId: '-', vaultName: vault, ...query }));

async function gone(vault: string, jobId: string): Promise<void> {
  const giveUpAt = Date.now() + GONE_MS_MAX;
  for (;;) {
    try {
      await client.send(new DescribeJobCommand({ accountId: '-', vaultName: vault, jobId }));
    } catch (error) {
      if (error instanceof GlacierServiceException && error.name === 'ResourceNotFoundException') return;
      throw error;
    }
    if (Date.now() > giveUpAt) throw new Error(`the job ${jobId} does not expire`);
    await sleep(50);
  }
}

test.concurrent('a finished job and its output vanish after the retention; one in progress stays', async () => {
  const waiting = await startJob(client, vaultName, retrieval('Bulk'));
  const archiveJob = await runJob(client, vaultName, retrieval('Standard'));
  expect((await outputOf(client, { vaultName, jobId: archiveJob })).bytes.toString()).toBe('x');
  const inventoryJob = await runJob(client, vaultName, { Type: 'inventory-retrieval' });
  for (const jobId of [archiveJob, inventoryJob]) {
    await gone(vaultName, jobId);
    expect(await refusalOf(outputOf(client, { vaultName, jobId }))).toEqual(
      notFound(`The job ID was not found: ${jobId}`),
    );
  }
  expect((await list(vaultName)).JobList?.map((job) => job.JobId)).toEqual([waiting]);
  // The archive itself is still there.
  const jobId = await runJob(client, vaultName, retrieval('Standard'));
  expect((await outputOf(client, { vaultName, jobId })).bytes.toString()).toBe('x');
});

test.concurrent('a marker is good after its job has expired: nothing is left out or shown twice', async () => {
  await client.send(new CreateVaultCommand({ accountId: '-', vaultName: 'markers' }));
  const ArchiveId = await uploadArchive(client, { vaultName: 'markers', body: Buffer.from('y') });
  // Jobs of one millisecond are ordered by their ids, so each waits for its own.
  const start = async (Tier: string) => {
    await sleep(3);
    return startJob(client, 'markers', { Type: 'archive-retrieval', ArchiveId, Tier });
  };
  const page = async (query: { marker?: string; limit?: number } = {}) => {
    const { JobList = [], Marker } = await list('markers', query);
    return { ids: JobList.map((job) => job.JobId), marker: Marker ?? '' };
  };
  const older = [await start('Bulk'), await start('Bulk'), await start('Bulk')];
  const expiring = await start('Expedited');
  const newer = await start('Bulk');
  const first = await page({ limit: 2 });
  expect(first).toEqual({ ids: [newer, expiring], marker: expiring });
  await gone('markers', expiring);
  expect(await page({ marker: first.marker })).toEqual({ ids: older.reverse(), marker: '' });
});
