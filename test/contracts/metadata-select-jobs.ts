import { describe, expect, test } from 'vitest';
import type { NewJob } from '../../src/metadata/job-rows.ts';
import { newJobId } from '../../src/model/ids.ts';
import type { Tier } from '../../src/model/jobs.ts';
import { DEFAULT_CSV_INPUT, DEFAULT_CSV_OUTPUT } from '../../src/model/select.ts';
import { newTopic } from './metadata-deliveries.ts';
import {
  archiveJob,
  deleteVault,
  FAR_AT_MS,
  givenUp,
  jobEnd,
  type MetadataUnderTest,
  newArchive,
  newVault,
  present,
  T0,
} from './metadata-fixtures.ts';

interface Facts {
  vaultKey: number;
  archive: { key: number; id: string };
  tier?: Tier;
  nowMs?: number;
  snsTopic?: string | null;
}

export function selectJob({ vaultKey, archive, tier = 'Standard', nowMs = T0, snsTopic = null }: Facts) {
  const id = newJobId(nowMs);
  return {
    kind: 'select' as const,
    id,
    vaultKey,
    description: 'why',
    snsTopic,
    createdAtMs: nowMs,
    readyAtMs: nowMs,
    archiveKey: archive.key,
    archiveId: archive.id,
    archiveSizeBytes: 10,
    tier,
    query: { expression: `select '${"it''s"}' from archive`, input: DEFAULT_CSV_INPUT, output: DEFAULT_CSV_OUTPUT },
    output: {
      bucketName: 'results',
      prefix: 'p',
      settings: {
        encryption: { type: 'AES256' as const },
        cannedAcl: null,
        grants: [{ grantee: { by: 'id' as const, id: 'x' }, permission: 'READ' as const }],
        tags: [['k', 'v'] as const],
        metadata: [],
        storageClass: 'STANDARD' as const,
      },
    },
    outputPath: `p/${id}/`,
    sent: { selectParameters: `{"Expression":"\\u0000'; drop table jobs"}`, outputLocation: '{"S3":{}}' },
  } satisfies NewJob;
}

