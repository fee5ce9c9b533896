import { describe, expect, test } from 'vitest';
import type { Lease } from '../../src/model/jobs.ts';
import { HOUR_MS } from '../../src/model/limits.ts';
import {
  archiveJob,
  deleteVault,
  inventoryJob,
  jobEnd,
  type MetadataUnderTest,
  newArchive,
  newVault,
  present,
  T0,
} from './metadata-fixtures.ts';

const LEASE_MS = 60_000;

export function jobContract(tested: () => MetadataUnderTest): void {
  /** A job that only this test can see to be due, at an instant of its own. */
  let nextAtMs = T0 - 1000 * HOUR_MS;
  async function startedJob() {
    const { metadata } = tested();
    const { key: vaultKey } = await newVault(metadata);
    const nowMs = nextAtMs;
    nextAtMs -= HOUR_MS;
    const job = inventoryJob({ vaultKey, nowMs });
    expect(await metadata.jobs.create(job)).toBe('created');
    const { id } = job;
    const find = async () => present(await metadata.jobs.find({ vaultKey, id }));
    const claim = async (token: string, atMs: number): Promise<Lease | undefined> => {
      const claimed = await metadata.jobQueue.claimDue({
        nowMs: atMs,
        leaseUntilMs: atMs + LEASE_MS,
        token,
        limit: 10,
      });
      const [mine] = claimed.filter((candidate) => candidate.id === id);
      return mine === undefined ? undefined : { jobKey: mine.key, token };
    };
    /** Out of the way of the tests that follow. */
    const finish = async () => {
      await deleteVault(metadata, present(await metadata.vaults.findByKey(vaultKey)));
    };
    return { metadata, vaultKey, id, nowMs, find, claim, finish };
  }

  describe('a job', () => {
    test('keeps what was asked, of either kind', async () => {
      const { metadata } = tested();
      const vault = await newVault(metadata);
      const archive = await newArchive(metadata, { vaultKey: vault.key });
      const range = { startAtMs: T0, endAtMs: T0 + 1, limit: 7, marker: 'm' };
      const asked = [
        archiveJob({ vaultKey: vault.key, archive }),
        {
          ...archiveJob({ vaultKey: vault.key, archive }),
          rangeAsked: false,
          treeHash: 'ab',
          archiveDescription: null,
        },
        { ...inventoryJob({ vaultKey: vault.key }), ...range, format: 'CSV' as const },
      ];
      for (const job of asked) {
        expect(await metadata.jobs.create(job)).toBe('created');
        const { readyAtMs: _, ...facts } = job;
        const found = present(await metadata.jobs.find({ vaultKey: vault.key, id: job.id }));
        expect(found).toEqual({
          ...facts,
          key: found.key,
          status: 'InProgress',
          statusMessage: null,
          completedAtMs: null,
          expiresAtMs: null,
          outputBlobId: null,
          outputSizeBytes: null,
          attempts: 0,
        });
        expect(await metadata.jobs.find({ vaultKey: vault.key + 1, id: job.id })).toBeUndefined();
      }
      await metadata.archives.delete({ archiveKey: archive.key, nowMs: T0 });
      await deleteVault(metadata, vault);
    });

    test('is not started for a vault or an archive that is gone', async () => {
      const { metadata } = tested();
      const vault = await newVault(metadata);
      const archive = await newArchive(metadata, { vaultKey: vault.key });
      await metadata.archives.delete({ archiveKey: archive.key, nowMs: T0 });
      expect(await metadata.jobs.create(archiveJob({ vaultKey: vault.key, archive }))).toBe('archive-gone');
      await metadata.vaults.delete({ ...vault, inventory: 'live' });
      expect(await metadata.jobs.create(archiveJob({ vaultKey: vault.key, archive }))).toBe('vault-gone');
      expect(await metadata.jobs.create(inventoryJob({ vaultKey: vault.key }))).toBe('vault-gone');
    });

    test('is due from its instant on, and the next instant is told', async () => {
      const { metadata, nowMs, claim, finish } = await startedJob();
      expect((await metadata.jobQueue.nextDueAtMs()).inventory).toBe(nowMs);
      expect(await claim('early', nowMs - 1)).toBeUndefined();
      expect(await claim('a', nowMs)).toBeDefined();
      expect((await metadata.jobQueue.nextDueAtMs()).inventory).toBe(nowMs + LEASE_MS);
      await finish();
    });

    test('is claimed by one worker of many', async () => {
      const { find, nowMs, claim, finish } = await startedJob();
      const leases = await Promise.all(['a', 'b', 'c', 'd'].map((token) => claim(token, nowMs)));
      expect(leases.filter((lease) => lease !== undefined)).toHaveLength(1);
      expect(await find()).toMatchObject({ attempts: 1, status: 'InProgress' });
      await finish();
    });

    test('ends once, and a second end changes nothing', async () => {
      const { metadata, find, nowMs, claim, finish } = await startedJob();
      const lease = present(await claim('a', nowMs));
      const end = { ...jobEnd(lease, { nowMs }), output: { blobId: 'f'.repeat(32), sizeBytes: 3 }, marker: 'next' };
      expect(await metadata.jobQueue.end(end)).toEqual({ messages: 0 });
      const ended = await find();
      expect(ended).toMatchObject({
        status: 'Succeeded',
        statusMessage: 'Succeeded',
        completedAtMs: nowMs,
        expiresAtMs: end.expiresAtMs,
        outputBlobId: 'f'.repeat(32),
        outputSizeBytes: 3,
        marker: 'next',
      });
      expect(await metadata.jobQueue.end({ ...end, status: 'Failed' })).toBeUndefined();
      expect(await metadata.jobQueue.renew({ token: 'a', jobKeys: [lease.jobKey], leaseUntilMs: nowMs })).toEqual([]);
      expect(await metadata.jobQueue.release({ lease, dueAtMs: nowMs })).toBe(false);
      expect(await claim('b', nowMs + HOUR_MS)).toBeUndefined();
      expect(await find()).toEqual(ended);
      await finish();
    });

    test('that fails keeps the marker it was asked with', async () => {
      const { metadata } = tested();
      const vault = await newVault(metadata);
      const job = { ...inventoryJob({ vaultKey: vault.key, nowMs: 1 }), marker: 'asked' };
      await metadata.jobs.create(job);
      const [claimed] = await metadata.jobQueue.claimDue({ nowMs: 1, leaseUntilMs: 2, token: 'a', limit: 1 });
      const lease = { jobKey: present(claimed).key, token: 'a' };
      await metadata.jobQueue.end({ ...jobEnd(lease, { nowMs: 1 }), status: 'Failed', statusMessage: 'why' });
      expect(await metadata.jobs.find({ vaultKey: vault.key, id: job.id })).toMatchObject({
        status: 'Failed',
        statusMessage: 'why',
        marker: 'asked',
        outputBlobId: null,
      });
    });

    test('is not ended with an output whose bytes were given up', async () => {
      const { metadata, find, nowMs, claim, finish } = await startedJob();
      const lease = present(await claim('a', nowMs));
      const blobId = 'e'.repeat(32);
      await metadata.reclaim.addUnknown([blobId]);
      const end = metadata.jobQueue.end({ ...jobEnd(lease), output: { blobId, sizeBytes: 1 } });
      await expect(end).rejects.toThrow('given up');
      expect(await find()).toMatchObject({ status: 'InProgress' });
      await finish();
    });
  });

  describe('a lease', () => {
    test('that is renewed keeps others away', async () => {
      const { metadata, nowMs, claim, finish } = await startedJob();
      const lease = present(await claim('a', nowMs));
      expect(await claim('b', nowMs + LEASE_MS - 1)).toBeUndefined();
      const jobKeys = [lease.jobKey];
      const renewed = await metadata.jobQueue.renew({ token: 'a', jobKeys, leaseUntilMs: nowMs + 2 * LEASE_MS });
      expect(renewed).toEqual(jobKeys);
      expect(await claim('b', nowMs + LEASE_MS)).toBeUndefined();
      expect(await claim('b', nowMs + 2 * LEASE_MS)).toBeDefined();
      await finish();
    });

    test('that ran out is still good until another worker takes the job', async () => {
      const { metadata, nowMs, claim, finish } = await startedJob();
      const lease = present(await claim('a', nowMs));
      expect(await metadata.jobQueue.end(jobEnd(lease, { nowMs: nowMs + 2 * LEASE_MS }))).toBeDefined();
      await finish();
    });

    test('that was lost can write nothing', async () => {
      const { metadata, find, nowMs, claim, finish } = await startedJob();
      const lost = present(await claim('a', nowMs));
      const held = present(await claim('b', nowMs + LEASE_MS));
      const before = await find();
      const jobKeys = [lost.jobKey];
      expect(await metadata.jobQueue.renew({ token: 'a', jobKeys, leaseUntilMs: nowMs })).toEqual([]);
      expect(await metadata.jobQueue.release({ lease: lost, dueAtMs: nowMs })).toBe(false);
      expect(await metadata.jobQueue.end(jobEnd(lost))).toBeUndefined();
      await metadata.jobQueue.giveBack({ token: 'a', jobKeys });
      expect(await find()).toEqual(before);
      expect(await metadata.jobQueue.end(jobEnd(held))).toBeDefined();
      expect(await find()).toMatchObject({ status: 'Succeeded', attempts: 2 });
      await finish();
    });

    test('that is given back makes the job due when it says', async () => {
      const { metadata, nowMs, claim, finish } = await startedJob();
      const lease = present(await claim('a', nowMs));
      expect(await metadata.jobQueue.release({ lease, dueAtMs: nowMs + 5 })).toBe(true);
      expect(await metadata.jobQueue.end(jobEnd(lease))).toBeUndefined();
      expect(await claim('b', nowMs + 4)).toBeUndefined();
      expect(await claim('b', nowMs + 5)).toBeDefined();
      await finish();
    });

    test('of a process that is gone is let go at once, a job that waits is not', async () => {
      const { metadata, nowMs, claim, finish } = await startedJob();
      const waiting = await startedJob();
      const lost = present(await claim('a', nowMs));
      await metadata.jobQueue.releaseAll();
      expect(await metadata.jobQueue.end(jobEnd(lost))).toBeUndefined();
      expect(await claim('b', waiting.nowMs - 1)).toBeDefined();
      expect(await waiting.claim('b', waiting.nowMs - 1)).toBeUndefined();
      await finish();
      await waiting.finish();
    });
  });

  test('expiring takes ended jobs whose time is over, oldest first, and gives up their outputs', async () => {
    const { metadata } = tested();
    const { key: vaultKey } = await newVault(metadata);
    const outputs = ['1', '2', '3'].map((digit) => digit.repeat(32));
    const jobs = outputs.map((_, index) => inventoryJob({ vaultKey, nowMs: index }));
    const unended = inventoryJob({ vaultKey, nowMs: T0 });
    for (const job of [...jobs, unended]) await metadata.jobs.create(job);
    const claimed = await metadata.jobQueue.claimDue({ nowMs: 10, leaseUntilMs: 20, token: 'a', limit: 10 });
    expect(claimed).toHaveLength(3);
    for (const [index, job] of jobs.entries()) {
      const { key: jobKey } = present(await metadata.jobs.find({ vaultKey, id: job.id }));
      const output = { blobId: outputs[index] ?? '', sizeBytes: 1 };
      await metadata.jobQueue.end({ ...jobEnd({ jobKey, token: 'a' }), output, expiresAtMs: 100 + index });
    }
    const left = async () =>
      (await metadata.jobs.list({ vaultKey, status: null, completed: null, after: null, limit: 9, nowMs: 0 })).jobs
        .length;
    expect(await metadata.jobs.expire({ nowMs: 99, limit: 10 })).toBe(0);
    expect(await metadata.jobs.expire({ nowMs: 101, limit: 1 })).toBe(1);
    expect(await left()).toBe(3);
    expect(await metadata.jobs.expire({ nowMs: 101, limit: 10 })).toBe(1);
    expect(await metadata.reclaim.list({ limit: 1e6 })).toEqual(expect.arrayContaining(outputs.slice(0, 2)));
    expect(await metadata.reclaim.list({ limit: 1e6 })).not.toContain(outputs[2]);
    expect(await left()).toBe(2);
  });
}
