import { setTimeout as sleep } from 'node:timers/promises';
import { beforeAll, expect, test } from 'vitest';
import { MIB, noise } from '../support/hashes.ts';
import { send } from '../support/raw-client.ts';
import type { TestServer } from '../support/server.ts';
import { ended, inventory, outputOf, startJob, upload, VAULT } from './archives.ts';
import { absenceOfDisks } from './file-systems.ts';
import { startMachine } from './power.ts';
import { byTier, TIER_MS_MAX } from './tiers.ts';

/**
 * A disk of blobs that answers nothing that is written, which is more than a slow one. The short tier thaws it before any file
 * call has taken too long, the whole tier after all of them have. It takes mounts, so it needs root.
 */
const FROZEN_MS = byTier({ short: 4_000, whole: 50_000 });
/** After this a file call has failed. */
const CALL_MS_MAX = 30_000;
const UPLOADS = 40;
const BLOBS = 'metadata/blobs';

let absence: string | undefined = 'not tried';
beforeAll(async () => {
  absence = await absenceOfDisks('ext4');
});

test('F-17 a hung disk of blobs: nothing is acknowledged meanwhile, everything else answers, and all is well after it', {
  timeout: TIER_MS_MAX,
}, async (context) => {
  if (absence !== undefined) context.skip(absence);
  await using machine = await startMachine({ fileSystem: 'ext4' });
  await using server = await machine.start();
  await send(server, { method: 'PUT', path: VAULT });
  const bytes = noise(2 * MIB);
  const kept = (await upload(server, { body: bytes, description: 'kept' })).header('x-amz-archive-id') ?? '';
  const jobId = (await startJob(server, { Type: 'archive-retrieval', ArchiveId: kept })).header('x-amz-job-id') ?? '';
  await ended(server, jobId);

  const uploading = await whileFrozen(machine, async () => {
    const sent = Array.from({ length: UPLOADS }, (_, index) => {
      const body = index % 2 === 0 ? bytes : bytes.subarray(0, 4096);
      return upload(server, { body, description: `${index}` });
    });
    const statuses: number[] = [];
    for (const one of sent) void one.then(({ status }) => statuses.push(status));
    for (const until = Date.now() + FROZEN_MS; Date.now() < until; await sleep(250)) {
      expect(await statusOf(server, '/healthz')).toBe(200);
      const output = await send(server, { method: 'GET', path: `${VAULT}/jobs/${jobId}/output` });
      expect(output.bytes.equals(bytes)).toBe(true);
    }
    return { sent, statuses: [...statuses] };
  });

  const answers = await Promise.all(uploading.sent);
  const acknowledged = answers.filter(({ status }) => status === 201);
  expect(answers.filter(({ status }) => status !== 201 && status !== 500)).toEqual([]);
  expect(uploading.statuses.filter((status) => status !== 500)).toEqual([]);
  // The large ones have waited for a call each that took too long; what is small may wait for others' calls.
  if (FROZEN_MS > CALL_MS_MAX) expect(uploading.statuses.length).toBeGreaterThanOrEqual(UPLOADS / 2);
  expect((await upload(server, { body: bytes, description: 'after' })).status).toBe(201);
  expect(await outputOf(server, { Type: 'archive-retrieval', ArchiveId: kept })).toEqual(bytes);
  expect(await inventory(server)).toHaveLength(acknowledged.length + 2);
});

async function whileFrozen<T>(machine: Awaited<ReturnType<typeof startMachine>>, act: () => Promise<T>): Promise<T> {
  await using _ = await machine.disks.freeze(BLOBS, FROZEN_MS + 60_000);
  return await act();
}

const statusOf = async (server: TestServer, path: string): Promise<number> => (await fetch(server.url + path)).status;
