import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { InventoryPage, InventoryRow } from '../../src/metadata/inventories.ts';
import type { Metadata } from '../../src/metadata/metadata.ts';
import { newArchiveId } from '../../src/model/ids.ts';
import { HOUR_MS } from '../../src/model/limits.ts';
import type { Snapshot } from '../../src/model/vaults.ts';
import {
  ACCOUNT,
  assembled,
  blobRef,
  type MetadataUnderTest,
  newArchive,
  newUpload,
  newVault,
  present,
  T0,
  vaultNow,
} from './metadata-fixtures.ts';

const BEGINNING = { createdAtMs: 0, archiveKey: -1 };
const FOREVER = Number.MAX_SAFE_INTEGER;
const everything = { snapshot: { lastKey: FOREVER, atMs: FOREVER }, untilMs: FOREVER, after: BEGINNING, limit: 1000 };

/** What a snapshot shows, read in pages of so many. */
export async function listed(metadata: Metadata, page: Pick<InventoryPage, 'vaultKey'> & Partial<InventoryPage>) {
  const ids: string[] = [];
  const { limit } = { ...everything, ...page };
  for (let after = page.after ?? BEGINNING; ; ) {
    const rows = await metadata.inventories.page({ ...everything, ...page, after });
    expect(rows.length).toBeLessThanOrEqual(limit);
    ids.push(...shownOf(rows));
    const last = rows.at(-1);
    if (last === undefined || rows.length < limit) return ids;
    after = { createdAtMs: last[1], archiveKey: last[0] };
  }
}

const shownOf = (rows: readonly InventoryRow[]) => rows.flatMap(([, , id]) => (id === null ? [] : [id]));

