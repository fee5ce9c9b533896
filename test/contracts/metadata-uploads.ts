import { describe, expect, test } from 'vitest';
import { parseAssembly } from '../../src/model/assembly.ts';
import { newArchiveId, newBlobId, newUploadId } from '../../src/model/ids.ts';
import { MIB } from '../../src/model/limits.ts';
import {
  ACCOUNT,
  givenUp as allGivenUp,
  assembled,
  blobRef,
  hashOf,
  type MetadataUnderTest,
  newUpload,
  newVault,
  present,
  T0,
  vaultNow,
} from './metadata-fixtures.ts';

const RACES = 60;

export function uploadContract(tested: () => MetadataUnderTest): void {
  const started = async () => {
    const { metadata } = tested();
    const vault = await newVault(metadata);
    return { metadata, vault, upload: await newUpload(metadata, { vaultKey: vault.key }) };
  };
  const givenUp = async (blobId: string) => (await allGivenUp(tested().metadata)).includes(blobId);
  const waiting = async (blobId: string) => (await tested().metadata.reclaim.list({ limit: 1e6 })).includes(blobId);
  const partsOf = (uploadKey: number) =>
    tested().metadata.uploads.listParts({ uploadKey, afterByte: -1, limit: 10_000 });

  describe('an upload', () => {
    test('is found in its vault only, and not opened in one that is gone', async () => {
      const { metadata, vault, upload } = await started();
      expect(await metadata.uploads.find({ vaultKey: vault.key, id: upload.id })).toEqual({
        key: upload.key,
        id: upload.id,
        vaultKey: vault.key,
        description: null,
        partSizeBytes: MIB,
        createdAtMs: T0,
        state: 'open',
        archiveId: null,
      });
      expect(await metadata.uploads.find({ vaultKey: vault.key + 1, id: upload.id })).toBeUndefined();
      await metadata.vaults.delete({ ...vault, inventory: 'live' });
      const facts = { vaultKey: vault.key, description: null, partSizeBytes: MIB, createdAtMs: T0 };
      expect(await metadata.uploads.create({ ...facts, id: newUploadId(T0) })).toBe(false);
      expect(await metadata.uploads.putPart({ uploadKey: upload.key, part: blobRef(), nowMs: T0 })).toBe(false);
    });

    test('lists its parts by place; the last one at a place counts, the one before is given up', async () => {
      const { metadata, upload } = await started();
      const [second, first, again] = [blobRef({ startByte: MIB }), blobRef(), blobRef()];
      for (const part of [second, first, again]) {
        expect(await metadata.uploads.putPart({ uploadKey: upload.key, part, nowMs: T0 })).toBe(true);
      }
      expect(await partsOf(upload.key)).toEqual([again, second]);
      expect(await givenUp(first.blobId)).toBe(true);
      const page = { uploadKey: upload.key, limit: 1 };
      expect(await metadata.uploads.listParts({ ...page, afterByte: -1 })).toEqual([again]);
      expect(await metadata.uploads.listParts({ ...page, afterByte: 0 })).toEqual([second]);
      expect(await metadata.uploads.listParts({ ...page, afterByte: MIB })).toEqual([]);
    });

    test('refuses a part whose bytes were given up already', async () => {
      const { metadata, upload } = await started();
      const part = blobRef();
      await metadata.reclaim.addUnknown([part.blobId]);
      await expect(metadata.uploads.putPart({ uploadKey: upload.key, part, nowMs: T0 })).rejects.toThrow('given up');
      expect(await partsOf(upload.key)).toEqual([]);
    });

    test('becomes an archive of its parts, once, and says so when asked again', async () => {
      const { metadata, vault, upload } = await started();
      const parts = [blobRef({ sizeBytes: MIB }), blobRef({ startByte: MIB, sizeBytes: 5 })];
      for (const part of parts) await metadata.uploads.putPart({ uploadKey: upload.key, part, nowMs: T0 });
      const ask = () => {
        const archiveId = newArchiveId();
        return metadata.uploads.complete({ uploadKey: upload.key, archiveId, nowMs: T0 + 5, ...assembled(parts) });
      };
      const first = await ask();
      expect(first).toMatchObject({ outcome: 'completed', treeHash: assembled(parts).treeHash });
      expect(await ask()).toEqual({ ...first, outcome: 'repeated' });
      const archiveId = 'archiveId' in first ? first.archiveId : '';
      const archive = present(await metadata.archives.find({ accountId: ACCOUNT, id: archiveId }));
      expect(archive).toMatchObject({ createdAtMs: T0 + 5, sizeBytes: MIB + 5 });
      const range = { startByte: 0, endByte: MIB + 4 };
      expect(await metadata.archives.blobs({ archiveKey: archive.key, range })).toEqual(parts);
      expect(await partsOf(upload.key)).toEqual([]);
      expect(await vaultNow(metadata, vault)).toMatchObject({ archiveCount: 1, archiveBytes: MIB + 5 });
      expect(await metadata.uploads.abort({ uploadKey: upload.key, nowMs: T0 })).toBe('gone');
      expect(await metadata.uploads.putPart({ uploadKey: upload.key, part: blobRef(), nowMs: T0 })).toBe(false);
    });

    test('stays open, with its parts, when they do not make up the archive', async () => {
      const { metadata, vault, upload } = await started();
      const part = blobRef();
      await metadata.uploads.putPart({ uploadKey: upload.key, part, nowMs: T0 });
      const asked = { uploadKey: upload.key, archiveId: newArchiveId(), nowMs: T0, ...assembled([part]) };
      expect(await metadata.uploads.complete({ ...asked, sizeBytes: 11 })).toEqual({
        outcome: 'refused',
        fault: 'Invalid x-amz-archive-size: 11. The uploaded parts add up to 10 bytes.',
      });
      const otherHash = { ...asked, treeHash: hashOf('other') };
      expect(await metadata.uploads.complete(otherHash)).toEqual({ outcome: 'refused', fault: null });
      expect(await partsOf(upload.key)).toEqual([part]);
      expect(await vaultNow(metadata, vault)).toMatchObject({ archiveCount: 0, writtenAtMs: null });
      expect(await metadata.uploads.complete(asked)).toMatchObject({ outcome: 'completed' });
    });

    test('tells what its parts are before it is completed, or why it cannot be', async () => {
      const { metadata, upload } = await started();
      const parts = [blobRef({ sizeBytes: MIB }), blobRef({ startByte: MIB, sizeBytes: 5 })];
      for (const part of parts) await metadata.uploads.putPart({ uploadKey: upload.key, part, nowMs: T0 });
      const { assembly, ...facts } = assembled(parts);
      const asked = { uploadKey: upload.key, ...facts };
      const found = await metadata.uploads.assemble(asked);
      expect(found).toMatchObject({ outcome: 'assembled', description: null });
      expect('list' in found && parseAssembly(Buffer.from(found.list))).toEqual(parts);
      expect(await metadata.uploads.assemble({ ...asked, treeHash: hashOf('x') })).toEqual({
        outcome: 'refused',
        fault: null,
      });
      const short = 'Invalid x-amz-archive-size: 9. The uploaded parts add up to 1048581 bytes.';
      expect(await metadata.uploads.assemble({ ...asked, sizeBytes: 9 })).toEqual({ outcome: 'refused', fault: short });
      const archiveId = newArchiveId();
      await metadata.uploads.complete({ ...asked, archiveId, nowMs: T0, assembly });
      const repeated = { outcome: 'repeated', archiveId, treeHash: facts.treeHash };
      expect(await metadata.uploads.assemble(asked)).toEqual(repeated);
      expect(await metadata.uploads.assemble({ ...asked, uploadKey: 1e9 })).toEqual({ outcome: 'gone' });
    });

    test('stays open when a part was replaced since they were listed, also by one of the same bytes', async () => {
      const { metadata, upload } = await started();
      const [part, same] = [blobRef(), { ...blobRef(), treeHash: '' }];
      same.treeHash = part.treeHash;
      const asked = { uploadKey: upload.key, archiveId: newArchiveId(), nowMs: T0, ...assembled([part]) };
      await metadata.uploads.putPart({ uploadKey: upload.key, part: same, nowMs: T0 });
      expect(await metadata.uploads.complete(asked)).toEqual({ outcome: 'changed' });
      expect(await partsOf(upload.key)).toEqual([same]);
      await metadata.uploads.putPart({ uploadKey: upload.key, part, nowMs: T0 });
      expect(await metadata.uploads.complete(asked)).toMatchObject({ outcome: 'completed' });
    });

    test('refuses a list of parts that was given up already', async () => {
      const { metadata, upload } = await started();
      const part = blobRef();
      await metadata.uploads.putPart({ uploadKey: upload.key, part, nowMs: T0 });
      const asked = { uploadKey: upload.key, archiveId: newArchiveId(), nowMs: T0, ...assembled([part]) };
      await metadata.reclaim.addUnknown([asked.assembly.blobId]);
      await expect(metadata.uploads.complete(asked)).rejects.toThrow('given up');
      expect(await partsOf(upload.key)).toEqual([part]);
    });

    test('leaves a list of its parts that goes with the archive, before the parts do', async () => {
      const { metadata, upload } = await started();
      const part = blobRef();
      await metadata.uploads.putPart({ uploadKey: upload.key, part, nowMs: T0 });
      const asked = { uploadKey: upload.key, archiveId: newArchiveId(), nowMs: T0, ...assembled([part]) };
      const listBlobId = asked.assembly.blobId;
      await metadata.uploads.complete(asked);
      // Known, so that no scan takes it for an orphan.
      expect(await metadata.reclaim.addUnknown([listBlobId])).toBe(0);
      await metadata.archives.delete({ archiveKey: await keyOf(asked.archiveId), nowMs: T0 });
      await metadata.reclaim.gather({ limit: 1 });
      expect([await waiting(listBlobId), await waiting(part.blobId)]).toEqual([true, false]);
      expect([await givenUp(listBlobId), await givenUp(part.blobId)]).toEqual([true, true]);
      expect(await metadata.reclaim.takeBackMentioned([listBlobId])).toEqual([]);
    });

    test('aborted gives its parts up, again and again with the same answer', async () => {
      const { metadata, upload } = await started();
      const part = blobRef();
      await metadata.uploads.putPart({ uploadKey: upload.key, part, nowMs: T0 });
      for (const _ of [1, 2]) {
        expect(await metadata.uploads.abort({ uploadKey: upload.key, nowMs: T0 })).toBe('aborted');
      }
      expect(await givenUp(part.blobId)).toBe(true);
      const asked = { uploadKey: upload.key, archiveId: newArchiveId(), nowMs: T0, ...assembled([part]) };
      expect(await metadata.uploads.complete(asked)).toEqual({ outcome: 'gone' });
      expect(await metadata.uploads.abort({ uploadKey: 1e9, nowMs: T0 })).toBe('gone');
    });

    test('is idle a while after its last sign of life, and forgotten a while after its end', async () => {
      const { metadata, vault, upload } = await started();
      const other = await newUpload(metadata, { vaultKey: vault.key });
      const uploads = () => metadata.uploads.list({ vaultKey: vault.key, after: null, limit: 10 });
      await metadata.uploads.touch({ uploadKey: upload.key, nowMs: T0 + 50, beforeMs: T0 });
      await metadata.uploads.putPart({ uploadKey: other.key, part: blobRef(), nowMs: T0 + 10 });
      await abortAllIdle(metadata, { beforeMs: T0 + 10, nowMs: T0 + 20 });
      expect((await uploads()).map(({ id }) => id)).toEqual([other.id]);
      await metadata.uploads.touch({ uploadKey: other.key, nowMs: T0 + 50, beforeMs: T0 + 11 });
      await abortAllIdle(metadata, { beforeMs: T0 + 50, nowMs: T0 + 60 });
      expect((await uploads()).map(({ id }) => id)).toEqual([other.id]);
      await abortAllIdle(metadata, { beforeMs: T0 + 51, nowMs: T0 + 60 });
      expect(await uploads()).toEqual([]);
      await metadata.uploads.forgetClosed({ beforeMs: T0 + 60, limit: 1000 });
      expect(await metadata.uploads.find({ vaultKey: vault.key, id: other.id })).toMatchObject({ state: 'aborted' });
      // As long as parts of it are left it is not forgotten.
      await metadata.uploads.forgetClosed({ beforeMs: T0 + 61, limit: 1e6 });
      expect(await metadata.uploads.find({ vaultKey: vault.key, id: other.id })).toMatchObject({ state: 'aborted' });
      while ((await metadata.reclaim.gather({ limit: 5 })) > 0);
      await metadata.uploads.forgetClosed({ beforeMs: T0 + 61, limit: 1000 });
      expect(await metadata.uploads.find({ vaultKey: vault.key, id: other.id })).toBeUndefined();
    });
  });

  test('open uploads are listed by creation and id, page by page', async () => {
    const { metadata } = tested();
    const { key: vaultKey } = await newVault(metadata);
    const uploads = [];
    for (const later of [4, 2, 2, 7, 0, 2]) {
      uploads.push({ at: T0 + later, ...(await newUpload(metadata, { vaultKey, nowMs: T0 + later })) });
    }
    await metadata.uploads.abort({ uploadKey: present(uploads.at(-1)).key, nowMs: T0 });
    const expected = uploads
      .slice(0, -1)
      .sort((a, b) => a.at - b.at || (a.id < b.id ? -1 : 1))
      .map(({ id }) => id);
    for (const limit of [1, 2, 4, 50]) {
      const seen: string[] = [];
      for (let after = null as { createdAtMs: number; id: string } | null; ; ) {
        const page = await metadata.uploads.list({ vaultKey, after, limit });
        seen.push(...page.map(({ id }) => id));
        after = page.at(-1) ?? null;
        if (after === null) break;
      }
      expect(seen).toEqual(expected);
    }
  });

  test('complete, abort and parts at once: one outcome, and no byte of the archive is given up', async () => {
    const outcomes = new Set<string>();
    for (let race = 0; race < RACES; race += 1) outcomes.add(await oneRace(race));
    expect([...outcomes].sort()).toEqual(['aborted', 'completed']);
  });

  /** Starts everything at once in an order that differs from race to race, and returns how the upload ended. */
  async function oneRace(race: number): Promise<string> {
    const { metadata, vault, upload } = await started();
    const { key: uploadKey, id } = upload;
    const given = Array.from({ length: 3 }, () => newBlobId());
    // Whichever part is there last, the archive is the same.
    const treeHash = hashOf('part');
    const part = (blobId = '') =>
      metadata.uploads.putPart({ uploadKey, part: { ...blobRef({ blobId }), treeHash }, nowMs: T0 });
    await part(given[0]);
    // Each with the list of one of the parts, which may be another one by then.
    const complete = async (blobId = '') => {
      const { assembly, ...whole } = assembled([{ ...blobRef({ blobId }), treeHash }]);
      const asked = { uploadKey, archiveId: newArchiveId(), nowMs: T0, ...whole, assembly };
      const { outcome } = await metadata.uploads.complete({ ...asked, treeHash });
      if (outcome !== 'completed') await metadata.reclaim.addUnknown([assembly.blobId]);
    };
    const abort = () => metadata.uploads.abort({ uploadKey, nowMs: T0 });
    const ofFirst = () => complete(given[0]);
    const calls = [ofFirst, abort, () => part(given[1]), () => complete(given[1]), () => part(given[2]), abort];
    const turned = [...calls.slice(race % calls.length), ...calls.slice(0, race % calls.length)];
    await Promise.all(turned.map((call) => call()));
    const ended = present(await metadata.uploads.find({ vaultKey: vault.key, id }));
    const archiveKey = ended.archiveId === null ? 0 : await keyOf(ended.archiveId);
    const held = await metadata.archives.blobs({ archiveKey, range: { startByte: 0, endByte: MIB } });
    expect(held).toHaveLength(ended.state === 'completed' ? 1 : 0);
    expect(await vaultNow(metadata, vault)).toMatchObject({ archiveCount: held.length });
    expect(await givenUp(held[0]?.blobId ?? '')).toBe(false);
    expect(await partsOf(uploadKey)).toEqual([]);
    return ended.state;
  }

  const keyOf = async (id: string): Promise<number> =>
    present(await tested().metadata.archives.find({ accountId: ACCOUNT, id })).key;
}

async function abortAllIdle(
  metadata: MetadataUnderTest['metadata'],
  { beforeMs, nowMs }: { beforeMs: number; nowMs: number },
): Promise<void> {
  while ((await metadata.uploads.abortIdle({ beforeMs, nowMs, limit: 2 })) > 0);
}
