import { readdirSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import {
  chunksOf,
  hashesOf,
  SUCCEEDED,
  T0,
  type TestArrangement,
  testArrangement,
  testLog,
  uploadBytes,
  VAULT,
} from '../../test/support/arrangement.ts';
import { noise } from '../../test/support/hashes.ts';
import { receive } from '../core/receive.ts';
import { wholeOf } from '../model/byte-range.ts';
import { DAY_MS, limits, MIB, MINUTE_MS } from '../model/limits.ts';
import { expireJobs, expireUploads } from './expire.ts';
import { giveUpOrphans, reclaim } from './reclaim.ts';
import { Sweeper } from './sweeper.ts';

let arrangement: TestArrangement;
const about = () => ({ kind: 'output' as const, createdAtMs: T0 });

beforeEach(async () => {
  arrangement = await testArrangement();
});
afterEach(() => arrangement[Symbol.asyncDispose]());

const bytes = noise(1000);
/** Far more than anything takes where others do not keep the processors busy. */
const WAIT = { timeout: 20_000 };
const listed = async (): Promise<string[]> => {
  const blobIds: string[] = [];
  for await (const { blobId } of arrangement.given.blobs.list()) blobIds.push(blobId);
  return blobIds;
};

describe('uploads', () => {
  const opened = async () => {
    const id = await arrangement.core.uploads.initiate({ vault: VAULT, description: null, partSizeBytes: MIB });
    const name = { vault: VAULT, id };
    const part = { name, range: wholeOf(bytes.length), claimed: hashesOf(bytes), body: chunksOf(bytes) };
    await arrangement.core.uploads.putPart(part);
    return name;
  };
  const open = async () =>
    (await arrangement.core.uploads.list({ vault: VAULT, after: null, limit: 50 })).uploads.length;

  test('are given up after 24 hours and what signs of life may be noted late, and not a moment sooner', async () => {
    await opened();
    arrangement.clock.atMs += DAY_MS + limits.uploadTouchMs;
    expect(await expireUploads(arrangement.given)).toEqual({ done: 0, more: false });
    expect(await open()).toBe(1);
    arrangement.clock.atMs += 1;
    expect(await expireUploads(arrangement.given)).toEqual({ done: 1, more: false });
    expect(await expireUploads(arrangement.given)).toEqual({ done: 0, more: false });
    expect(await open()).toBe(0);
    expect(await reclaim(arrangement.given)).toEqual({ done: 1, more: true });
    expect(await listed()).toEqual([]);
  });

  test('live as long as the bytes of a part come, however long that takes, and 24 hours after the last', async () => {
    const { core, clock, given } = arrangement;
    const id = await core.uploads.initiate({ vault: VAULT, description: null, partSizeBytes: MIB });
    const name = { vault: VAULT, id };
    const touch = vi.spyOn(given.metadata.uploads, 'touch');
    const minutes = 25 * 60;
    const slow = noise(minutes);
    async function* body() {
      for (const byte of slow) {
        clock.atMs += MINUTE_MS;
        yield Buffer.of(byte);
      }
      // The worst moment for the next byte to fail to come.
      clock.atMs += DAY_MS;
      expect(await expireUploads(given)).toEqual({ done: 0, more: false });
    }
    const part = { name, range: wholeOf(minutes), claimed: hashesOf(slow), body: body() };
    await core.uploads.putPart(part);
    expect(await open()).toBe(1);
    expect(touch.mock.calls.length).toBeLessThanOrEqual(2 * 25 + 1);
  });

  test('live for 24 hours after the last byte of a part, however late signs of life are noted', async () => {
    const { core, clock, given } = arrangement;
    const id = await core.uploads.initiate({ vault: VAULT, description: null, partSizeBytes: MIB });
    clock.atMs += limits.uploadTouchMs - 1;
    async function* body() {
      yield bytes.subarray(0, 1);
      clock.atMs += limits.uploadTouchMs - 1;
      yield bytes.subarray(1);
      clock.atMs += DAY_MS;
      expect(await expireUploads(given)).toEqual({ done: 0, more: false });
    }
    const part = { name: { vault: VAULT, id }, range: wholeOf(bytes.length), claimed: hashesOf(bytes), body: body() };
    await core.uploads.putPart(part);
  });

  test('that ended give the same answer for 24 hours, and then are forgotten', async () => {
    const { core, clock, given } = arrangement;
    const name = await opened();
    await core.uploads.abort(name);
    clock.atMs += DAY_MS;
    await expireUploads(given);
    await core.uploads.abort(name);
    await reclaim(given);
    clock.atMs += 1;
    await expireUploads(given);
    await expect(core.uploads.abort(name)).rejects.toThrow('The upload ID was not found');
  });

  test('are not given up by a clock that goes back', async () => {
    await opened();
    arrangement.clock.atMs -= 365 * DAY_MS;
    expect(await expireUploads(arrangement.given)).toEqual({ done: 0, more: false });
    expect(await open()).toBe(1);
  });
});

describe('jobs', () => {
  test('go after the retention, with their output', async () => {
    const { core, given, clock } = arrangement;
    const { metadata, blobs, frames } = given;
    const notes = { vault: VAULT, description: null, snsTopic: null };
    const range = { startAtMs: null, endAtMs: null, limit: null, marker: null };
    const id = await core.jobs.retrieveInventory({ ...notes, format: 'JSON', ...range });
    const [job] = await metadata.jobQueue.claimDue({ nowMs: T0, leaseUntilMs: T0, token: 't', limit: 1 });
    const output = await receive({ blobs, frames, source: chunksOf(bytes), check: () => undefined, about });
    const lease = { jobKey: job?.key ?? 0, token: 't' };
    await metadata.jobQueue.end({ ...SUCCEEDED, marker: null, nowMs: T0, lease, output, expiresAtMs: T0 + DAY_MS });
    clock.atMs += DAY_MS - 1;
    expect(await expireJobs(given)).toEqual({ done: 0, more: false });
    await core.jobs.describe({ vault: VAULT, id });
    clock.atMs += 1;
    expect(await expireJobs(given)).toEqual({ done: 1, more: true });
    expect(await expireJobs(given)).toEqual({ done: 0, more: false });
    await expect(core.jobs.describe({ vault: VAULT, id })).rejects.toThrow('The job ID was not found');
    await reclaim(given);
    expect(await listed()).toEqual([]);
  });
});

describe('reclaiming', () => {
  test('deletes the bytes and then the note of them; a crash in between is made good', async () => {
    const { core, given } = arrangement;
    const id = await uploadBytes(arrangement, bytes);
    await core.archives.delete({ vault: VAULT, id });
    vi.spyOn(given.metadata.reclaim, 'forget').mockRejectedValueOnce(new Error('killed'));
    await expect(reclaim(given)).rejects.toThrow('killed');
    expect(await listed()).toEqual([]);
    await arrangement.restart();
    expect(await reclaim(arrangement.given)).toEqual({ done: 1, more: false });
    expect(await reclaim(arrangement.given)).toEqual({ done: 0, more: false });
  });

  test('goes on past a blob that cannot be deleted, and tries that one again', async () => {
    const { core, given } = arrangement;
    for (const seed of ['a', 'b', 'c']) {
      await core.archives.delete({ vault: VAULT, id: await uploadBytes(arrangement, noise(10, seed)) });
    }
    await given.metadata.reclaim.gather({ limit: 10 });
    const [stuck = ''] = await given.metadata.reclaim.list({ limit: 10 });
    const real = given.blobs.delete.bind(given.blobs);
    const failing = vi.spyOn(given.blobs, 'delete').mockImplementation(async (blobIds) => {
      if (blobIds.includes(stuck)) throw new Error('EIO');
      return real(blobIds);
    });
    await expect(reclaim(given)).rejects.toThrow('1 blobs could not be deleted');
    expect(await given.metadata.reclaim.list({ limit: 10 })).toEqual([stuck]);
    failing.mockRestore();
    expect(await reclaim(given)).toEqual({ done: 1, more: false });
    expect(await listed()).toEqual([]);
  });
});

describe('F-21 bytes that no row mentions', () => {
  /** So large that it is a file of its own, whose date a test can change. */
  const large = noise(MIB + 1);
  const orphan = async () => {
    const { blobs, frames } = arrangement.given;
    const source = chunksOf(large);
    return (await receive({ blobs, frames, source, check: () => undefined, about })).blobId;
  };
  /** Sets when the file of a blob was last changed. */
  const date = (blobId: string, atMs: number) => {
    const path = join(arrangement.blobsDirectory, blobId.slice(0, 2), blobId);
    utimesSync(path, atMs / 1000, atMs / 1000);
  };
  const giveUp = () => giveUpOrphans(arrangement.given, () => false);

  test('are given up after 7 days, and those of rows never', async () => {
    await uploadBytes(arrangement, large);
    const [kept = ''] = await listed();
    const lost = await orphan();
    for (const blobId of [kept, lost]) date(blobId, T0);
    arrangement.clock.atMs += 7 * DAY_MS - 1;
    expect(await giveUp()).toEqual({ done: 0, more: false });
    arrangement.clock.atMs += 1;
    expect(await giveUp()).toEqual({ done: 1, more: false });
    expect(await giveUp()).toEqual({ done: 0, more: false });
    await reclaim(arrangement.given);
    expect(await listed()).toEqual([kept]);
  });

  test('are left alone while they are still being written', async () => {
    await using writer = await arrangement.given.blobs.put();
    await writer.write(large.subarray(0, MIB));
    await writer.write(large.subarray(MIB));
    arrangement.clock.atMs += 365 * DAY_MS;
    expect(await giveUp()).toEqual({ done: 0, more: false });
    expect(readdirSync(join(arrangement.blobsDirectory, 'incoming'))).toHaveLength(1);
  });

  test('are not half given up when the server stops', async () => {
    date(await orphan(), T0 - 30 * DAY_MS);
    expect(await giveUpOrphans(arrangement.given, () => true)).toEqual({ done: 0, more: false });
  });
});

describe('the sweeper', () => {
  test('works off everything that waits, rests, and stops at once', async () => {
    const { given, core, clock } = arrangement;
    for (let index = 0; index < 8; index += 1) {
      await core.uploads.initiate({ vault: VAULT, description: null, partSizeBytes: MIB });
    }
    await core.archives.delete({ vault: VAULT, id: await uploadBytes(arrangement, bytes) });
    clock.atMs += 2 * DAY_MS;
    const list = vi.spyOn(given.metadata.reclaim, 'list');
    const { log, said } = testLog();
    const sweeper = new Sweeper(given, log);
    sweeper.start();
    await vi.waitFor(async () => {
      expect((await core.uploads.list({ vault: VAULT, after: null, limit: 50 })).uploads).toEqual([]);
      expect(await listed()).toEqual([]);
    }, WAIT);
    // After what was gathered it looks once more: the archive, and uploads at one or two times.
    expect(list.mock.calls.length).toBeLessThanOrEqual(4);
    const startedAtMs = performance.now();
    await sweeper[Symbol.asyncDispose]();
    expect(performance.now() - startedAtMs).toBeLessThan(500);
    expect(said).toEqual([]);
  });

  test('a sweep that fails is said once, and not tried again at once; the others go on', async () => {
    const { given } = arrangement;
    const failing = vi.spyOn(given.metadata.reclaim, 'list').mockRejectedValue(new Error('no'));
    const expiring = vi.spyOn(given.metadata.jobs, 'expire');
    const { log, said } = testLog();
    const sweeper = new Sweeper(given, log);
    sweeper.start();
    await vi.waitFor(() => expect(expiring.mock.calls.length).toBeGreaterThan(1), WAIT);
    await sweeper[Symbol.asyncDispose]();
    expect(failing).toHaveBeenCalledOnce();
    expect(said).toEqual(['the sweep failed']);
  });
});
