import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import {
  T0,
  type TestArrangement,
  testArrangement,
  testLog,
  uploadBytes,
  VAULT,
} from '../../test/support/arrangement.ts';
import { noise } from '../../test/support/hashes.ts';
import { wholeOf } from '../model/byte-range.ts';
import type { Job, QueueName } from '../model/jobs.ts';
import { limits, SECOND_MS } from '../model/limits.ts';
import { JobLoop } from './job-loop.ts';
import { claimDue, end, renew, retryOrFail, retryPauseMs } from './leases.ts';

let arrangement: TestArrangement;
beforeEach(async () => {
  arrangement = await testArrangement();
});
afterEach(() => arrangement[Symbol.asyncDispose]());

const bytes = noise(1000);
const notes = { vault: VAULT, description: null, snsTopic: null };
const whole = { startAtMs: null, endAtMs: null, limit: null, marker: null };
const startInventory = () => arrangement.core.jobs.retrieveInventory({ ...notes, format: 'JSON', ...whole });
const startRetrieval = async () => {
  const archiveId = await uploadBytes(arrangement, bytes);
  return arrangement.core.jobs.retrieveArchive({ ...notes, archiveId, range: null, tier: 'Standard' });
};
const describeJob = (id: string): Promise<Job> => arrangement.core.jobs.describe({ vault: VAULT, id });
const outputOf = async (id: string): Promise<Buffer> => {
  const output = await arrangement.core.jobs.output({ name: { vault: VAULT, id }, choose: wholeOf });
  const pieces: Buffer[] = [];
  for await (const piece of output.read()) pieces.push(Buffer.from(piece));
  return Buffer.concat(pieces);
};
/** Runs a loop while `during` does. */
async function withLoop<T>(during: (loop: JobLoop) => Promise<T>): Promise<{ result: T; said: string[] }> {
  const { log, said } = testLog();
  await using loop = new JobLoop(arrangement.given, log, { onMessage: () => undefined });
  loop.start();
  return { result: await during(loop), said };
}
const ended = (id: string) =>
  vi.waitFor(
    async () => {
      const job = await describeJob(id);
      expect(job.status).not.toBe('InProgress');
      return job;
    },
    { interval: 2, timeout: 4000 },
  );
/** Each time as another worker. */
const claimAny = (queue: QueueName = 'inventory') =>
  claimDue(arrangement.given, { token: randomUUID(), queue, limit: 1 });
const claimOne = async () => {
  const [inQueue] = await claimAny();
  const [claimed] = inQueue === undefined ? await claimAny('alone') : [inQueue];
  if (claimed === undefined) throw new Error('no job was due');
  return claimed;
};
const nextDueInMs = async (): Promise<number | null> => {
  const instants = Object.values(await arrangement.given.metadata.jobQueue.nextDueAtMs());
  const due = instants.filter((instantMs) => instantMs !== null);
  return due.length === 0 ? null : Math.min(...due) - arrangement.clock.nowMs();
};

