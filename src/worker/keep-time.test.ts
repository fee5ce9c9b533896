import { readdirSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { T0, type TestArrangement, testArrangement, uploadBytes } from '../../test/support/arrangement.ts';
import { denial, lockVault, tamper } from '../../test/support/locks.ts';
import { HOUR_MS, limits, SECOND_MS } from '../model/limits.ts';
import { keepTime } from './keep-time.ts';
import { giveUpOrphans } from './reclaim.ts';

let arrangement: TestArrangement;
beforeEach(async () => {
  arrangement = await testArrangement();
});
afterEach(() => arrangement[Symbol.asyncDispose]());

test('keeping the time is one durable step', async () => {
  arrangement.clock.atMs += HOUR_MS;
  expect(await keepTime(arrangement.given)).toEqual({ done: 0, more: false });
  expect(await arrangement.given.metadata.retentionClock.find()).toMatchObject({ highWaterAtMs: T0 + HOUR_MS });
});

test('S-64 F-41 bytes without a row stay while the metadata are not those that a lock was completed in', async () => {
  await uploadBytes(arrangement, Buffer.from('kept'));
  await lockVault(arrangement, denial());
  const long = (T0 - limits.orphanAgeMs - HOUR_MS) / SECOND_MS;
  const blobs = arrangement.blobsDirectory;
  const paths = readdirSync(blobs, { recursive: true }).map((name) => join(blobs, String(name)));
  for (const path of paths) utimesSync(path, long, long);
  await tamper(arrangement, 'delete from archive_blobs; delete from archives; delete from vault_locks');
  expect(await giveUpOrphans(arrangement.given, () => false)).toMatchObject({ done: 0, more: false });
  await arrangement.core.locks.repair();
  expect(await giveUpOrphans(arrangement.given, () => false)).toMatchObject({ done: 0, more: false });
  expect(await arrangement.core.locks.releaseOrphans()).toEqual({ released: 1 });
});
