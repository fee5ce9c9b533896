import { describe, expect, test } from 'vitest';
import type { InventoryPage } from '../../src/metadata/archives.ts';
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

const everything = { snapshotAtMs: Number.MAX_SAFE_INTEGER, startAtMs: null, endAtMs: null, after: null, limit: 1000 };

export function archiveContract(tested: () => MetadataUnderTest): void {
  const idsOf = async (page: Partial<InventoryPage> & { vaultKey: number }) =>
    (await tested().metadata.archives.inventoryPage({ ...everything, ...page })).map((archive) => archive.id);

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

  describe('an inventory', () => {
    test('shows one instant: neither later archives nor earlier deletions', async () => {
      const { metadata } = tested();
      const { key: vaultKey } = await newVault(metadata);
      const [a, b, c] = [
        await newArchive(metadata, { vaultKey, nowMs: T0 }),
        await newArchive(metadata, { vaultKey, nowMs: T0 + 10 }),
        await newArchive(metadata, { vaultKey, nowMs: T0 + 20 }),
      ];
      await metadata.archives.delete({ archiveKey: b.key, nowMs: T0 + 15 });
      expect(await idsOf({ vaultKey, snapshotAtMs: T0 - 1 })).toEqual([]);
      expect(await idsOf({ vaultKey, snapshotAtMs: T0 })).toEqual([a.id]);
      expect(await idsOf({ vaultKey, snapshotAtMs: T0 + 14 })).toEqual([a.id, b.id]);
      expect(await idsOf({ vaultKey, snapshotAtMs: T0 + 15 })).toEqual([a.id]);
      expect(await idsOf({ vaultKey, snapshotAtMs: T0 + 20 })).toEqual([a.id, c.id]);
    });

    test('is in order of creation, and its pages join without gap or repetition', async () => {
      const { metadata } = tested();
      const { key: vaultKey } = await newVault(metadata);
      const instants = [5, 3, 3, 9, 1, 3, 5, 0, 3].map((later) => T0 + later);
      const archives = [];
      for (const nowMs of instants) archives.push({ nowMs, ...(await newArchive(metadata, { vaultKey, nowMs })) });
      const sorted = archives.sort((x, y) => x.nowMs - y.nowMs || x.key - y.key);
      for (const limit of [1, 2, 3, 100]) {
        const seen: string[] = [];
        for (let after: InventoryPage['after'] = null; ; ) {
          const page = await metadata.archives.inventoryPage({ ...everything, vaultKey, after, limit });
          seen.push(...page.map((archive) => archive.id));
          const last = page.at(-1);
          if (last === undefined) break;
          after = { createdAtMs: last.createdAtMs, archiveKey: last.key };
        }
        expect(seen).toEqual(sorted.map((archive) => archive.id));
      }
    });

    test('takes a beginning that counts and an end that does not', async () => {
      const { metadata } = tested();
      const { key: vaultKey } = await newVault(metadata);
      const archives = [];
      for (const later of [0, 1, 2, 3]) archives.push(await newArchive(metadata, { vaultKey, nowMs: T0 + later }));
      const [a, b, c, d] = archives.map((archive) => archive.id);
      expect(await idsOf({ vaultKey, startAtMs: T0 + 1 })).toEqual([b, c, d]);
      expect(await idsOf({ vaultKey, endAtMs: T0 + 1 })).toEqual([a]);
      expect(await idsOf({ vaultKey, startAtMs: T0 + 1, endAtMs: T0 + 3 })).toEqual([b, c]);
      expect(await idsOf({ vaultKey, startAtMs: T0 + 2, endAtMs: T0 + 2 })).toEqual([]);
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
