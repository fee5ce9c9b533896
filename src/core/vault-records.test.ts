import { readdirSync, rmSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { T0, type TestArrangement, testArrangement, VAULT } from '../../test/support/arrangement.ts';
import { DAY_MS } from '../model/limits.ts';
import { scanOrphans } from './orphans.ts';

/** What is noted of vaults beside the bytes: neither less than there are nor more. */
let arrangement: TestArrangement;
beforeEach(async () => {
  arrangement = await testArrangement();
});
afterEach(() => arrangement[Symbol.asyncDispose]());

const noted = async () => {
  const vaults = [];
  for await (const record of arrangement.given.vaultRecords.list()) if ('vault' in record) vaults.push(record.vault);
  return vaults;
};
const OTHER = { ...VAULT, name: 'other' };

test('a vault is noted before it is made, and once, and no longer when it was deleted', async () => {
  const { core, given, clock } = arrangement;
  expect(await noted()).toEqual([{ ...VAULT, createdAtMs: T0 }]);
  const add = vi.spyOn(given.vaultRecords, 'add');
  await core.vaults.create(VAULT);
  expect(add).not.toHaveBeenCalled();
  add.mockRejectedValueOnce(new Error('no space'));
  await expect(core.vaults.create(OTHER)).rejects.toThrow('no space');
  expect(await given.metadata.vaults.find(OTHER)).toBeUndefined();
  clock.atMs += 5;
  await core.vaults.create(OTHER);
  expect(await noted()).toHaveLength(2);
  await core.vaults.delete(VAULT);
  expect(await noted()).toEqual([{ ...OTHER, createdAtMs: T0 + 5 }]);
});

test('a vault that is not made is not noted, and one that many make at once is', async () => {
  const { core } = arrangement;
  await expect(core.vaults.create({ ...VAULT, accountId: '999999999999' })).rejects.toThrow();
  expect(await noted()).toHaveLength(1);
  await Promise.all([1, 2, 3].map(() => core.vaults.create(OTHER)));
  expect(await noted()).toHaveLength(2);
});

test('a vault that was deleted since it was found is made anew, and noted', async () => {
  const { core, given, clock } = arrangement;
  const { find } = given.metadata.vaults;
  vi.spyOn(given.metadata.vaults, 'find').mockImplementationOnce(async (vault) => {
    const found = await find(vault);
    await core.vaults.delete(VAULT);
    clock.atMs += 1;
    return found;
  });
  await core.vaults.create(VAULT);
  expect(await noted()).toEqual([{ ...VAULT, createdAtMs: T0 + 1 }]);
});

test('vaults that are older than such notes are noted at start, without being written again', async () => {
  const { core, blobsDirectory } = arrangement;
  await core.vaults.create(OTHER);
  for (const name of readdirSync(join(blobsDirectory, 'vaults'))) rmSync(join(blobsDirectory, 'vaults', name));
  await core.vaults.noteAll();
  expect(await noted()).toHaveLength(2);
});

test('a record without a vault goes after a week, as bytes without a row do', async () => {
  const { given, clock, blobsDirectory } = arrangement;
  await given.vaultRecords.add([
    { ...VAULT, createdAtMs: T0 - 9 },
    { ...OTHER, createdAtMs: T0 },
  ]);
  for (const name of readdirSync(join(blobsDirectory, 'vaults'))) {
    utimesSync(join(blobsDirectory, 'vaults', name), T0 / 1000, T0 / 1000);
  }
  clock.atMs += 6 * DAY_MS;
  await scanOrphans(given, () => false);
  expect(await noted()).toHaveLength(3);
  clock.offByMs = 30 * DAY_MS;
  given.retention.nowMs();
  await scanOrphans(given, () => false);
  expect(given.retention.isSuspect).toBe(true);
  expect(await noted()).toHaveLength(3);
  await given.retention.confirm();
  await scanOrphans(given, () => false);
  expect(await noted()).toEqual([{ ...VAULT, createdAtMs: T0 }]);
});
