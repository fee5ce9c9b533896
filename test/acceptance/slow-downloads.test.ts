import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  CreateVaultCommand,
  DeleteArchiveCommand,
  DeleteVaultCommand,
  DescribeJobCommand,
  GetJobOutputCommand,
  type GlacierClient,
  GlacierServiceException,
} from '@aws-sdk/client-glacier';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { glacierClient, notFound, outputOf, refusalOf, runJob } from '../support/clients.ts';
import { noise } from '../support/hashes.ts';
import { startServer, type TestServer } from '../support/server.ts';
import { uploadInParts } from '../support/uploads.ts';

/** Jobs are kept for two seconds after their end here. More bytes than the connection takes without a reader. */
const MIB = 1024 * 1024;
const bytes = noise(32 * MIB);
const PARTS = 16;
const GONE_MS_MAX = 30_000;

let server: TestServer;
let client: GlacierClient;
beforeAll(async () => {
  server = await startServer({ flags: ['--job-retention', '2s'] });
  client = glacierClient(server);
});
afterAll(() => server[Symbol.asyncDispose]());

const blobsOnDisk = (): number =>
  readdirSync(join(server.dataDir, 'blobs'), { recursive: true, encoding: 'utf8' }).filter((path) =>
    /^[0-9a-f]{2}\/[0-9a-f]{32}$/.test(path),
  ).length;

async function until(isSo: () => Promise<boolean> | boolean, what: string): Promise<void> {
  const giveUpAt = Date.now() + GONE_MS_MAX;
  while (!(await isSo())) {
    if (Date.now() > giveUpAt) throw new Error(`${what}, after ${GONE_MS_MAX} ms`);
    await sleep(50);
  }
}

test.each(['archive', 'archive and vault'])(
  'a slow download goes on when its job expires and its %s goes',
  async (what) => {
    const vaultName = what.replaceAll(' ', '-');
    await client.send(new CreateVaultCommand({ accountId: '-', vaultName }));
    const archiveId = await uploadInParts(client, { vaultName, partSize: bytes.length / PARTS, bytes });
    const jobId = await runJob(client, vaultName, { Type: 'archive-retrieval', ArchiveId: archiveId });
    const name = { accountId: '-', vaultName, jobId };
    const { body } = await client.send(new GetJobOutputCommand(name));
    const reader = (body as unknown as NodeJS.ReadableStream)[Symbol.asyncIterator]();
    const pieces = [Buffer.from((await reader.next()).value as Buffer)];
    const inventory = await runJob(client, vaultName, { Type: 'inventory-retrieval' });
    await client.send(new DeleteArchiveCommand({ accountId: '-', vaultName, archiveId }));
    if (what === 'archive and vault') await client.send(new DeleteVaultCommand({ accountId: '-', vaultName }));
    const isGone = () =>
      client.send(new DescribeJobCommand(name)).then(
        () => false,
        (error: unknown) => error instanceof GlacierServiceException && error.name === 'ResourceNotFoundException',
      );
    await until(isGone, 'the job is still there');
    // The output of the other job goes meanwhile, so the sweeps have been there; the parts stay.
    await until(() => blobsOnDisk() === PARTS, `not ${PARTS} blobs are on the disk`);
    for (let piece = await reader.next(); piece.done !== true; piece = await reader.next()) {
      pieces.push(Buffer.from(piece.value as Buffer));
    }
    expect(Buffer.concat(pieces).equals(bytes)).toBe(true);
    await until(() => blobsOnDisk() === 0, 'bytes are left on the disk');
    if (what === 'archive') {
      for (const gone of [jobId, inventory]) {
        const refused = await refusalOf(outputOf(client, { vaultName, jobId: gone }));
        expect(refused).toEqual(notFound(`The job ID was not found: ${gone}`));
      }
    }
  },
);