export function selectJobContract(tested: () => MetadataUnderTest): void {
  async function place() {
    const { metadata } = tested();
    const vault = await newVault(metadata);
    const archive = await newArchive(metadata, { vaultKey: vault.key });
    const facts = { vaultKey: vault.key, archive };
    const started = async (more: Partial<Facts> = {}) => {
      const job = selectJob({ ...facts, ...more });
      expect(await metadata.jobs.create(job)).toBe('created');
      return job;
    };
    const find = async (id: string) => present(await metadata.jobs.find({ vaultKey: vault.key, id }));
    const finish = async () => {
      await metadata.archives.delete({ archiveKey: archive.key, nowMs: T0 });
      await deleteVault(metadata, vault);
    };
    const claim = async (token: string) =>
      metadata.jobQueue.claimDue({
        nowMs: FAR_AT_MS - 1,
        leaseUntilMs: FAR_AT_MS,
        token,
        queues: ['select-expedited', 'select'],
        limit: 10,
      });
    return { metadata, vault, archive, facts, started, find, finish, claim };
  }

  describe('a select job', () => {
    test('S-86 keeps what was asked, whatever texts are in it', async () => {
      const { started, find, finish, metadata, vault } = await place();
      const { readyAtMs: _, ...facts } = await started();
      expect(await find(facts.id)).toMatchObject({ ...facts, status: 'InProgress', attempts: 0 });
      const filter = { status: null, completed: null, after: null, limit: 10, nowMs: T0 };
      const { jobs } = await metadata.jobs.list({ ...filter, vaultKey: vault.key });
      const { kind, id, archiveId, tier, outputPath, sent } = facts;
      expect(jobs).toEqual([
        {
          ...{ kind, id, archiveId, tier, outputPath, sent },
          ...{ description: 'why', snsTopic: null, status: 'InProgress', statusMessage: null },
          ...{ createdAtMs: T0, completedAtMs: null, outputSizeBytes: null },
        },
      ]);
      await finish();
    });

    test('is not started for an archive that is gone', async () => {
      const { metadata, facts, archive, finish } = await place();
      await metadata.archives.delete({ archiveKey: archive.key, nowMs: T0 });
      expect(await metadata.jobs.create(selectJob(facts))).toBe('archive-gone');
      await finish();
    });

    test('waits in queues of its own, of which Expedited ones have the first', async () => {
      const { started, claim, finish, metadata } = await place();
      const [standard, bulk, expedited] = [
        await started({ nowMs: T0 - 2 }),
        await started({ tier: 'Bulk', nowMs: T0 - 1 }),
        await started({ tier: 'Expedited' }),
      ];
      const elsewhere = ['expedited', 'standard', 'bulk'] as const;
      const claimed = { nowMs: FAR_AT_MS - 1, leaseUntilMs: FAR_AT_MS, token: 'x', queues: elsewhere, limit: 100 };
      const ids = (await metadata.jobQueue.claimDue(claimed)).map(({ id }) => id);
      expect(ids).not.toContain(standard.id);
      expect((await claim('a')).map(({ id }) => id)).toEqual([expedited.id, standard.id, bulk.id]);
      await finish();
    });

    test('keeps the bytes of its archive until it has expired', async () => {
      const { started, claim, metadata, archive, finish } = await place();
      const { id } = await started();
      await metadata.archives.delete({ archiveKey: archive.key, nowMs: T0 });
      expect(await givenUp(metadata)).not.toContain(archive.blobId);
      const [job] = await claim('keeps');
      const lease = { jobKey: present(job).key, token: 'keeps' };
      const end = jobEnd(lease);
      expect(await metadata.jobQueue.end(end)).toBeDefined();
      while ((await metadata.jobs.expire({ nowMs: end.expiresAtMs, limit: 100 })) > 0);
      expect(await metadata.jobs.find({ vaultKey: present(job).vaultKey, id })).toBeUndefined();
      expect(await givenUp(metadata)).toContain(archive.blobId);
      await finish();
    });

    test('is lost with its vault, before its row is removed', async () => {
      const { started, claim, metadata, vault, archive } = await place();
      await started();
      const [job] = await claim('lost');
      const held = { token: 'lost', jobKeys: [present(job).key], leaseUntilMs: FAR_AT_MS };
      expect(await metadata.jobQueue.renew(held)).toEqual(held.jobKeys);
      await metadata.archives.delete({ archiveKey: archive.key, nowMs: T0 });
      await metadata.vaults.delete({ ...vault, inventory: 'live' });
      expect(await metadata.jobQueue.renew(held)).toEqual([]);
      while ((await metadata.goingVaults.removeSome({ limit: 100 })) > 0);
    });

    test('is told to its own topic and not to that of its vault', async () => {
      const { started, claim, metadata, vault, finish } = await place();
      const [own, ofVault] = [newTopic(), newTopic()];
      const events = ['ArchiveRetrievalCompleted', 'InventoryRetrievalCompleted'] as const;
      await metadata.notificationConfigurations.set({ vaultKey: vault.key, topic: ofVault, events });
      const { id } = await started({ snsTopic: own });
      const [job] = await claim('told');
      const ended = await metadata.jobQueue.end(jobEnd({ jobKey: present(job).key, token: 'told' }));
      expect(ended).toEqual({ messages: 1 });
      const [delivery] = await metadata.deliveries.claim({
        ...{ subscriptionKey: null, nowMs: FAR_AT_MS, leaseUntilMs: FAR_AT_MS, token: 'd', limit: 10 },
      });
      expect(delivery).toMatchObject({ topic: own, jobId: id });
      expect(JSON.parse(present(delivery).message)).toMatchObject({
        Action: 'Select',
        JobId: id,
        JobOutputPath: `p/${id}/`,
      });
      await metadata.deliveries.end({ deliveryKey: present(delivery).key, token: 'd' });
      await finish();
    });

    test('is bound by the capacity for Expedited jobs, and by no data retrieval policy', async () => {
      const accountId = '700000000001';
      const { metadata } = tested();
      const vault = await newVault(metadata, { accountId });
      const archive = await newArchive(metadata, { vaultKey: vault.key, accountId });
      const facts = { vaultKey: vault.key, archive };
      await metadata.retrievalPolicies.set({ accountId, policy: { strategy: 'BytesPerHour', bytesPerHour: 1n } });
      const limits = { freeBytesPerMonth: 0, expeditedSlots: 1 };
      expect(await metadata.jobs.create({ ...archiveJob(facts), tier: 'Standard' }, limits)).toBe('policy-enforced');
      expect(await metadata.jobs.create(selectJob(facts), limits)).toBe('created');
      expect(await metadata.jobs.create(selectJob({ ...facts, tier: 'Expedited' }), limits)).toBe('created');
      const more = await metadata.jobs.create(selectJob({ ...facts, tier: 'Expedited' }), limits);
      expect(more).toBe('capacity-exhausted');
      const [counted] = await tested().rows(`select running_bytes_low as low from vaults where key = ${vault.key}`);
      expect(counted).toEqual({ low: 0 });
      await metadata.archives.delete({ archiveKey: archive.key, nowMs: T0 });
      await deleteVault(metadata, vault);
    });
  });
}
