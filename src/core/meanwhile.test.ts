import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import {
  chunksOf,
  hashesOf,
  SUCCEEDED,
  type TestArrangement,
  testArrangement,
  uploadBytes,
  uploadParts,
  VAULT,
} from '../../test/support/arrangement.ts';
import { noise, treeHash } from '../../test/support/hashes.ts';
import { wholeOf } from '../model/byte-range.ts';
import { DAY_MS, MIB } from '../model/limits.ts';

/**
 * What happens to a request when the thing it is about goes away in the middle of it: the client hears that it is gone,
 * and the bytes that came are handed to the reclaim sweep.
 */
let arrangement: TestArrangement;
beforeEach(async () => {
  arrangement = await testArrangement();
});
afterEach(() => arrangement[Symbol.asyncDispose]());

const bytes = noise(1.5 * MIB);
const part = { claimed: hashesOf(bytes), range: wholeOf(bytes.length) };
const notes = { vault: VAULT, description: null, snsTopic: null };

/** A body in whose middle something happens. */
async function* interrupted(happens: () => Promise<unknown>): AsyncGenerator<Buffer, void, void> {
  yield bytes.subarray(0, MIB);
  await happens();
  yield bytes.subarray(MIB);
}

const deleteVault = () => arrangement.core.vaults.delete(VAULT);
const toReclaim = async () => {
  const { goingVaults, reclaim } = arrangement.given.metadata;
  while ((await goingVaults.removeSome({ limit: 5 })) > 0 || (await reclaim.gather({ limit: 5 })) > 0);
  return (await reclaim.list({ limit: 100 })).length;
};
const opened = () => arrangement.core.uploads.initiate({ vault: VAULT, description: null, partSizeBytes: 2 * MIB });
const complete = (id: string) =>
  arrangement.core.uploads.complete({ name: { vault: VAULT, id }, sizeBytes: bytes.length, treeHash: treeHash(bytes) });
/** Ends what is due as the worker would. */
async function endJobs(): Promise<void> {
  const { metadata } = arrangement.given;
  const nowMs = arrangement.clock.atMs;
  const jobs = await metadata.jobQueue.claimDue({ nowMs, leaseUntilMs: nowMs, token: 't', limit: 100 });
  const ended = { ...SUCCEEDED, output: null, marker: null, nowMs };
  for (const job of jobs) {
    await metadata.jobQueue.end({ ...ended, lease: { jobKey: job.key, token: 't' }, expiresAtMs: nowMs + DAY_MS });
  }
}

describe('the vault is deleted', () => {
  const gone = 'Vault not found for ARN: arn:aws:glacier:us-east-1:111122223333:vaults/vault';

  test('while an archive comes in', async () => {
    const upload = { vault: VAULT, description: null, claimed: part.claimed, body: interrupted(deleteVault) };
    await expect(arrangement.core.archives.upload(upload)).rejects.toThrow(gone);
    expect(await toReclaim()).toBe(1);
  });

  test('and made again while an archive comes in, which is not for the new one', async () => {
    const again = async () => {
      await deleteVault();
      await arrangement.core.vaults.create(VAULT);
    };
    const upload = { vault: VAULT, description: null, claimed: part.claimed, body: interrupted(again) };
    await expect(arrangement.core.archives.upload(upload)).rejects.toThrow(gone);
    expect(await arrangement.core.vaults.describe(VAULT)).toMatchObject({ archiveCount: 0 });
  });

  test('while a part comes in', async () => {
    const id = await opened();
    const put = arrangement.core.uploads.putPart({
      ...part,
      name: { vault: VAULT, id },
      body: interrupted(deleteVault),
    });
    await expect(put).rejects.toThrow(`The upload ID was not found: ${id}`);
    expect(await toReclaim()).toBe(1);
  });

  test('before an upload is completed', async () => {
    const id = await opened();
    await arrangement.core.uploads.putPart({ ...part, name: { vault: VAULT, id }, body: chunksOf(bytes) });
    await deleteVault();
    await expect(complete(id)).rejects.toThrow(gone);
    expect(await toReclaim()).toBe(1);
  });
});