describe('the job loop', () => {
  test('carries out jobs of both kinds', async () => {
    const [retrieval, inventory] = [await startRetrieval(), await startInventory()];
    const { result, said } = await withLoop(() => Promise.all([ended(retrieval), ended(inventory)]));
    expect(result.map(({ status }) => status)).toEqual(['Succeeded', 'Succeeded']);
    expect((await outputOf(retrieval)).equals(bytes)).toBe(true);
    expect(JSON.parse((await outputOf(inventory)).toString())).toMatchObject({ ArchiveList: [{ Size: 1000 }] });
    expect(said).toEqual([]);
  });

  test('takes more jobs than run at once, each once', async () => {
    const end = vi.spyOn(arrangement.given.metadata.jobQueue, 'end');
    const ids = await Promise.all(Array.from({ length: 30 }, startInventory));
    await withLoop(() => Promise.all(ids.map(ended)));
    expect(end).toHaveBeenCalledTimes(30);
    expect(new Set((await Promise.all(ids.map(describeJob))).map(({ attempts }) => attempts))).toEqual(new Set([1]));
  });

  test('sees a job that is started while it rests', async () => {
    await withLoop(async (loop) => {
      await new Promise((resolve) => setTimeout(resolve, 20));
      const id = await startInventory();
      loop.nudge(0);
      await ended(id);
    });
  });

  test('waits for the instant of a job, without asking again and again', async () => {
    const claim = vi.spyOn(arrangement.given.metadata.jobQueue, 'claimDue');
    arrangement.given.retrievalTimes.inventory = { minMs: SECOND_MS, maxMs: SECOND_MS };
    const id = await startInventory();
    await withLoop(async (loop) => {
      await new Promise((resolve) => setTimeout(resolve, 50));
      expect(claim.mock.calls.length).toBeLessThanOrEqual(2);
      expect((await describeJob(id)).status).toBe('InProgress');
      arrangement.clock.atMs += SECOND_MS;
      loop.nudge(0);
      await ended(id);
    });
  });

  test('fails a retrieval whose bytes are gone or damaged, and says so to the client', async () => {
    const id = await startRetrieval();
    for await (const { blobId } of arrangement.given.blobs.list()) await arrangement.given.blobs.delete([blobId]);
    const { result } = await withLoop(() => ended(id));
    expect(result).toMatchObject({
      status: 'Failed',
      statusMessage: 'The archive cannot be retrieved: its stored bytes are missing or damaged.',
    });
  });

  test('fails a retrieval whose rows do not cover the archive', async () => {
    const id = await startRetrieval();
    vi.spyOn(arrangement.given.metadata.archives, 'blobs').mockResolvedValue([]);
    const { result } = await withLoop(() => ended(id));
    expect(result.status).toBe('Failed');
  });

  test('waits for a running job when it is disposed, and starts no other', async () => {
    const gate = Promise.withResolvers<void>();
    const real = arrangement.given.metadata.vaults.findByKey.bind(arrangement.given.metadata.vaults);
    const find = vi.spyOn(arrangement.given.metadata.vaults, 'findByKey').mockImplementation(async (key) => {
      await gate.promise;
      return real(key);
    });
    const ids = await Promise.all(Array.from({ length: limits.jobsRunningMax.inventory + 1 }, startInventory));
    const loop = new JobLoop(arrangement.given, testLog().log, { onMessage: () => undefined });
    loop.start();
    await vi.waitFor(() => expect(find).toHaveBeenCalledTimes(limits.jobsRunningMax.inventory));
    const disposed = loop[Symbol.asyncDispose]();
    gate.resolve();
    await disposed;
    const statuses = (await Promise.all(ids.map(describeJob))).map(({ status }) => status);
    expect(statuses.filter((status) => status === 'Succeeded')).toHaveLength(limits.jobsRunningMax.inventory);
    // The others are due as if nobody had ever claimed them.
    expect((await claimOne()).job.attempts).toBe(1);
  });
});

describe('a job that fails', () => {
  test('is tried again, later each time, and then given up', async () => {
    const id = await startInventory();
    for (let attempt = 1; attempt < limits.jobAttemptsMax; attempt += 1) {
      await retryOrFail(arrangement.given, await claimOne());
      expect((await describeJob(id)).status).toBe('InProgress');
      expect(await nextDueInMs()).toBe(retryPauseMs(attempt));
      arrangement.clock.atMs += retryPauseMs(attempt);
    }
    await retryOrFail(arrangement.given, await claimOne());
    expect(await describeJob(id)).toMatchObject({
      status: 'Failed',
      statusMessage: `The job failed after ${limits.jobAttemptsMax} attempts.`,
    });
    expect(await nextDueInMs()).toBeNull();
  });

  test('and takes the process down with it each time is given up too', async () => {
    const id = await startInventory();
    for (let attempt = 1; attempt <= limits.jobAttemptsMax; attempt += 1) {
      await claimOne();
      await arrangement.restart();
    }
    const { result } = await withLoop(() => ended(id));
    expect(result).toMatchObject({ status: 'Failed', statusMessage: 'The job was given up after too many attempts.' });
  });

  test('unexpectedly is said, and the loop goes on', async () => {
    const [broken, sound] = [await startInventory(), await startRetrieval()];
    const failing = vi.spyOn(arrangement.given.metadata.vaults, 'findByKey').mockRejectedValue(new Error('no'));
    const { said } = await withLoop(() => ended(sound));
    expect((await describeJob(broken)).status).toBe('InProgress');
    expect(said).toEqual(['the job failed']);
    failing.mockRestore();
    arrangement.clock.atMs += limits.jobRetryPauseMs;
    await withLoop(() => ended(broken));
    expect((await describeJob(broken)).attempts).toBe(2);
  });
});

