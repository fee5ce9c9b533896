import { describe, expect, test } from 'vitest';
import type { Metadata } from '../../src/metadata/metadata.ts';
import { DAY_MS, HOUR_MS } from '../../src/model/limits.ts';
import { ACCOUNT, type MetadataUnderTest, newArchive, newVault, present, T0, vaultNow } from './metadata-fixtures.ts';
import { listed } from './metadata-inventories.ts';

/** Publishes what is due in all vaults. */
async function publish({ inventories }: Metadata, nowMs: number, limit = 500): Promise<number> {
  const when = { nowMs, beforeMs: nowMs - DAY_MS };
  let published = 0;
  for (let afterKey: number | null = 0; afterKey !== null; ) {
    const { vaultKeys, nextKey } = await inventories.due({ ...when, afterKey, limit });
    published += await inventories.publish({ ...when, vaultKeys });
    afterKey = nextKey;
  }
  return published;
}

export function dailyInventoryContract(tested: () => MetadataUnderTest): void {
  describe('the daily inventory', () => {
    test('comes a day after the vault, and then a day after the last if anything changed', async () => {
      const { metadata } = tested();
      const vault = await newVault(metadata);
      const published = async (nowMs: number) => {
        await publish(metadata, nowMs);
        const now = await vaultNow(metadata, vault);
        return [now.inventoryAtMs, now.inventoryArchiveCount, now.inventoryArchiveBytes];
      };
      expect(await published(T0 + DAY_MS)).toEqual([null, 0, 0]);
      await newArchive(metadata, { vaultKey: vault.key, nowMs: T0 + 5 });
      expect(await published(T0 + DAY_MS - 1)).toEqual([null, 0, 0]);
      expect(await published(T0 + DAY_MS)).toEqual([T0 + DAY_MS, 1, 10]);
      expect(await published(T0 + 3 * DAY_MS)).toEqual([T0 + DAY_MS, 1, 10]);
      await newArchive(metadata, { vaultKey: vault.key, nowMs: T0 + 3 * DAY_MS });
      expect(await published(T0 + 3 * DAY_MS)).toEqual([T0 + 3 * DAY_MS, 2, 20]);
    });

    test('is published of some vaults at a time, of each once', async () => {
      const { metadata } = tested();
      const vaults = [];
      for (let count = 0; count < 7; count += 1) vaults.push(await newVault(metadata));
      const written = vaults.filter((_, index) => index % 2 === 0);
      for (const { key: vaultKey } of written) await newArchive(metadata, { vaultKey });
      const { inventories } = metadata;
      const when = { nowMs: T0 + DAY_MS, beforeMs: T0 };
      const afterKey = present(vaults[0]).key - 1;
      const { vaultKeys, nextKey } = await inventories.due({ ...when, afterKey, limit: 4 });
      expect(vaultKeys).toEqual([vaults[0]?.key, vaults[2]?.key]);
      expect(nextKey).toBe(vaults[3]?.key);
      expect(await inventories.due({ ...when, afterKey: present(vaults[6]).key, limit: 4 })).toMatchObject({
        nextKey: null,
      });
      expect(await inventories.publish({ ...when, vaultKeys })).toBe(2);
      expect(await inventories.publish({ ...when, vaultKeys })).toBe(0);
      await publish(metadata, T0 + DAY_MS, 3);
      for (const vault of vaults) {
        const inventoryAtMs = written.includes(vault) ? T0 + DAY_MS : null;
        expect(await vaultNow(metadata, vault)).toMatchObject({ inventoryAtMs });
      }
    });

    test('does not show or count a write in its instant, the next one does', async () => {
      const { metadata } = tested();
      const vault = await newVault(metadata);
      const first = await newArchive(metadata, { vaultKey: vault.key });
      const publishedAtMs = T0 + DAY_MS;
      await publish(metadata, publishedAtMs);
      const second = await newArchive(metadata, { vaultKey: vault.key, nowMs: publishedAtMs });
      const shown = async () => {
        const { inventorySnapshot, inventoryArchiveCount } = await vaultNow(metadata, vault);
        const snapshot = present(inventorySnapshot);
        return [inventoryArchiveCount, ...(await listed(metadata, { vaultKey: vault.key, snapshot }))];
      };
      expect(await shown()).toEqual([1, first.id]);
      await publish(metadata, publishedAtMs + DAY_MS);
      expect(await shown()).toEqual([2, first.id, second.id]);
    });

    test('a write after it is in the next one, even if the clock went back in between', async () => {
      const { metadata } = tested();
      const vault = await newVault(metadata);
      await newArchive(metadata, { vaultKey: vault.key });
      await publish(metadata, T0 + DAY_MS);
      const { key } = await newArchive(metadata, { vaultKey: vault.key, nowMs: T0 - 2 * HOUR_MS });
      expect(await vaultNow(metadata, vault)).toMatchObject({ writtenAtMs: T0 + 1 });
      await publish(metadata, T0 + 2 * DAY_MS);
      expect(await vaultNow(metadata, vault)).toMatchObject({ inventoryArchiveCount: 2 });
      await metadata.archives.delete({ archiveKey: key, nowMs: T0 - 3 * HOUR_MS });
      await publish(metadata, T0 + 3 * DAY_MS);
      expect(await vaultNow(metadata, vault)).toMatchObject({ inventoryArchiveCount: 1 });
    });

    test('of a vault that is going is not due, nor published', async () => {
      const { metadata } = tested();
      const { key, ...name } = await newVault(metadata);
      const { key: archiveKey } = await newArchive(metadata, { vaultKey: key });
      await metadata.archives.delete({ archiveKey, nowMs: T0 });
      await metadata.vaults.delete({ ...name, inventory: 'live' });
      const when = { nowMs: T0 + DAY_MS, beforeMs: T0 };
      expect((await metadata.inventories.due({ ...when, afterKey: key - 1, limit: 1 })).vaultKeys).toEqual([]);
      expect(await metadata.inventories.publish({ ...when, vaultKeys: [key] })).toBe(0);
    });

    test('is dated by no deletion of a clock that was ahead, and dates no archive', async () => {
      const { metadata } = tested();
      const vault = await newVault(metadata);
      const { key: archiveKey } = await newArchive(metadata, { vaultKey: vault.key });
      await metadata.archives.delete({ archiveKey, nowMs: T0 + 900 * DAY_MS });
      await publish(metadata, T0 + DAY_MS);
      const { id } = await newArchive(metadata, { vaultKey: vault.key, nowMs: T0 + DAY_MS });
      expect(await metadata.archives.find({ accountId: ACCOUNT, id })).toMatchObject({ createdAtMs: T0 + DAY_MS });
      await publish(metadata, T0 + 2 * DAY_MS);
      expect(await vaultNow(metadata, vault)).toMatchObject({
        inventoryAtMs: T0 + 2 * DAY_MS,
        inventoryArchiveCount: 1,
      });
    });

    test('is not published again of a vault that nobody wrote to since', async () => {
      const { metadata } = tested();
      const vault = await newVault(metadata);
      await newArchive(metadata, { vaultKey: vault.key, nowMs: T0 + 2 * DAY_MS });
      // The inventory is of the instant of the last write, which a clock ahead of its time has dated.
      for (const days of [1, 4]) await publish(metadata, T0 + days * DAY_MS);
      expect(await vaultNow(metadata, vault)).toMatchObject({ inventoryPublishedAtMs: T0 + DAY_MS });
    });

    test.each([
      ['the writes', 6],
      ['the last inventory', 365],
    ])('a clock that was ahead when it dated %s holds up no inventory', async (what, daysAhead) => {
      const { metadata } = tested();
      const vault = await newVault(metadata);
      await newArchive(metadata, { vaultKey: vault.key, nowMs: T0 + daysAhead * DAY_MS });
      if (what === 'the last inventory') await publish(metadata, T0 + daysAhead * DAY_MS);
      for (let day = 1; day <= 5; day += 1) {
        const nowMs = T0 + day * DAY_MS;
        await newArchive(metadata, { vaultKey: vault.key, nowMs });
        await publish(metadata, nowMs);
        await publish(metadata, nowMs + HOUR_MS);
        expect(await vaultNow(metadata, vault)).toMatchObject({
          inventoryPublishedAtMs: nowMs,
          inventoryArchiveCount: day + 1,
        });
      }
    });

    test('is not dated before the last write that it counts', async () => {
      const { metadata } = tested();
      const vault = await newVault(metadata);
      await newArchive(metadata, { vaultKey: vault.key, nowMs: T0 + 9 * DAY_MS });
      await publish(metadata, T0 + DAY_MS);
      expect(await vaultNow(metadata, vault)).toMatchObject({
        inventoryAtMs: T0 + 9 * DAY_MS,
        inventoryPublishedAtMs: T0 + DAY_MS,
      });
    });
  });
}
