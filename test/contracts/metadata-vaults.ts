import { describe, expect, test } from 'vitest';
import { DAY_MS } from '../../src/model/limits.ts';
import {
  ACCOUNT,
  archiveJob,
  blobRef,
  deleteVault,
  givenUp,
  inventoryJob,
  type MetadataUnderTest,
  newArchive,
  newUpload,
  newVault,
  present,
  T0,
  vaultNow,
} from './metadata-fixtures.ts';

const OTHER_ACCOUNT = '999988887777';

export function vaultContract(tested: () => MetadataUnderTest): void {
  describe('vaults', () => {
    test('a new one is empty and was never written to', async () => {
      const { metadata } = tested();
      const name = { accountId: OTHER_ACCOUNT, name: 'first' };
      await metadata.accounts.ensure({ accountId: OTHER_ACCOUNT, nowMs: T0 });
      expect(await metadata.vaults.create({ ...name, nowMs: T0, vaultsMax: 1 })).toBe('created');
      const vault = present(await metadata.vaults.find(name));
      expect(vault).toEqual({
        ...name,
        key: vault.key,
        createdAtMs: T0,
        writtenAtMs: null,
        archiveCount: 0,
        archiveBytes: 0,
        inventoryAtMs: null,
        inventorySnapshot: null,
        inventoryPublishedAtMs: null,
        inventoryArchiveCount: 0,
        inventoryArchiveBytes: 0,
      });
      expect(await metadata.vaults.findByKey(vault.key)).toEqual(vault);
    });

    test('creating one again leaves it as it is, also when the account is full', async () => {
      const { metadata } = tested();
      const name = { accountId: OTHER_ACCOUNT, name: 'first' };
      const before = await metadata.vaults.find(name);
      expect(await metadata.vaults.create({ ...name, nowMs: T0 + 1, vaultsMax: 1 })).toBe('exists');
      expect(await metadata.vaults.find(name)).toEqual(before);
      expect(await metadata.vaults.create({ ...name, name: 'second', nowMs: T0, vaultsMax: 1 })).toBe('full');
      expect(await metadata.vaults.find({ ...name, name: 'second' })).toBeUndefined();
    });

    test('are made for accounts that are there and not disabled only', async () => {
      const { metadata } = tested();
      const vault = { accountId: '909090909090', name: 'v', nowMs: T0, vaultsMax: 1 };
      expect(await metadata.vaults.create(vault)).toBe('no account');
      await metadata.accounts.ensure({ accountId: vault.accountId, nowMs: T0 });
      await metadata.accounts.setDisabled({ accountId: vault.accountId, disabledAtMs: T0 });
      expect(await metadata.vaults.create(vault)).toBe('no account');
      expect(await metadata.vaults.find(vault)).toBeUndefined();
      await metadata.accounts.setDisabled({ accountId: vault.accountId, disabledAtMs: null });
      expect(await metadata.vaults.create(vault)).toBe('created');
    });

    test('many creations of one name at once make one vault, and never more than the limit', async () => {
      const { metadata } = tested();
      const accountId = '555566667777';
      const names = ['a', 'b', 'a', 'b', 'c', 'a'];
      await metadata.accounts.ensure({ accountId, nowMs: T0 });
      const outcomes = await Promise.all(
        names.map((name) => metadata.vaults.create({ accountId, name, nowMs: T0, vaultsMax: 2 })),
      );
      expect(outcomes.sort()).toEqual(['created', 'created', 'exists', 'exists', 'exists', 'full']);
    });

    test('are listed by name, by code point, page by page, each account for itself', async () => {
      const { metadata } = tested();
      const accountId = '123412341234';
      const names = ['b', 'a', 'Z', '_', '-', '.x', '9', 'aa', 'a.', 'a-'];
      await metadata.accounts.ensure({ accountId, nowMs: T0 });
      for (const name of names) await metadata.vaults.create({ accountId, name, nowMs: T0, vaultsMax: 100 });
      const listed: string[] = [];
      for (let afterName = ''; ; afterName = present(listed.at(-1))) {
        const page = await metadata.vaults.list({ accountId, afterName, limit: 3 });
        listed.push(...page.map((vault) => vault.name));
        if (page.length < 3) break;
      }
      expect(listed).toEqual([...names].sort());
    });

    test('one with archives is not deleted, and an unknown one counts as deleted', async () => {
      const { metadata } = tested();
      const vault = await newVault(metadata);
      const archive = await newArchive(metadata, { vaultKey: vault.key });
      expect(await metadata.vaults.delete({ ...vault, inventory: 'live' })).toBe('refused');
      await metadata.archives.delete({ archiveKey: archive.key, nowMs: T0 });
      expect(await metadata.vaults.delete({ ...vault, inventory: 'daily' })).toBe('refused');
      expect(await metadata.vaults.delete({ ...vault, inventory: 'live' })).toBe('deleted');
      expect(await metadata.vaults.delete({ ...vault, inventory: 'daily' })).toBe('deleted');
      expect(await metadata.vaults.find(vault)).toBeUndefined();
    });

    test('deleting one gives up the bytes of its jobs, parts and deleted archives', async () => {
      const { metadata, rows } = tested();
      const vault = await newVault(metadata);
      const vaultKey = vault.key;
      const archive = await newArchive(metadata, { vaultKey });
      await metadata.jobs.create(archiveJob({ vaultKey, archive }));
      await metadata.jobs.create(inventoryJob({ vaultKey }));
      await metadata.archives.delete({ archiveKey: archive.key, nowMs: T0 });
      const upload = await newUpload(metadata, { vaultKey });
      const part = blobRef();
      await metadata.uploads.putPart({ uploadKey: upload.key, part, nowMs: T0 });
      await deleteVault(metadata, vault);
      expect(await givenUp(metadata)).toEqual(expect.arrayContaining([archive.blobId, part.blobId]));
      for (const table of ['archives', 'uploads', 'jobs']) {
        expect(await rows(`select * from ${table} where vault_key = ${vaultKey}`)).toEqual([]);
      }
    });
  });

  test('a vault with an archive is not deleted, whatever it counts', async () => {
    const { metadata, change } = tested();
    const vault = await newVault(metadata);
    const { key } = await newArchive(metadata, { vaultKey: vault.key });
    const setCount = (count: number) => change(`update vaults set archive_count = ${count} where key = ${vault.key}`);
    await setCount(0);
    expect(await metadata.vaults.hasArchives(vault.key)).toBe(true);
    expect(await metadata.vaults.delete({ ...vault, inventory: 'live' })).toBe('refused');
    await setCount(1);
    await metadata.archives.delete({ archiveKey: key, nowMs: T0 });
    expect(await metadata.vaults.hasArchives(vault.key)).toBe(false);
  });

  describe('what a vault counts', () => {
    test('when it was written to never goes back with the clock', async () => {
      const { metadata } = tested();
      const vault = await newVault(metadata);
      const { key } = await newArchive(metadata, { vaultKey: vault.key, nowMs: T0 });
      await newArchive(metadata, { vaultKey: vault.key, nowMs: T0 - DAY_MS });
      expect(await vaultNow(metadata, vault)).toMatchObject({ writtenAtMs: T0, archiveCount: 2, archiveBytes: 20 });
      await metadata.archives.delete({ archiveKey: key, nowMs: T0 - DAY_MS });
      expect(await vaultNow(metadata, vault)).toMatchObject({ writtenAtMs: T0, archiveCount: 1, archiveBytes: 10 });
      await newArchive(metadata, { vaultKey: vault.key, nowMs: T0 + 1 });
      expect(await vaultNow(metadata, vault)).toMatchObject({ writtenAtMs: T0 + 1 });
    });
  });

  test('accounts do not see each other', async () => {
    const { metadata } = tested();
    const vault = await newVault(metadata);
    const archive = await newArchive(metadata, { vaultKey: vault.key });
    expect(await metadata.vaults.find({ accountId: OTHER_ACCOUNT, name: vault.name })).toBeUndefined();
    expect(await metadata.archives.find({ accountId: OTHER_ACCOUNT, id: archive.id })).toBeUndefined();
    expect(await metadata.archives.find({ accountId: ACCOUNT, id: archive.id })).toMatchObject({ key: archive.key });
  });
}