describe('a lease', () => {
  test('that is renewed lasts', async () => {
    await startInventory();
    const { jobKey, token } = (await claimOne()).lease;
    arrangement.clock.atMs += limits.jobLeaseMs - 1;
    expect(await renew(arrangement.given, { token, jobKeys: [jobKey] })).toEqual(new Set([jobKey]));
    arrangement.clock.atMs += limits.jobLeaseMs - 1;
    expect(await claimAny()).toEqual([]);
  });

  test('is renewed for as long as its job is carried out, and not after', async () => {
    const { given, clock } = arrangement;
    const gate = Promise.withResolvers<void>();
    const real = given.metadata.vaults.findByKey.bind(given.metadata.vaults);
    const find = vi.spyOn(given.metadata.vaults, 'findByKey').mockImplementation(async (key) => {
      await gate.promise;
      return real(key);
    });
    const renewed = vi.spyOn(given.metadata.jobQueue, 'renew');
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    try {
      const id = await startInventory();
      await withLoop(async () => {
        await vi.waitFor(() => expect(find).toHaveBeenCalledOnce());
        for (let round = 1; round <= 10; round += 1) {
          clock.atMs += limits.jobLeaseMs / 2;
          vi.advanceTimersByTime(limits.jobLeaseMs / 2);
          await Promise.all(renewed.mock.results.map(({ value }) => value));
          expect(await claimAny()).toEqual([]);
        }
        gate.resolve();
        expect(await ended(id)).toMatchObject({ status: 'Succeeded', attempts: 1 });
      });
      const before = renewed.mock.calls.length;
      vi.advanceTimersByTime(10 * limits.jobLeaseMs);
      expect(renewed).toHaveBeenCalledTimes(before);
    } finally {
      vi.useRealTimers();
    }
  });

  test('whose end cannot be written on a full disk leaves no output behind, and the job is tried again', async () => {
    const full = Object.assign(new Error('database or disk is full'), { errcode: 13 });
    vi.spyOn(arrangement.given.metadata.jobQueue, 'end').mockRejectedValueOnce(full);
    const id = await startInventory();
    const stored = async () => {
      const blobIds: string[] = [];
      for await (const { blobId } of arrangement.given.blobs.list()) blobIds.push(blobId);
      return blobIds;
    };
    await withLoop(() => vi.waitFor(async () => expect(await nextDueInMs()).toBe(5 * SECOND_MS)));
    expect(await stored()).toEqual([]);
    arrangement.clock.atMs += limits.jobRetryPauseMs;
    await withLoop(() => ended(id));
    expect(await stored()).toHaveLength(1);
  });

  test('of a job that failed is over when the job is due again, and the loop that waits for nothing else sees that', async () => {
    const { jobQueue } = arrangement.given.metadata;
    vi.spyOn(jobQueue, 'end').mockRejectedValueOnce(new Error('not now'));
    const release = jobQueue.release.bind(jobQueue);
    const soon = () => arrangement.clock.nowMs();
    vi.spyOn(jobQueue, 'release').mockImplementation(({ lease }) => release({ lease, dueAtMs: soon() }));
    const id = await startInventory();
    await withLoop(() => ended(id));
    expect(jobQueue.release).toHaveBeenCalledTimes(1);
  });

  test('that was lost writes nothing, and the output made under it is given up', async () => {
    const id = await startInventory();
    const lost = await claimOne();
    arrangement.clock.atMs += limits.jobLeaseMs;
    const held = await claimOne();
    const output = { blobId: 'ab'.repeat(16), sizeBytes: 1 };
    await end(arrangement.given, lost, { output, marker: null });
    expect((await describeJob(id)).status).toBe('InProgress');
    expect(await arrangement.given.metadata.reclaim.list({ limit: 5 })).toEqual([output.blobId]);
    await end(arrangement.given, held, { output: null, marker: null });
    expect((await describeJob(id)).status).toBe('Succeeded');
  });

  test('of a job whose vault is deleted ends nowhere, and its output is given up', async () => {
    await startInventory();
    const claimed = await claimOne();
    await arrangement.core.vaults.delete(VAULT);
    const output = { blobId: 'cd'.repeat(16), sizeBytes: 1 };
    await end(arrangement.given, claimed, { output, marker: null });
    await retryOrFail(arrangement.given, claimed);
    expect(await arrangement.given.metadata.reclaim.list({ limit: 5 })).toEqual([output.blobId]);
  });

  test('does not outlive its process', async () => {
    const id = await startInventory();
    await claimOne();
    await arrangement.restart();
    const { result } = await withLoop(() => ended(id));
    expect(result).toMatchObject({ status: 'Succeeded', attempts: 2 });
  });
});

describe('a clock that goes back', () => {
  test('leaves no negative waits, and inventories still show what was written', async () => {
    await uploadBytes(arrangement, bytes);
    arrangement.clock.atMs = T0 - 3_600_000;
    const id = await startInventory();
    await withLoop(() => ended(id));
    expect(JSON.parse((await outputOf(id)).toString())).toMatchObject({ ArchiveList: [{ Size: 1000 }] });
  });
});
