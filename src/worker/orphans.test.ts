import { readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { T0, type TestArrangement, testArrangement, uploadBytes, VAULT } from '../../test/support/arrangement.ts';
import { noise } from '../../test/support/hashes.ts';
import { denial, lockVault, outcomeOf, retention, tamper } from '../../test/support/locks.ts';
import { DAY_MS, HOUR_MS, MIB } from '../model/limits.ts';
import { giveUpOrphans, reclaim } from './reclaim.ts';

/** So large that it is a file of its own, whose date a test can change. */
const LARGE = noise(MIB + 1);
let arrangement: TestArrangement;
beforeEach(async () => {
  arrangement = await testArrangement();
});
afterEach(() => arrangement[Symbol.asyncDispose]());

const blobs = async (): Promise<string[]> => {
  const ids: string[] = [];
  for await (const { blobId } of arrangement.given.blobs.list()) ids.push(blobId);
  return ids;
};
const giveUp = () => giveUpOrphans(arrangement.given, () => false);
/** Time passes without a process that lives through all of it at once. */
async function passDays(days: number): Promise<void> {
  for (let hour = 0; hour < days * 24; hour += 1) {
    arrangement.clock.atMs += HOUR_MS;
    arrangement.given.retention.nowMs();
  }
  await arrangement.given.retention.save();
}
/** An archive of a week ago that the metadata, which are put back from before it, do not know. */
async function archiveForgotten(): Promise<void> {
  const copy = join(arrangement.directory, 'copy.sqlite');
  rmSync(copy, { force: true });
  await arrangement.given.retention.save();
  await tamper(arrangement, `vacuum into '${copy}'`);
  await uploadBytes(arrangement, LARGE);
  for (const id of await blobs()) {
    utimesSync(join(arrangement.blobsDirectory, id.slice(0, 2), id), T0 / 1000, T0 / 1000);
  }
  await passDays(8);
  const clock = await arrangement.given.metadata.retentionClock.find();
  await arrangement.given.metadata[Symbol.asyncDispose]();
  const metadata = join(arrangement.directory, 'metadata.sqlite');
  for (const suffix of ['-wal', '-shm']) rmSync(metadata + suffix, { force: true });
  writeFileSync(metadata, readFileSync(copy));
  await tamper(arrangement, `update retention_clock set high_water_at = ${clock?.highWaterAtMs}`);
  await arrangement.restart();
}

describe('S-64 metadata from before an upload', () => {
  const KEPT = '1 blob without a row is kept, because vaults are locked or the clock is not believed';

  test('cost no bytes while a vault is locked, though nothing about the lock tells that they are old', async () => {
    await lockVault(arrangement, denial());
    await archiveForgotten();
    expect(await arrangement.core.locks.settle()).toEqual([]);
    expect(await giveUp()).toEqual({ done: 0, more: false, notice: KEPT });
    await reclaim(arrangement.given);
    expect(await blobs()).toHaveLength(1);
  });

  test('cost them where nothing is locked, or when the operator says so', async () => {
    await archiveForgotten();
    expect(await giveUp()).toEqual({ done: 1, more: false });
    await reclaim(arrangement.given);
    expect(await blobs()).toEqual([]);
    await lockVault(arrangement, denial());
    await archiveForgotten();
    expect(await arrangement.core.locks.releaseOrphans()).toEqual({ released: 1 });
    expect(await arrangement.core.locks.releaseOrphans()).toEqual({ released: 0 });
    await reclaim(arrangement.given);
    expect(await blobs()).toEqual([]);
  });

  test('cost none while the wall clock is not believed, and the operator cannot make them', async () => {
    await archiveForgotten();
    arrangement.clock.offByMs = 365 * DAY_MS;
    expect(await giveUp()).toEqual({ done: 0, more: false, notice: KEPT });
    await expect(arrangement.core.locks.releaseOrphans()).rejects.toThrow(
      'nothing is released while the wall clock is not believed',
    );
  });

  test('are not made to cost any while a lock is not as it was recorded', async () => {
    await lockVault(arrangement, denial());
    await archiveForgotten();
    await tamper(arrangement, 'delete from vault_locks');
    await expect(arrangement.core.locks.releaseOrphans()).rejects.toThrow(
      'nothing is released while a lock is not as it was recorded',
    );
    expect(await giveUp()).toMatchObject({ done: 0, notice: KEPT });
  });
});

const bytes = noise(1000);

test('S-64 a blob that was given up and that an archive mentions is kept, and told once', async () => {
  const { given, core } = arrangement;
  await uploadBytes(arrangement, bytes);
  const [kept = ''] = await blobs();
  await core.archives.delete({ vault: VAULT, id: await uploadBytes(arrangement, noise(10, 'other')) });
  await tamper(arrangement, `insert into reclaimable_blobs (blob_id) values ('${kept}')`);
  await expect(reclaim(given)).rejects.toThrow(`blobs were given up that rows mention; they are kept: ${kept}`);
  expect(await blobs()).toEqual([kept]);
  expect(await reclaim(given)).toEqual({ done: 0, more: false });
  expect(await blobs()).toEqual([kept]);
});

test('S-64 a vault that somebody made count no archive is not deleted with those in it', async () => {
  await lockVault(arrangement, retention(365));
  await uploadBytes(arrangement, bytes);
  await tamper(arrangement, 'update vaults set archive_count = 0');
  expect(await outcomeOf(arrangement.core.vaults.delete(VAULT))).toContain('Vault not empty');
  expect(readdirSync(join(arrangement.blobsDirectory, 'locks'))).toHaveLength(1);
  await reclaim(arrangement.given);
  expect(await blobs()).toHaveLength(1);
});
