import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import {
  SUCCEEDED,
  T0,
  type TestArrangement,
  testArrangement,
  uploadBytes,
  uploadParts,
  VAULT,
} from '../../test/support/arrangement.ts';
import { noise } from '../../test/support/hashes.ts';
import { wholeOf } from '../model/byte-range.ts';
import { newBlobId } from '../model/ids.ts';
import { DAY_MS, limits, MIB } from '../model/limits.ts';
import { expireJobs, removeVaults } from './expire.ts';
import { reclaim } from './reclaim.ts';

let arrangement: TestArrangement;
beforeEach(async () => {
  arrangement = await testArrangement();
});
afterEach(() => arrangement[Symbol.asyncDispose]());

const listed = async (): Promise<string[]> => {
  const blobIds: string[] = [];
  for await (const { blobId } of arrangement.given.blobs.list()) blobIds.push(blobId);
  return blobIds;
};

describe('a download', () => {
  const whole = noise(5 * MIB);
  /** A deleted archive in parts, of which a job that is over soon is left. */
  const jobOfDeleted = async () => {
    const { core, given } = arrangement;
    const archiveId = await uploadParts(arrangement, { bytes: whole, partSizeBytes: MIB });
    const notes = { vault: VAULT, description: null, snsTopic: null };
    const id = await core.jobs.retrieveArchive({ ...notes, archiveId, range: null, tier: 'Bulk' });
    const [job] = await given.metadata.jobQueue.claimDue({ nowMs: T0, leaseUntilMs: T0, token: 't', limit: 1 });
    const end = { ...SUCCEEDED, output: null, marker: null, nowMs: T0, expiresAtMs: T0 + DAY_MS };
    await given.metadata.jobQueue.end({ ...end, lease: { jobKey: job?.key ?? 0, token: 't' } });
    await core.archives.delete({ vault: VAULT, id: archiveId });
    return { open: async () => (await core.jobs.output({ name: { vault: VAULT, id }, choose: wholeOf })).read() };
  };
  const sweep = async () => {
    const { given } = arrangement;
    while ((await expireJobs(given)).more || (await removeVaults(given)).more || (await reclaim(given)).more);
  };

  test.each(['expires', 'goes with its vault'])('goes on to its end when its job %s', async (how) => {
    const { core, clock } = arrangement;
    const { open } = await jobOfDeleted();
    const [first, second, idle] = [await open(), await open(), await open()];
    await first.next();
    const begun = Buffer.from((await second.next()).value ?? []);
    await first.return();
    if (how === 'expires') clock.atMs += DAY_MS;
    else await core.vaults.delete(VAULT);
    const pieces = [begun];
    for await (const piece of second) {
      pieces.push(Buffer.from(piece));
      await sweep();
      expect(await listed()).toHaveLength(5);
    }
    expect(Buffer.concat(pieces).equals(whole)).toBe(true);
    await sweep();
    expect(await listed()).toEqual([]);
    await expect(idle.next()).rejects.toThrow('The job ID was not found');
  });

  test('that had not begun when the bytes went is told that there is no such job', async () => {
    const { given, clock } = arrangement;
    const { open } = await jobOfDeleted();
    const pieces = await open();
    const real = given.metadata.jobs.find.bind(given.metadata.jobs);
    vi.spyOn(given.metadata.jobs, 'find').mockImplementationOnce(async (name) => {
      // Between the look for the blobs and the first of them.
      clock.atMs += DAY_MS;
      await sweep();
      return real(name);
    });
    await expect(pieces.next()).rejects.toThrow('The job ID was not found');
    await sweep();
    expect(await listed()).toEqual([]);
  });

  test('does not keep others from being deleted, however many blobs are read', async () => {
    const { given, core } = arrangement;
    const kept: string[] = [];
    for (let index = 0; index < limits.sweepRowsMax; index += 1) kept.push(`0${newBlobId().slice(1)}`);
    await given.metadata.reclaim.addUnknown(kept);
    const reading = given.downloads.keep(kept);
    await core.archives.delete({ vault: VAULT, id: await uploadBytes(arrangement, noise(10)) });
    const place = { afterBlobId: '' };
    while ((await reclaim(given, place)).more);
    expect(await listed()).toEqual([]);
    expect(await given.metadata.reclaim.list({ limit: 1e6 })).toHaveLength(kept.length);
    reading[Symbol.dispose]();
    while ((await reclaim(given, place)).more);
    expect(await given.metadata.reclaim.list({ limit: 1e6 })).toEqual([]);
  });
});
