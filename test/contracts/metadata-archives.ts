import { describe, expect, test } from 'vitest';
import type { Metadata } from '../../src/metadata/metadata.ts';
import type { ByteRange } from '../../src/model/byte-range.ts';
import { newArchiveId } from '../../src/model/ids.ts';
import { MIB } from '../../src/model/limits.ts';
import {
  ACCOUNT,
  archiveJob,
  assembled,
  blobRef,
  givenUp,
  hashOf,
  jobEnd,
  type MetadataUnderTest,
  newArchive,
  newUpload,
  newVault,
  present,
  T0,
  vaultNow,
} from './metadata-fixtures.ts';

export function archiveContract(tested: () => MetadataUnderTest): void {
  describe('archives', () => {
    test('one is recorded with its blob and counted', async () => {
      const { metadata } = tested();
      const vault = await newVault(metadata);
      const blob = blobRef({ sizeBytes: 12 });
      const id = newArchiveId();
      const facts = { id, vaultKey: vault.key, description: 'words', sizeBytes: 12, treeHash: hashOf('t') };
      expect(await metadata.archives.add({ ...facts, blob, nowMs: T0 })).toBe(true);
      const archive = present(await metadata.archives.find({ accountId: ACCOUNT, id }));
      expect(archive).toEqual({ ...facts, key: archive.key, createdAtMs: T0, deletedAtMs: null });
      const range = { startByte: 0, endByte: 11 };
      expect(await metadata.archives.blobs({ archiveKey: archive.key, range })).toEqual([blob]);
      expect(await vaultNow(metadata, vault)).toMatchObject({ archiveCount: 1, archiveBytes: 12, writtenAtMs: T0 });
    });

    test('one for a vault that is gone is not recorded, nor is its blob', async () => {
      const { metadata, rows } = tested();
      const vault = await newVault(metadata);
      await metadata.vaults.delete({ ...vault, inventory: 'live' });
      const blob = blobRef();
      const archive = { id: newArchiveId(), vaultKey: vault.key, description: null, sizeBytes: 10, treeHash: '' };
      expect(await metadata.archives.add({ ...archive, blob, nowMs: T0 })).toBe(false);
      expect(await rows(`select * from archive_blobs where blob_id = '${blob.blobId}'`)).toEqual([]);
    });

    test('one whose bytes were given up is refused, and not counted', async () => {
      const { metadata } = tested();
      const vault = await newVault(metadata);
      const blob = blobRef();
      await metadata.reclaim.addUnknown([blob.blobId]);
      const archive = { id: newArchiveId(), vaultKey: vault.key, description: null, sizeBytes: 10, treeHash: '' };
      const adding = metadata.archives.add({ ...archive, blob, nowMs: T0 });
      await expect(adding).rejects.toThrow(`the blob ${blob.blobId} was given up before it was recorded`);
      expect(await metadata.archives.find({ accountId: ACCOUNT, id: archive.id })).toBeUndefined();
      expect(await vaultNow(metadata, vault)).toMatchObject({ archiveCount: 0, writtenAtMs: null });
    });

    test('deleting counts once, and gives up the bytes once', async () => {
      const { metadata } = tested();
      const vault = await newVault(metadata);
      const archive = await newArchive(metadata, { vaultKey: vault.key });
      const deleted = await Promise.all(
        [1, 2, 3].map((later) => metadata.archives.delete({ archiveKey: archive.key, nowMs: T0 + later })),
      );
      expect(deleted.sort()).toEqual([false, false, true]);
      expect(await vaultNow(metadata, vault)).toMatchObject({ archiveCount: 0, archiveBytes: 0, writtenAtMs: T0 + 1 });
      expect(await givenUp(metadata)).toContain(archive.blobId);
      expect(await metadata.archives.find({ accountId: ACCOUNT, id: archive.id })).toMatchObject({
        deletedAtMs: T0 + 1,
      });
      expect(await metadata.archives.blobs({ archiveKey: archive.key, range: { startByte: 0, endByte: 9 } })).toEqual(
        [],
      );
    });

    test('a deleted one keeps its bytes until the last of its jobs is gone', async () => {
      const { metadata } = tested();
      const vault = await newVault(metadata);
      const archive = await newArchive(metadata, { vaultKey: vault.key });
      const jobs = [0, 1].map(() => archiveJob({ vaultKey: vault.key, archive }));
      for (const job of jobs) await metadata.jobs.create(job);
      await metadata.archives.delete({ archiveKey: archive.key, nowMs: T0 });
      const given = async () => (await givenUp(metadata)).includes(archive.blobId);
      expect(await given()).toBe(false);
      for (const [index, job] of jobs.entries()) {
        await endJob(metadata, { vaultKey: vault.key, id: job.id, expiresAtMs: T0 + index });
      }
      await metadata.jobs.expire({ nowMs: T0, limit: 100 });
      expect(await given()).toBe(false);
      await metadata.jobs.expire({ nowMs: T0 + 1, limit: 100 });
      expect(await given()).toBe(true);
    });

    test('one that is kept loses nothing when its jobs expire', async () => {
      const { metadata } = tested();
      const vault = await newVault(metadata);
      const archive = await newArchive(metadata, { vaultKey: vault.key });
      const job = archiveJob({ vaultKey: vault.key, archive });
      await metadata.jobs.create(job);
      await endJob(metadata, { vaultKey: vault.key, id: job.id, expiresAtMs: T0 });
      await metadata.jobs.expire({ nowMs: T0, limit: 100 });
      expect(await givenUp(metadata)).not.toContain(archive.blobId);
      const range = { startByte: 0, endByte: 9 };
      expect(await metadata.archives.blobs({ archiveKey: archive.key, range })).toHaveLength(1);
    });
  });

  describe('the blobs of a range', () => {
    test('are those that hold it, in order, whatever the range', async () => {
      const { metadata } = tested();
      const vault = await newVault(metadata);
      const upload = await newUpload(metadata, { vaultKey: vault.key });
      const parts = [0, 1, 2, 3, 4].map((index) => blobRef({ startByte: index * MIB, sizeBytes: index < 4 ? MIB : 7 }));
      for (const part of parts) await metadata.uploads.putPart({ uploadKey: upload.key, part, nowMs: T0 });
      const archiveId = newArchiveId();
      await metadata.uploads.complete({ uploadKey: upload.key, archiveId, nowMs: T0, ...assembled(parts) });
      const { key } = present(await metadata.archives.find({ accountId: ACCOUNT, id: archiveId }));
      const edges = [0, 1, MIB - 1, MIB, MIB + 1, 3 * MIB - 1, 3 * MIB, 4 * MIB - 1, 4 * MIB, 4 * MIB + 6];
      const ranges: ByteRange[] = edges.flatMap((startByte) =>
        edges.filter((endByte) => endByte >= startByte).map((endByte) => ({ startByte, endByte })),
      );
      for (const range of ranges) {
        const naive = parts.filter(
          (part) => part.startByte <= range.endByte && part.startByte + part.sizeBytes > range.startByte,
        );
        expect(await metadata.archives.blobs({ archiveKey: key, range })).toEqual(naive);
      }
    });
  });
}

async function endJob(metadata: Metadata, job: { vaultKey: number; id: string; expiresAtMs: number }): Promise<void> {
  const { key: jobKey } = present(await metadata.jobs.find(job));
  const token = `token of ${job.id}`;
  for (const claimed of await metadata.jobQueue.claimDue({ nowMs: T0, leaseUntilMs: T0, token, limit: 1000 })) {
    if (claimed.key !== jobKey) continue;
    await metadata.jobQueue.end({ ...jobEnd({ jobKey, token }), expiresAtMs: job.expiresAtMs });
  }
}