export function inventoryContract(tested: () => MetadataUnderTest): void {
  describe('the page of an inventory', () => {
    test('tells what an inventory says of an archive', async () => {
      const { metadata } = tested();
      const { key: vaultKey } = await newVault(metadata);
      const blob = blobRef({ sizeBytes: 12 });
      const facts = { id: newArchiveId(), vaultKey, description: 'a "b"', sizeBytes: 12, treeHash: blob.treeHash };
      await metadata.archives.add({ ...facts, blob, nowMs: T0 });
      const { key } = present(await metadata.archives.find({ accountId: ACCOUNT, id: facts.id }));
      expect(await metadata.inventories.page({ ...everything, vaultKey })).toEqual([
        [key, T0, facts.id, 'a "b"', 12, blob.treeHash],
      ]);
    });

    test('shows one snapshot: neither later archives, whatever their dates, nor earlier deletions', async () => {
      const { metadata } = tested();
      const { key: vaultKey } = await newVault(metadata);
      const [a, b, c] = [
        await newArchive(metadata, { vaultKey, nowMs: T0 }),
        await newArchive(metadata, { vaultKey, nowMs: T0 + 10 }),
        await newArchive(metadata, { vaultKey, nowMs: T0 + 5 }),
      ];
      await metadata.archives.delete({ archiveKey: b.key, nowMs: T0 + 15 });
      const shown = (lastKey: number, atMs: number) => listed(metadata, { vaultKey, snapshot: { lastKey, atMs } });
      expect(await shown(a.key - 1, T0 + 14)).toEqual([]);
      expect(await shown(a.key, T0 + 14)).toEqual([a.id]);
      expect(await shown(b.key, T0 + 14)).toEqual([a.id, b.id]);
      expect(await shown(b.key, T0 + 15)).toEqual([a.id]);
      expect(await shown(c.key, T0 + 14)).toEqual([a.id, c.id, b.id]);
      expect(await shown(c.key, T0 + 15)).toEqual([a.id, c.id]);
    });

    test('looks at so many archives, shown or not', async () => {
      const { metadata } = tested();
      const { key: vaultKey } = await newVault(metadata);
      const archives = [];
      for (const later of [0, 1, 2, 3]) archives.push(await newArchive(metadata, { vaultKey, nowMs: T0 + later }));
      const keys = archives.map(({ key }) => key);
      for (const archiveKey of keys.slice(0, 3)) await metadata.archives.delete({ archiveKey, nowMs: T0 + 9 });
      const page = await metadata.inventories.page({ ...everything, vaultKey, limit: 2 });
      expect(page).toEqual(keys.slice(0, 2).map((key, index) => [key, T0 + index, null, null, null, null]));
      expect(await listed(metadata, { vaultKey, limit: 2 })).toEqual([archives[3]?.id]);
    });

    test('is in order of creation, and pages join without gap or repetition', async () => {
      const { metadata } = tested();
      const { key: vaultKey } = await newVault(metadata);
      const instants = [5, 3, 3, 9, 1, 3, 5, 0, 3].map((later) => T0 + later);
      const archives = [];
      for (const nowMs of instants) archives.push({ nowMs, ...(await newArchive(metadata, { vaultKey, nowMs })) });
      const sorted = archives.sort((x, y) => x.nowMs - y.nowMs || x.key - y.key).map(({ id }) => id);
      for (const limit of [1, 2, 3, 100]) expect(await listed(metadata, { vaultKey, limit })).toEqual(sorted);
    });

    test('begins after a position, and ends with an instant', async () => {
      const { metadata } = tested();
      const { key: vaultKey } = await newVault(metadata);
      const archives = [];
      for (const later of [0, 1, 2, 3]) archives.push(await newArchive(metadata, { vaultKey, nowMs: T0 + later }));
      const [a, b, c, d] = archives.map((archive) => archive.id);
      expect(await listed(metadata, { vaultKey, after: { createdAtMs: T0 + 1, archiveKey: -1 } })).toEqual([b, c, d]);
      expect(await listed(metadata, { vaultKey, untilMs: T0 })).toEqual([a]);
      const second = { createdAtMs: T0 + 1, archiveKey: present(archives[1]).key };
      expect(await listed(metadata, { vaultKey, after: second, untilMs: T0 + 2 })).toEqual([c]);
    });
  });

  describe('a snapshot', () => {
    test('of a vault that is gone is none, of an empty one shows nothing', async () => {
      const { metadata } = tested();
      const vault = await newVault(metadata);
      const snapshot = present(await metadata.inventories.takeSnapshot(vault.key));
      expect(snapshot.newestAtMs).toBeNull();
      await newArchive(metadata, { vaultKey: vault.key });
      expect(await listed(metadata, { vaultKey: vault.key, snapshot })).toEqual([]);
      expect(await metadata.inventories.takeSnapshot(1e9)).toBeUndefined();
    });

    test('dates deletions and writes after it later, and no later than they must, but never an archive', async () => {
      const { metadata } = tested();
      const vault = await newVault(metadata);
      const { key: archiveKey, id: deletedId } = await newArchive(metadata, { vaultKey: vault.key });
      const snapshotAtMs = async () => (await metadata.inventories.takeSnapshot(vault.key))?.atMs;
      const find = (id: string) => metadata.archives.find({ accountId: ACCOUNT, id });
      for (let count = 0; count < 3; count += 1) expect(await snapshotAtMs()).toBe(T0);
      const { id } = await newArchive(metadata, { vaultKey: vault.key, nowMs: T0 - HOUR_MS });
      expect(await find(id)).toMatchObject({ createdAtMs: T0 - HOUR_MS });
      expect(await vaultNow(metadata, vault)).toMatchObject({ writtenAtMs: T0 + 1 });
      expect(await snapshotAtMs()).toBe(T0 + 1);
      await metadata.archives.delete({ archiveKey, nowMs: T0 });
      expect(await find(deletedId)).toMatchObject({ deletedAtMs: T0 + 2 });
      expect(await vaultNow(metadata, vault)).toMatchObject({ writtenAtMs: T0 + 2 });
      const upload = await newUpload(metadata, { vaultKey: vault.key });
      const part = blobRef();
      await metadata.uploads.putPart({ uploadKey: upload.key, part, nowMs: T0 });
      await snapshotAtMs();
      const archiveId = newArchiveId();
      await metadata.uploads.complete({ uploadKey: upload.key, archiveId, nowMs: T0, ...assembled([part]) });
      expect(await find(archiveId)).toMatchObject({ createdAtMs: T0 });
      expect(await vaultNow(metadata, vault)).toMatchObject({ writtenAtMs: T0 + 3 });
      await newArchive(metadata, { vaultKey: vault.key, nowMs: T0 + HOUR_MS });
      expect(await snapshotAtMs()).toBe(T0 + HOUR_MS);
    });

    test('never changes, whatever happens and whatever the clock shows', async () => {
      await fc.assert(
        fc.asyncProperty(fc.array(fc.tuple(fc.nat(9), fc.nat(50)), { maxLength: 60 }), async (choices) => {
          const { metadata } = tested();
          const { key: vaultKey } = await newVault(metadata);
          const living: { key: number; id: string }[] = [];
          const shots: { snapshot: Snapshot; ids: string[] }[] = [];
          let nowMs = T0;
          for (const [deed, pick] of choices) {
            nowMs += (pick % 5) - 2;
            if (deed < 4) living.push(await newArchive(metadata, { vaultKey, nowMs }));
            else if (deed < 7) {
              const [gone] = living.splice(pick, 1);
              if (gone !== undefined) await metadata.archives.delete({ archiveKey: gone.key, nowMs });
            } else {
              const when = { nowMs, beforeMs: FOREVER };
              const isDaily =
                deed === 9 && (await metadata.inventories.publish({ ...when, vaultKeys: [vaultKey] })) > 0;
              const snapshot = isDaily
                ? (await metadata.vaults.findByKey(vaultKey))?.inventorySnapshot
                : await metadata.inventories.takeSnapshot(vaultKey);
              shots.push({ snapshot: present(snapshot), ids: living.map(({ id }) => id).sort() });
            }
            // One of those taken so far, while more is still to come.
            const shot = shots[pick % (shots.length || 1)];
            if (shot !== undefined) {
              const { snapshot, ids } = shot;
              expect((await listed(metadata, { vaultKey, snapshot, limit: 1 + (pick % 4) })).sort()).toEqual(ids);
            }
          }
        }),
        { numRuns: 60 },
      );
    });
  });
}
