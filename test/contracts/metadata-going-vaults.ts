import { describe, expect, test } from 'vitest';
import { newArchiveId, newUploadId } from '../../src/model/ids.ts';
import { DAY_MS, MIB } from '../../src/model/limits.ts';
import { newTopic } from './metadata-deliveries.ts';
import {
  ACCOUNT,
  archiveJob,
  assembled,
  blobRef,
  givenUp,
  inventoryJob,
  jobEnd,
  type MetadataUnderTest,
  newArchive,
  newUpload,
  newVault,
  present,
  T0,
} from './metadata-fixtures.ts';
import { newLock } from './metadata-locks.ts';

const KEPT_BY_VAULT = ['vault_tags', 'notification_configurations', 'access_policies', 'vault_locks'];
const BELONGING = [...KEPT_BY_VAULT, 'archives', 'uploads', 'jobs'];
const FAR = T0 + 1000 * DAY_MS;

/** A vault that was deleted is gone at once, and its rows go afterwards. */
export function goingVaultContract(tested: () => MetadataUnderTest): void {
  /** A vault with something of everything, deleted. */
  async function going() {
    const { metadata } = tested();
    const vault = await newVault(metadata);
    const vaultKey = vault.key;
    const archive = await newArchive(metadata, { vaultKey });
    const jobs = [archiveJob({ vaultKey, archive }), inventoryJob({ vaultKey }), inventoryJob({ vaultKey })];
    for (const job of jobs) await metadata.jobs.create({ ...job, snsTopic: null });
    const claimed = await metadata.jobQueue.claimDue({ nowMs: T0, leaseUntilMs: FAR, token: 'before', limit: 1e6 });
    const mine = claimed.filter((job) => job.vaultKey === vaultKey);
    const [ended, running] = mine.filter(({ kind }) => kind === 'inventory-retrieval');
    const output = blobRef().blobId;
    await metadata.jobQueue.end({
      ...jobEnd({ jobKey: present(ended).key, token: 'before' }),
      output: { blobId: output, sizeBytes: 1 },
    });
    await metadata.jobs.create(inventoryJob({ vaultKey, readyAtMs: FAR + 5 }));
    const upload = await newUpload(metadata, { vaultKey });
    const parts = [blobRef({ sizeBytes: MIB }), blobRef({ startByte: MIB })];
    for (const part of parts) await metadata.uploads.putPart({ uploadKey: upload.key, part, nowMs: T0 });
    await metadata.archives.delete({ archiveKey: archive.key, nowMs: T0 });
    await metadata.vaultTags.add({ vaultKey, tags: new Map([['a', 'b']]), tagsMax: 5 });
    await metadata.accessPolicies.set({ vaultKey, document: '{}', users: [] });
    const events = ['InventoryRetrievalCompleted'] as const;
    await metadata.notificationConfigurations.set({ vaultKey, topic: newTopic(), events: [...events] });
    expect(await metadata.vaults.delete({ ...vault, inventory: 'live' })).toBe('deleted');
    const blobIds = [output, archive.blobId, ...parts.map(({ blobId }) => blobId)];
    return { metadata, vault, archive, upload, parts, blobIds, running: present(running) };
  }

  describe('a vault that is going', () => {
    test('is not found or listed, and what belongs to it neither; its name is free', async () => {
      const { metadata, vault, archive } = await going();
      expect(await metadata.vaults.find(vault)).toBeUndefined();
      expect(await metadata.vaults.findByKey(vault.key)).toBeUndefined();
      expect(await metadata.vaultPolicies.find(vault)).toBeUndefined();
      expect(await metadata.archives.find({ accountId: ACCOUNT, id: archive.id })).toBeUndefined();
      const listed = await metadata.vaults.list({ accountId: ACCOUNT, afterName: '', limit: 1e6 });
      expect(listed.map(({ key }) => key)).not.toContain(vault.key);
      expect(await metadata.vaults.create({ ...vault, nowMs: T0, vaultsMax: 1e6 })).toBe('created');
      expect(await metadata.vaults.delete({ ...vault, inventory: 'live' })).toBe('deleted');
      await metadata.accounts.ensure({ accountId: ACCOUNT, nowMs: T0 });
      expect(await metadata.accounts.find('')).toBeUndefined();
    });

    test('takes nothing any more', async () => {
      const { metadata, vault, upload, parts } = await going();
      const { key: vaultKey } = vault;
      const facts = { id: newArchiveId(), vaultKey, description: null, sizeBytes: 10, treeHash: '', nowMs: T0 };
      expect(await metadata.archives.add({ ...facts, blob: blobRef() })).toBe(false);
      expect(await metadata.jobs.create(inventoryJob({ vaultKey }))).toBe('vault-gone');
      const opened = { id: newUploadId(T0), vaultKey, description: null, partSizeBytes: MIB, createdAtMs: T0 };
      expect(await metadata.uploads.create(opened)).toBe(false);
      const { key: uploadKey } = upload;
      expect(await metadata.uploads.putPart({ uploadKey, part: blobRef(), nowMs: T0 })).toBe(false);
      const whole = { uploadKey, archiveId: newArchiveId(), nowMs: T0, ...assembled(parts) };
      expect(await metadata.uploads.complete(whole)).toEqual({ outcome: 'gone' });
      expect(await metadata.uploads.abort({ uploadKey, nowMs: T0 })).toBe('gone');
      expect(await metadata.vaultTags.add({ vaultKey, tags: new Map(), tagsMax: 5 })).toBe('gone');
      expect(await metadata.accessPolicies.set({ vaultKey, document: '{}', users: [] })).toBe('gone');
      expect(await metadata.notificationConfigurations.set({ vaultKey, topic: 'x', events: [] })).toBe(false);
      const records = { own: undefined, predecessor: undefined };
      const locking = metadata.vaultLocks.initiate({ vaultKey, lock: newLock(), users: [], records });
      expect(await locking).toBe('vault-gone');
      await metadata.vaultLocks.reinstate({ vaultKey, lock: newLock() });
      expect(await metadata.vaultLocks.find(vaultKey)).toBeUndefined();
    });

    test('has no jobs that run, or end, or count', async () => {
      const { metadata, vault, running } = await going();
      const lease = { jobKey: running.key, token: 'before' };
      expect(await metadata.jobQueue.end({ ...jobEnd(lease), output: { ...blobRef() } })).toBeUndefined();
      const claim = { nowMs: FAR + 9, leaseUntilMs: FAR + 9, token: 'after', limit: 1e6 };
      const claimed = await metadata.jobQueue.claimDue(claim);
      expect(claimed.filter(({ vaultKey }) => vaultKey === vault.key)).toEqual([]);
      const { rows } = tested();
      const left = await rows(`select status from jobs where key = ${running.key}`);
      expect(left).toEqual([{ status: 'InProgress' }]);
      expect(await rows(`select * from deliveries where job_id = '${running.id}'`)).toEqual([]);
    });

    test('has no job in the way of others for long, however much is left of vaults before it', async () => {
      const { metadata } = tested();
      while ((await metadata.goingVaults.removeSome({ limit: 1000 })) > 0);
      for (const _ of [1, 2]) await going();
      const inTheWay = `select jobs.key from jobs join vaults on vaults.key = vault_key
        where account_id = '' and status = 'InProgress'`;
      const running = (await tested().rows(inTheWay)).length;
      expect(running).toBeGreaterThan(2);
      expect(await metadata.goingVaults.removeSome({ limit: running })).toBe(running);
      expect(await tested().rows(inTheWay)).toEqual([]);
    });

    test('leaves no row behind and gives every blob up once, step by step', async () => {
      const { metadata, vault, blobIds } = await going();
      const { rows } = tested();
      const count = async () => {
        const counts = await Promise.all(
          BELONGING.map((table) => rows(`select count(*) as n from ${table} where vault_key = ${vault.key}`)),
        );
        return counts.reduce((sum, [row]) => sum + Number(row?.n), 0);
      };
      for (const table of KEPT_BY_VAULT) {
        expect(await rows(`select * from ${table} where vault_key = ${vault.key}`)).toEqual([]);
      }
      let before = await count();
      expect(before).toBeGreaterThan(4);
      for (;;) {
        const removed = await metadata.goingVaults.removeSome({ limit: 1 });
        // A row, and its last blob with it.
        expect(removed).toBeLessThanOrEqual(2);
        const after = await count();
        expect(before - after).toBeLessThanOrEqual(1);
        before = after;
        if (removed === 0) break;
      }
      expect(before).toBe(0);
      expect(await rows(`select key from vaults where key = ${vault.key}`)).toEqual([]);
      const given = await givenUp(metadata);
      for (const blobId of blobIds) expect(given.filter((id) => id === blobId)).toHaveLength(1);
    });
  });
}