describe('the upload ends', () => {
  test.each(['aborted', 'completed'])('%s while a part comes in, and the part is given up', async (how) => {
    const id = await opened();
    const name = { vault: VAULT, id };
    await arrangement.core.uploads.putPart({ ...part, name, body: chunksOf(bytes) });
    const end = () => (how === 'aborted' ? arrangement.core.uploads.abort(name) : complete(id));
    const put = arrangement.core.uploads.putPart({ ...part, name, body: interrupted(end) });
    await expect(put).rejects.toThrow(`The upload ID was not found: ${id}`);
    expect(await toReclaim()).toBe(how === 'aborted' ? 2 : 1);
  });

  test('the first bytes of a part say that the upload lives', async () => {
    const id = await opened();
    const name = { vault: VAULT, id };
    const abortIdle = () => {
      const nowMs = arrangement.clock.atMs;
      return arrangement.given.metadata.uploads.abortIdle({ beforeMs: nowMs - DAY_MS, nowMs, limit: 5 });
    };
    arrangement.clock.atMs += DAY_MS - 1;
    const slow = interrupted(async () => {
      arrangement.clock.atMs += DAY_MS - 1;
      expect(await abortIdle()).toBe(0);
    });
    await arrangement.core.uploads.putPart({ ...part, name, body: slow });
    arrangement.clock.atMs += DAY_MS + 1;
    expect(await abortIdle()).toBe(1);
  });
});

describe('the archive is deleted', () => {
  test('before its job, which then is not started', async () => {
    const archiveId = await uploadBytes(arrangement, bytes);
    await arrangement.core.archives.delete({ vault: VAULT, id: archiveId });
    const asked = { ...notes, archiveId, range: null, tier: 'Standard' as const };
    await expect(arrangement.core.jobs.retrieveArchive(asked)).rejects.toThrow('The archive ID was not found: ');
  });

  test('with its bytes while the job looks at them: that is news, not a failure', async () => {
    const archiveId = await uploadParts(arrangement, { bytes: noise(3 * MIB), partSizeBytes: 2 * MIB });
    const { metadata, blobs } = arrangement.given;
    const real = metadata.archives.blobs.bind(metadata.archives);
    vi.spyOn(metadata.archives, 'blobs').mockImplementationOnce(async (asked) => {
      const refs = await real(asked);
      await arrangement.core.archives.delete({ vault: VAULT, id: archiveId });
      for (const { blobId } of refs) await blobs.delete([blobId]);
      return refs;
    });
    const range = { startByte: 0, endByte: MIB - 1 };
    const asked = { ...notes, archiveId, range, tier: 'Standard' as const };
    await expect(arrangement.core.jobs.retrieveArchive(asked)).rejects.toThrow('The archive ID was not found: ');
  });

  test('after its job has ended: the output is served until the job expires, and then the job is not found', async () => {
    const archiveId = await uploadParts(arrangement, { bytes, partSizeBytes: MIB });
    const { core, given, clock } = arrangement;
    const id = await core.jobs.retrieveArchive({ ...notes, archiveId, range: null, tier: 'Bulk' });
    await endJobs();
    await core.archives.delete({ vault: VAULT, id: archiveId });
    const read = async () => {
      const output = await core.jobs.output({ name: { vault: VAULT, id }, choose: wholeOf });
      const pieces: Buffer[] = [];
      for await (const piece of output.read()) pieces.push(Buffer.from(piece));
      return Buffer.concat(pieces);
    };
    expect((await read()).equals(bytes)).toBe(true);
    // The job goes between the two questions that GetJobOutput asks.
    const real = given.metadata.archives.blobs.bind(given.metadata.archives);
    vi.spyOn(given.metadata.archives, 'blobs').mockImplementationOnce(async (asked) => {
      clock.atMs += 2 * DAY_MS;
      await given.metadata.jobs.expire({ nowMs: clock.atMs, limit: 10 });
      return real(asked);
    });
    await expect(read()).rejects.toThrow(`The job ID was not found: ${id}`);
    expect(await toReclaim()).toBe(2);
  });

  test('twice: both times with success', async () => {
    const id = await uploadBytes(arrangement, bytes);
    for (const _ of [1, 2]) await arrangement.core.archives.delete({ vault: VAULT, id });
    expect(await toReclaim()).toBe(1);
  });
});
