import { afterEach, beforeEach, expect, test } from 'vitest';
import { type TestArrangement, testArrangement, VAULT } from '../../test/support/arrangement.ts';
import { addJobs, countRows } from '../../test/support/many-jobs.ts';
import { limits } from '../model/limits.ts';
import { removeVaults } from './expire.ts';

const JOBS = 100_000;

let arrangement: TestArrangement;
beforeEach(async () => {
  arrangement = await testArrangement();
});
afterEach(() => arrangement[Symbol.asyncDispose]());

const count = (table: 'jobs' | 'reclaimable_blobs'): number => countRows(arrangement.directory, table);

test('a vault with 100,000 jobs is gone at once, and its rows go in steps none of which is long', async () => {
  const { core, given } = arrangement;
  const { key } = await core.vaults.require(VAULT);
  addJobs(arrangement.directory, { vaultKey: key, count: JOBS });
  await core.vaults.delete(VAULT);
  await expect(core.vaults.describe(VAULT)).rejects.toThrow('Vault not found');
  expect(count('jobs')).toBe(JOBS);
  await core.vaults.create(VAULT);
  let removed = 0;
  let steps = 0;
  for (let isMore = true; isMore; steps += 1) {
    const { done, more } = await removeVaults(given);
    expect(done).toBeLessThanOrEqual(limits.rowsRemovedAtOnceMax);
    removed += done;
    isMore = more;
    // Wherever it stops, every blob has one owner.
    if (steps % 200 === 0) expect(count('jobs') + count('reclaimable_blobs')).toBe(JOBS);
  }
  // The jobs and the vault itself.
  expect(removed).toBe(JOBS + 1);
  expect(count('jobs')).toBe(0);
  expect(count('reclaimable_blobs')).toBe(JOBS);
  expect((await core.vaults.describe(VAULT)).name).toBe(VAULT.name);
}, 60_000);
