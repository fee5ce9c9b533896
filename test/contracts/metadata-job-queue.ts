import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { NewJob } from '../../src/metadata/job-rows.ts';
import { limits } from '../../src/model/limits.ts';
import type { Vault } from '../../src/model/vaults.ts';
import {
  archiveJob,
  deleteVault,
  inventoryJob,
  jobEnd,
  type MetadataUnderTest,
  newArchive,
  newVault,
  present,
} from './metadata-fixtures.ts';

const LEASE_MS = 60_000;
/** Before all that other tests have left waiting. */
const LONG_AGO_MS = -1e12;

/** Jobs as work: who gets which, for how long, and what becomes of what nobody finishes. */
export function jobQueueContract(tested: () => MetadataUnderTest): void {
  let vault: Vault;
  let archive: { key: number; id: string };
  beforeEach(async () => {
    vault = await newVault(tested().metadata);
    archive = await newArchive(tested().metadata, { vaultKey: vault.key });
  });
  afterEach(async () => {
    await tested().metadata.archives.delete({ archiveKey: archive.key, nowMs: 0 });
    await deleteVault(tested().metadata, vault);
  });

  const queue = () => tested().metadata.jobQueue;
  const start = async (job: NewJob, dueInMs = 0): Promise<number> => {
    const started = { ...job, readyAtMs: LONG_AGO_MS + dueInMs };
    expect(await tested().metadata.jobs.create(started)).toBe('created');
    return present(await tested().metadata.jobs.find(started)).key;
  };
  const retrieval = (tier: 'Expedited' | 'Standard' | 'Bulk', dueInMs = 0) =>
    start({ ...archiveJob({ vaultKey: vault.key, archive }), tier, snsTopic: null }, dueInMs);
  const inventory = (dueInMs = 0) => start(inventoryJob({ vaultKey: vault.key }), dueInMs);
  const claimIn = async (
    token: string,
    {
      queues,
      limit = 10,
      inMs = 0,
    }: { queues?: Parameters<typeof claimDue>[0]['queues']; limit?: number; inMs?: number } = {},
  ) => {
    const nowMs = LONG_AGO_MS + inMs;
    const claim = { nowMs, leaseUntilMs: nowMs + LEASE_MS, token, limit };
    return (await claimDue(queues === undefined ? claim : { ...claim, queues })).map(({ key }) => key);
  };
  const claimDue = (claim: Parameters<ReturnType<typeof queue>['claimDue']>[0]) => queue().claimDue(claim);
  const attemptsOf = async (key: number) =>
    (await tested().rows(`select attempts from jobs where key = ${key}`))[0]?.attempts;

  describe('a queue', () => {
    test('has the jobs of one tier, or the inventories', async () => {
      const keys = [
        await retrieval('Bulk'),
        await retrieval('Expedited'),
        await inventory(),
        await retrieval('Standard'),
      ];
      const [bulk, expedited, inventories, standard] = keys.map((key) => [key]);
      expect(await queue().nextDueAtMs()).toMatchObject({
        expedited: LONG_AGO_MS,
        standard: LONG_AGO_MS,
        bulk: LONG_AGO_MS,
        inventory: LONG_AGO_MS,
        alone: null,
      });
      expect(await claimIn('a', { queues: ['alone'] })).toEqual([]);
      expect(await claimIn('a', { queues: ['inventory'] })).toEqual(inventories);
      expect(await claimIn('a', { queues: ['bulk'] })).toEqual(bulk);
      expect(await claimIn('a', { queues: ['standard'] })).toEqual(standard);
      expect(await claimIn('a', { queues: ['expedited'] })).toEqual(expedited);
    });

    test('is looked at in the order that is asked for, Expedited first and Bulk last where none is', async () => {
      const [bulk, standard, expedited] = [
        await retrieval('Bulk'),
        await retrieval('Standard', 1),
        await retrieval('Expedited', 2),
      ];
      expect(await claimIn('a', { queues: ['bulk', 'expedited'], limit: 1, inMs: 2 })).toEqual([bulk]);
      expect(await claimIn('a', { limit: 1, inMs: 2 })).toEqual([expedited]);
      expect(await claimIn('a', { limit: 5, inMs: 2 })).toEqual([standard]);
    });

    test('gives those first that have been due for longest, and those that are not due to nobody', async () => {
      const [late, early, middle] = [
        await retrieval('Bulk', 3),
        await retrieval('Bulk', 1),
        await retrieval('Bulk', 2),
      ];
      expect(await claimIn('a', { limit: 1, inMs: 2 })).toEqual([early]);
      expect(await claimIn('a', { limit: 9, inMs: 2 })).toEqual([middle]);
      expect((await queue().nextDueAtMs()).bulk).toBe(LONG_AGO_MS + 3);
      expect(await claimIn('a', { limit: 9, inMs: 3 })).toEqual([late]);
    });

    test('gives many in the order in which they became due', async () => {
      const [last, first, second] = [
        await retrieval('Standard', 3),
        await retrieval('Standard', 1),
        await retrieval('Standard', 1),
      ];
      expect(await claimIn('a', { inMs: 3 })).toEqual([first, second, last]);
    });

    test('has what was given back before all that waits', async () => {
      const [first, second] = [await inventory(), await inventory(1)];
      expect(await claimIn('a', { inMs: 1 })).toEqual([first, second]);
      await queue().giveBack({ token: 'a', jobKeys: [first, second] });
      const waiting = inventoryJob({ vaultKey: vault.key, readyAtMs: 1 });
      expect(await tested().metadata.jobs.create(waiting)).toBe('created');
      const claim = { nowMs: 5, leaseUntilMs: 9, token: 'b', queues: ['inventory'] as const, limit: 2 };
      expect((await claimDue(claim)).map(({ key }) => key)).toEqual([first, second]);
    });

    test('gives each job to one of many who ask at once', async () => {
      const keys: number[] = [];
      for (let index = 0; index < 12; index += 1) keys.push(await retrieval('Standard'));
      const claimed = await Promise.all(['a', 'b', 'c', 'd'].map((token) => claimIn(token, { limit: 4 })));
      expect(claimed.map(({ length }) => length)).toEqual([4, 4, 4, 0]);
      expect(claimed.flat().sort((a, b) => a - b)).toEqual(keys);
    });
  });

  describe('a job whose row cannot be read', () => {
    test('fails without the others of its queue, and does not count as running', async () => {
      const [broken, whole] = [await retrieval('Standard'), await retrieval('Standard')];
      await tested().change(`update jobs set archive_id = null where key = ${broken}`);
      const idOf = `select id from jobs where key = ${broken}`;
      const [{ id } = { id: '' }] = await tested().rows(idOf);
      const times = { nowMs: LONG_AGO_MS, leaseUntilMs: LONG_AGO_MS + LEASE_MS };
      const claim = { ...times, token: 'a', queues: ['standard'] as const, limit: 9 };
      await expect(claimDue(claim)).rejects.toThrow('lacks a column');
      expect(await queue().failUnreadable({ claim, expiresAtMs: 7 })).toEqual([id]);
      expect(
        await tested().rows(`select status, completed_at, expires_at, due_at from jobs where key = ${broken}`),
      ).toEqual([{ status: 'Failed', completed_at: LONG_AGO_MS, expires_at: 7, due_at: null }]);
      expect(await tested().rows(`select running_bytes_low as low from vaults where key = ${vault.key}`)).toEqual([
        { low: 10 },
      ]);
      expect(await queue().failUnreadable({ claim: { ...claim, token: 'b' }, expiresAtMs: 7 })).toEqual([]);
      expect(await claimDue({ ...claim, nowMs: 0 })).toMatchObject([{ key: whole, attempts: 1 }]);
    });
  });

  describe('what a worker holds', () => {
    test('is renewed together, but for what it has lost, ended or not named', async () => {
      const [kept, lost, ended, unnamed] = [
        await inventory(),
        await inventory(1),
        await inventory(2),
        await inventory(3),
      ];
      await claimIn('a', { inMs: 3 });
      await queue().release({ lease: { jobKey: lost, token: 'a' }, dueAtMs: LONG_AGO_MS });
      expect(await claimIn('b')).toEqual([lost]);
      expect(await queue().end(jobEnd({ jobKey: ended, token: 'a' }))).toEqual({ messages: 0 });
      const jobKeys = [kept, lost, ended];
      const leaseUntilMs = LONG_AGO_MS + 9 * LEASE_MS;
      expect(await queue().renew({ token: 'a', jobKeys, leaseUntilMs })).toEqual([kept]);
      expect(await queue().renew({ token: 'a', jobKeys: [], leaseUntilMs })).toEqual([]);
      expect((await claimIn('c', { inMs: 2 * LEASE_MS })).sort()).toEqual([lost, unnamed].sort());
      expect(await claimIn('c', { inMs: 9 * LEASE_MS - 1 })).not.toContain(kept);
      expect(await claimIn('c', { inMs: 9 * LEASE_MS })).toContain(kept);
    });

    test('is given back as if it had never been claimed, but for what it has lost', async () => {
      const [held, lost, unnamed] = [await inventory(), await inventory(), await inventory()];
      await claimIn('a');
      await queue().release({ lease: { jobKey: lost, token: 'a' }, dueAtMs: LONG_AGO_MS });
      expect(await claimIn('b')).toEqual([lost]);
      await queue().giveBack({ token: 'a', jobKeys: [held, lost] });
      expect([await attemptsOf(held), await attemptsOf(lost), await attemptsOf(unnamed)]).toEqual([0, 2, 1]);
      expect(await queue().end(jobEnd({ jobKey: held, token: 'a' }))).toBeUndefined();
      // Given back, it is due at 0, which is later than the instants of this test.
      expect(await claimIn('c', { inMs: 4 })).toEqual([]);
      const later = { nowMs: 0, leaseUntilMs: 1, token: 'c', queues: ['inventory'] as const, limit: 3 };
      expect((await claimDue(later)).map(({ key }) => key)).toEqual([lost, unnamed, held]);
      await queue().giveBack({ token: 'c', jobKeys: [] });
      expect(await queue().end(jobEnd({ jobKey: held, token: 'c' }))).toBeDefined();
    });

    test('when its process ends again and again goes where jobs run alone', async () => {
      const [often, once, failed] = [await retrieval('Expedited'), await retrieval('Bulk', 1), await inventory(1)];
      for (let time = 1; time < limits.jobAttemptsBesideMax; time += 1) {
        expect(await claimIn('a')).toEqual([often]);
        await queue().releaseAll();
      }
      // Failures that it has lived through say nothing of the kind.
      for (let time = 1; time <= limits.jobAttemptsBesideMax; time += 1) {
        expect(await claimIn('a', { queues: ['inventory'], inMs: 1 })).toEqual([failed]);
        await queue().release({ lease: { jobKey: failed, token: 'a' }, dueAtMs: LONG_AGO_MS + 1 });
      }
      // Released by the start, it is due at 0, which is later than the instants of this test.
      expect(await claimDue({ nowMs: 0, leaseUntilMs: 1, token: 'b', queues: ['expedited'], limit: 1 })).toMatchObject([
        { key: often, attempts: limits.jobAttemptsBesideMax },
      ]);
      expect(await claimIn('b', { queues: ['bulk'], inMs: 1 })).toEqual([once]);
      await queue().releaseAll();
      const asked = { nowMs: 0, leaseUntilMs: 1, token: 'c', limit: 1 };
      expect(await claimDue({ ...asked, queues: ['alone'] })).toMatchObject([{ key: often }]);
      expect(await claimDue({ ...asked, queues: ['bulk'] })).toMatchObject([{ key: once }]);
      expect(await claimDue({ ...asked, queues: ['inventory'] })).toMatchObject([{ key: failed }]);
    });
  });
}
