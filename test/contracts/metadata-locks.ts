import { describe, expect, test } from 'vitest';
import { newLockId } from '../../src/model/ids.ts';
import { DAY_MS } from '../../src/model/limits.ts';
import type { VaultLock } from '../../src/model/vault-locks.ts';
import { ACCOUNT, type MetadataUnderTest, newVault, present, T0 } from './metadata-fixtures.ts';

export const newLock = (members: Partial<VaultLock> = {}): VaultLock => ({
  id: newLockId(),
  document: '{"Version": "2012-10-17"}',
  state: 'InProgress',
  createdAtMs: T0,
  expiresAtMs: T0 + DAY_MS,
  ...members,
});

export function lockContract(tested: () => MetadataUnderTest): void {
  describe('vault locks', () => {
    const records = { own: undefined, predecessor: undefined };
    const begun = async (lock = newLock()) => {
      const { vaultLocks } = tested().metadata;
      const vault = await newVault(tested().metadata);
      const initiate = (next: VaultLock) =>
        vaultLocks.initiate({ vaultKey: vault.key, lock: next, users: [], records });
      expect(await initiate(lock)).toBe('initiated');
      return { vaultLocks, vault, vaultKey: vault.key, lock, initiate };
    };

    test('one is in progress as it was given, and what decides about requests sees it', async () => {
      const { vaultLocks, vault, vaultKey, lock } = await begun();
      expect(await vaultLocks.find(vaultKey)).toEqual(lock);
      const { key, createdAtMs } = vault;
      expect(await tested().metadata.vaultPolicies.find(vault)).toEqual({ key, createdAtMs, access: null, lock });
    });

    test('another takes its place only if the rule says so of the one that is there', async () => {
      const { vaultLocks, vaultKey, lock, initiate } = await begun();
      expect(await initiate(newLock())).toBe('refused');
      expect(await vaultLocks.find(vaultKey)).toEqual(lock);
      const next = newLock({ createdAtMs: present(lock.expiresAtMs) });
      expect(await initiate(next)).toBe('initiated');
      expect(await vaultLocks.find(vaultKey)).toEqual(next);
      expect(await vaultLocks.initiate({ vaultKey: 1e9, lock: next, users: [], records })).toBe('vault-gone');
    });

    test('of many that begin at once one does', async () => {
      const { vaultLocks, vaultKey, lock } = await begun();
      await vaultLocks.abort({ vaultKey, id: lock.id });
      const asked = Array.from({ length: 8 }, () =>
        vaultLocks.initiate({ vaultKey, lock: newLock(), users: [], records }),
      );
      expect((await Promise.all(asked)).sort()).toEqual(['initiated', ...Array.from({ length: 7 }, () => 'refused')]);
    });

    test('is completed by its id, again and again, and cannot be aborted then', async () => {
      const { vaultLocks, vaultKey, lock } = await begun();
      expect(await vaultLocks.complete({ vaultKey, id: newLockId() })).toBe(false);
      expect(await vaultLocks.find(vaultKey)).toEqual(lock);
      for (const _ of ['once', 'again']) expect(await vaultLocks.complete({ vaultKey, id: lock.id })).toBe(true);
      const locked = { ...lock, state: 'Locked', expiresAtMs: null };
      expect(await vaultLocks.find(vaultKey)).toEqual(locked);
      expect(await vaultLocks.abort({ vaultKey, id: lock.id })).toBe(false);
      expect(await vaultLocks.find(vaultKey)).toEqual(locked);
    });

    test('is aborted by its id, and gone then', async () => {
      const { vaultLocks, vaultKey, lock } = await begun();
      expect(await vaultLocks.abort({ vaultKey, id: newLockId() })).toBe(false);
      expect(await vaultLocks.abort({ vaultKey, id: lock.id })).toBe(true);
      expect(await vaultLocks.find(vaultKey)).toBeUndefined();
      expect(await vaultLocks.complete({ vaultKey, id: lock.id })).toBe(false);
    });

    test('is put back in place of whatever is there', async () => {
      const { vaultLocks, vaultKey } = await begun();
      const lock = newLock({ state: 'Locked', expiresAtMs: null });
      await vaultLocks.reinstate({ vaultKey, lock });
      expect(await vaultLocks.find(vaultKey)).toEqual(lock);
      const { key } = await newVault(tested().metadata);
      await vaultLocks.reinstate({ vaultKey: key, lock });
      expect(await vaultLocks.find(key)).toEqual(lock);
    });

    test('those that are locked are listed with their vaults, page by page', async () => {
      const { vaultLocks } = tested().metadata;
      const all = async (limit: number) => {
        const listed: Awaited<ReturnType<typeof vaultLocks.locked>> = [];
        for (let afterVaultKey = 0; ; afterVaultKey = present(listed.at(-1)).vaultKey) {
          const page = await vaultLocks.locked({ afterVaultKey, limit });
          listed.push(...page);
          if (page.length < limit) return listed;
        }
      };
      await begun();
      const { vault, vaultKey, lock } = await begun();
      await vaultLocks.complete({ vaultKey, id: lock.id });
      const listed = await all(1);
      expect(listed.at(-1)).toEqual({
        vaultKey,
        vault: { accountId: ACCOUNT, name: vault.name, createdAtMs: T0 },
        lock: { ...lock, state: 'Locked', expiresAtMs: null },
      });
      expect(listed.every((found) => found.lock.state === 'Locked')).toBe(true);
      expect(await all(100)).toEqual(listed);
    });

    test('go with their vault', async () => {
      const { vault, vaultKey } = await begun();
      await tested().metadata.vaults.delete({ ...vault, inventory: 'live' });
      expect(await tested().rows(`select * from vault_locks where vault_key = ${vaultKey}`)).toEqual([]);
    });
  });

  describe('the clock of retention', () => {
    test('is kept in whole milliseconds that believe nothing too much', async () => {
      const { retentionClock } = tested().metadata;
      expect(await retentionClock.find()).toBeUndefined();
      await retentionClock.save({ highWaterAtMs: T0 + 0.9, unprovenMs: 1.1, suspectAtMs: null });
      expect(await retentionClock.find()).toEqual({ highWaterAtMs: T0, unprovenMs: 2, suspectAtMs: null });
      await retentionClock.save({ highWaterAtMs: T0 + 5, unprovenMs: 0, suspectAtMs: T0 + 4.5 });
      expect(await retentionClock.find()).toEqual({ highWaterAtMs: T0 + 5, unprovenMs: 0, suspectAtMs: T0 + 4 });
      expect(await tested().rows('select count(*) as n from retention_clock')).toEqual([{ n: 1 }]);
    });

    test('knows the latest instant at which anything was written', async () => {
      const { metadata } = tested();
      const farMs = T0 + 9999 * DAY_MS;
      await newVault(metadata, { nowMs: farMs });
      expect(await metadata.retentionClock.newestWriteAtMs()).toBe(farMs);
    });
  });
}
