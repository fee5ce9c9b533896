import { describe, expect, test } from 'vitest';
import { ACCOUNT, type MetadataUnderTest, newVault, vaultNow } from './metadata-fixtures.ts';

const tagsOf = (...names: string[]) => new Map(names.map((name) => [name, `value of ${name}`]));
const TOPIC = 'arn:aws:sns:us-east-1:111122223333:topic';

/** What a vault has beside its archives: tags, whom it tells, and its access policy. */
export function vaultSettingsContract(tested: () => MetadataUnderTest): void {
  const setUp = async () => {
    const { metadata } = tested();
    const vault = await newVault(metadata);
    return { metadata, vault, vaultKey: vault.key };
  };
  const gone = async () => {
    const { metadata, vault, vaultKey } = await setUp();
    await metadata.vaults.delete({ ...vault, inventory: 'live' });
    return { metadata, vault, vaultKey };
  };

  describe('tags', () => {
    test('are set, replaced, told apart by case, and listed by code point', async () => {
      const { metadata, vaultKey } = await setUp();
      const { vaultTags, vaultPolicies } = metadata;
      expect(await vaultPolicies.tags(vaultKey)).toEqual(new Map());
      const first = tagsOf('b', 'B', '10', '9', '__proto__', 'ﬁ', '𝒳', 'é');
      expect(await vaultTags.add({ vaultKey, tags: first, tagsMax: 8 })).toBe('added');
      const replaced = new Map([['b', '']]);
      expect(await vaultTags.add({ vaultKey, tags: replaced, tagsMax: 8 })).toBe('added');
      const found = await vaultPolicies.tags(vaultKey);
      expect([...found.keys()]).toEqual(['10', '9', 'B', '__proto__', 'b', 'é', 'ﬁ', '𝒳']);
      expect(found).toEqual(new Map([...first, ...replaced]));
    });

    test('one too many, and none of them is set', async () => {
      const { metadata, vaultKey } = await setUp();
      const add = (...names: string[]) => metadata.vaultTags.add({ vaultKey, tags: tagsOf(...names), tagsMax: 3 });
      expect(await add('a', 'b', 'c')).toBe('added');
      const before = await metadata.vaultPolicies.tags(vaultKey);
      const changed = new Map([...tagsOf('d'), ['a', 'other']]);
      expect(await metadata.vaultTags.add({ vaultKey, tags: changed, tagsMax: 3 })).toBe('full');
      expect(await metadata.vaultPolicies.tags(vaultKey)).toEqual(before);
      expect(await add('c', 'a')).toBe('added');
      expect(await metadata.vaultTags.remove({ vaultKey, names: ['a', 'unknown'] })).toBe(true);
      expect(await add('d')).toBe('added');
      expect([...(await metadata.vaultPolicies.tags(vaultKey)).keys()]).toEqual(['b', 'c', 'd']);
    });

    test('many at once never become more than the limit', async () => {
      const { metadata, vaultKey } = await setUp();
      const names = Array.from({ length: 12 }, (_, index) => `tag ${index}`);
      const outcomes = await Promise.all(
        names.map((name) => metadata.vaultTags.add({ vaultKey, tags: tagsOf(name), tagsMax: 5 })),
      );
      expect(outcomes.filter((outcome) => outcome === 'added')).toHaveLength(5);
      expect(outcomes.filter((outcome) => outcome === 'full')).toHaveLength(7);
      expect((await metadata.vaultPolicies.tags(vaultKey)).size).toBe(5);
    });

    test('nothing is added or removed where nothing is named', async () => {
      const { metadata, vaultKey } = await setUp();
      await metadata.vaultTags.add({ vaultKey, tags: tagsOf('a'), tagsMax: 5 });
      expect(await metadata.vaultTags.add({ vaultKey, tags: new Map(), tagsMax: 5 })).toBe('added');
      expect(await metadata.vaultTags.remove({ vaultKey, names: [] })).toBe(true);
      expect(await metadata.vaultPolicies.tags(vaultKey)).toEqual(tagsOf('a'));
    });

    test('belong to one vault', async () => {
      const { metadata, vaultKey } = await setUp();
      const other = await newVault(metadata);
      await metadata.vaultTags.add({ vaultKey, tags: tagsOf('a'), tagsMax: 1 });
      expect(await metadata.vaultTags.add({ vaultKey: other.key, tags: tagsOf('a'), tagsMax: 1 })).toBe('added');
      await metadata.vaultTags.remove({ vaultKey: other.key, names: ['a'] });
      expect(await metadata.vaultPolicies.tags(vaultKey)).toEqual(tagsOf('a'));
    });

    test('of a vault that is gone are not set', async () => {
      const { metadata, vaultKey } = await gone();
      expect(await metadata.vaultTags.add({ vaultKey, tags: tagsOf('a'), tagsMax: 5 })).toBe('gone');
      expect(await metadata.vaultTags.remove({ vaultKey, names: ['a'] })).toBe(false);
      expect(await tested().rows(`select * from vault_tags where vault_key = ${vaultKey}`)).toEqual([]);
    });
  });

  describe('the notification configuration', () => {
    test('is set, replaced as a whole, and forgotten, also twice', async () => {
      const { metadata, vaultKey } = await setUp();
      const { notificationConfigurations: configurations } = metadata;
      expect(await configurations.find(vaultKey)).toBeUndefined();
      const both = { topic: TOPIC, events: ['InventoryRetrievalCompleted', 'ArchiveRetrievalCompleted'] as const };
      expect(await configurations.set({ vaultKey, ...both })).toBe(true);
      expect(await configurations.find(vaultKey)).toEqual(both);
      const one = { topic: `${TOPIC}2`, events: ['ArchiveRetrievalCompleted'] as const };
      expect(await configurations.set({ vaultKey, ...one })).toBe(true);
      expect(await configurations.find(vaultKey)).toEqual(one);
      for (const _ of [1, 2]) {
        await configurations.delete(vaultKey);
        expect(await configurations.find(vaultKey)).toBeUndefined();
      }
    });

    test('of a vault that is gone is not set', async () => {
      const { metadata, vaultKey } = await gone();
      expect(await metadata.notificationConfigurations.set({ vaultKey, topic: TOPIC, events: [] })).toBe(false);
      expect(await metadata.notificationConfigurations.find(vaultKey)).toBeUndefined();
    });
  });

  describe('the access policy', () => {
    test('is set, replaced as a whole, kept to the byte, and removed, also twice', async () => {
      const { metadata, vault, vaultKey } = await setUp();
      const { accessPolicies, vaultPolicies } = metadata;
      expect(await accessPolicies.find(vaultKey)).toBeUndefined();
      for (const document of ['first', ' {\t"é":\r\n"\\u0000 𝒳"}\n ']) {
        expect(await accessPolicies.set({ vaultKey, document, users: [] })).toBe('set');
        expect(await accessPolicies.find(vaultKey)).toBe(document);
        expect(await vaultPolicies.find(vault)).toMatchObject({ key: vaultKey, access: document });
      }
      for (const _ of [1, 2]) {
        await accessPolicies.delete(vaultKey);
        expect(await accessPolicies.find(vaultKey)).toBeUndefined();
        expect(await vaultPolicies.find(vault)).toMatchObject({ access: null });
      }
    });

    test('S-51 names no user that an account known here does not have', async () => {
      const { metadata, vaultKey } = await setUp();
      const known = '777788889999';
      await tested().change(`insert into accounts (id, created_at) values ('${known}', 1)`);
      await tested().change(
        `insert into users (account_id, id, name, created_at) values ('${known}', 'AIDABOB', 'bob', 1)`,
      );
      const set = (document: string, ...users: { accountId: string; name: string }[]) =>
        metadata.accessPolicies.set({ vaultKey, document, users });
      const bob = { accountId: known, name: 'bob' };
      const stranger = { accountId: '121212121212', name: 'bob' };
      expect(await set('good', bob, stranger)).toBe('set');
      for (const unknown of [
        { accountId: known, name: 'alice' },
        { accountId: known, name: 'Bob' },
        { accountId: known, name: 'team/bob' },
      ]) {
        expect(await set('bad', stranger, bob, unknown)).toEqual({ unknown });
        expect(await metadata.accessPolicies.find(vaultKey)).toBe('good');
      }
    });

    test('of a vault that is gone is not set', async () => {
      const { metadata, vaultKey } = await gone();
      expect(await metadata.accessPolicies.set({ vaultKey, document: '{}', users: [] })).toBe('gone');
      expect(await metadata.accessPolicies.find(vaultKey)).toBeUndefined();
    });
  });

  test('a vault that takes the name of one that is gone has none of its settings', async () => {
    const { metadata, vault, vaultKey } = await setUp();
    await metadata.vaultTags.add({ vaultKey, tags: tagsOf('a'), tagsMax: 5 });
    await metadata.notificationConfigurations.set({ vaultKey, topic: TOPIC, events: ['ArchiveRetrievalCompleted'] });
    await metadata.accessPolicies.set({ vaultKey, document: '{}', users: [] });
    await metadata.vaults.delete({ ...vault, inventory: 'live' });
    await metadata.vaults.create({ accountId: ACCOUNT, name: vault.name, nowMs: 1, vaultsMax: 1e6 });
    const { key } = (await metadata.vaults.find(vault)) ?? vault;
    expect(key).not.toBe(vaultKey);
    expect(await metadata.vaultPolicies.tags(key)).toEqual(new Map());
    expect(await metadata.notificationConfigurations.find(key)).toBeUndefined();
    expect(await metadata.accessPolicies.find(key)).toBeUndefined();
    for (const table of ['vault_tags', 'notification_configurations', 'access_policies']) {
      expect(await tested().rows(`select * from ${table} where vault_key = ${vaultKey}`)).toEqual([]);
    }
  });

  test('settings are no writes to the vault', async () => {
    const { metadata, vault, vaultKey } = await setUp();
    await metadata.vaultTags.add({ vaultKey, tags: tagsOf('a'), tagsMax: 5 });
    await metadata.accessPolicies.set({ vaultKey, document: '{}', users: [] });
    expect(await vaultNow(metadata, vault)).toEqual(vault);
  });
}
