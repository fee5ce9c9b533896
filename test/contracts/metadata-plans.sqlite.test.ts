import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Metadata } from '../../src/metadata/metadata.ts';
import { newArchiveId, newBlobId } from '../../src/model/ids.ts';
import { NO_RETRIEVAL_POLICY, type RetrievalPolicy } from '../../src/model/retrieval-policies.ts';
import { identityOperations } from './identity-operations.ts';
import { newSubscription, newTopic, subscriptionAsked } from './metadata-deliveries.ts';
import {
  ACCOUNT,
  archiveJob,
  assembled,
  blobRef,
  deleteVault,
  givenUp,
  inventoryJob,
  jobEnd,
  newArchive,
  newUnit,
  newUpload,
  newVault,
  present,
  T0,
} from './metadata-fixtures.ts';
import { planIn, type SqliteUnderTest, sqliteUnderTest, statementsOf } from './sqlite-under-test.ts';

/**
 * What every operation costs does not grow with the vault: each statement that it runs finds its rows by an index and
 * takes them in the order of that index.
 */
let tested: SqliteUnderTest;
let metadata: Metadata;
let vaultKey = 0;
beforeAll(async () => {
  tested = await sqliteUnderTest();
  metadata = tested.metadata;
  vaultKey = (await newVault(metadata)).key;
});
afterAll(() => tested[Symbol.asyncDispose]());

const position = { createdAtMs: T0, id: 'x' };
const lease = { jobKey: 1, token: 'x' };
const jobPage = { status: null, completed: null, after: null, limit: 50, nowMs: T0 };
const page = {
  snapshot: { lastKey: 9, atMs: T0 },
  after: { createdAtMs: T0, archiveKey: 5 },
  untilMs: T0 + 9,
  limit: 50,
};

const operations: Record<string, () => Promise<unknown>> = {
  'vaults.find': () => metadata.vaults.find({ accountId: ACCOUNT, name: 'x' }),
  'vaults.findByKey': () => metadata.vaults.findByKey(vaultKey),
  'vaults.list': () => metadata.vaults.list({ accountId: ACCOUNT, afterName: 'x', limit: 10 }),
  'vaults.create': () => newVault(metadata),
  'vaults.delete and goingVaults.removeSome': async () => {
    const vault = await newVault(metadata);
    await metadata.jobs.create(inventoryJob({ vaultKey: vault.key }));
    await newUpload(metadata, { vaultKey: vault.key });
    await newArchive(metadata, { vaultKey: vault.key });
    const archive = await newArchive(metadata, { vaultKey: vault.key });
    await metadata.archives.delete({ archiveKey: archive.key, nowMs: T0 });
    await metadata.archives.delete({ archiveKey: archive.key - 1, nowMs: T0 });
    await deleteVault(metadata, vault);
  },
  'vaultTags, a life': async () => {
    const tags = new Map([['a', 'b']]);
    for (const _ of [1, 2]) await metadata.vaultTags.add({ vaultKey, tags, tagsMax: 5 });
    await metadata.vaultPolicies.tags(vaultKey);
    await metadata.vaultTags.remove({ vaultKey, names: ['a', 'c'] });
  },
  'notificationConfigurations, a life': async () => {
    for (const _ of [1, 2]) await metadata.notificationConfigurations.set({ vaultKey, topic: 'x', events: [] });
    await metadata.notificationConfigurations.find(vaultKey);
    await metadata.notificationConfigurations.delete(vaultKey);
  },
  'accessPolicies, a life': async () => {
    await tested.change(`insert or ignore into accounts (id, created_at) values ('${ACCOUNT}', 1)`);
    const users = [{ accountId: ACCOUNT, name: 'x' }];
    for (const named of [users, []]) await metadata.accessPolicies.set({ vaultKey, document: '{}', users: named });
    await metadata.vaultPolicies.find({ accountId: ACCOUNT, name: 'x' });
    await metadata.accessPolicies.find(vaultKey);
    await metadata.accessPolicies.delete(vaultKey);
  },
  'archives.add and find': () => newArchive(metadata, { vaultKey }),
  'archives.blobs': () => metadata.archives.blobs({ archiveKey: 1, range: { startByte: 5, endByte: 9 } }),
  'inventories.page': () => metadata.inventories.page({ ...page, vaultKey }),
  'inventories.takeSnapshot': () => metadata.inventories.takeSnapshot(vaultKey),
  'inventories.due and publish': async () => {
    await metadata.inventories.due({ nowMs: T0, beforeMs: T0, afterKey: 5, limit: 50 });
    await metadata.inventories.publish({ nowMs: T0, beforeMs: T0, vaultKeys: [vaultKey, 7] });
  },
  'archives.delete': async () => {
    const archive = await newArchive(metadata, { vaultKey });
    await metadata.archives.delete({ archiveKey: archive.key, nowMs: T0 });
  },
  'uploads.list, first': () => metadata.uploads.list({ vaultKey, after: null, limit: 50 }),
  'uploads.list, later': () => metadata.uploads.list({ vaultKey, after: position, limit: 50 }),
  'uploads.listParts': () => metadata.uploads.listParts({ uploadKey: 1, afterByte: 5, limit: 50 }),
  'uploads, a life': async () => {
    const upload = await newUpload(metadata, { vaultKey });
    await metadata.uploads.touch({ uploadKey: upload.key, nowMs: T0 + 9, beforeMs: T0 + 9 });
    const part = blobRef();
    for (const next of [blobRef(), part])
      await metadata.uploads.putPart({ uploadKey: upload.key, part: next, nowMs: T0 });
    const asked = { uploadKey: upload.key, archiveId: newArchiveId(), nowMs: T0, ...assembled([part]) };
    for (const _ of [1, 2]) await metadata.uploads.complete(asked);
  },
  'uploads.abortIdle': async () => {
    await newUpload(metadata, { vaultKey });
    await metadata.uploads.abortIdle({ beforeMs: T0 + 9, nowMs: T0, limit: 5 });
  },
  'uploads.forgetClosed': () => metadata.uploads.forgetClosed({ beforeMs: T0 + 9, limit: 5 }),
  'jobs.list': () => metadata.jobs.list({ ...jobPage, vaultKey }),
  'jobs.list, later': () => metadata.jobs.list({ ...jobPage, vaultKey, after: position }),
  'jobs.list by status': () => metadata.jobs.list({ ...jobPage, vaultKey, status: 'Failed', after: position }),
  'jobs.list by completion': () => metadata.jobs.list({ ...jobPage, vaultKey, completed: true, after: position }),
  'jobs.list by both': () =>
    metadata.jobs.list({ ...jobPage, vaultKey, status: 'Succeeded', completed: true, after: position }),
  'jobs.create and find': async () => {
    const archive = await newArchive(metadata, { vaultKey });
    await metadata.jobs.create(archiveJob({ vaultKey, archive }));
    await metadata.jobs.find({ vaultKey, id: 'x' });
  },
  'jobs.create under BytesPerHour': () => startUnder({ strategy: 'BytesPerHour', bytesPerHour: 1n }),
  'jobs.create under FreeTier': () => startUnder({ strategy: 'FreeTier' }),
  'jobs.create of an Expedited one': async () => {
    const archive = await newArchive(metadata, { vaultKey });
    await metadata.capacity.add({ accountId: ACCOUNT, unit: newUnit(), unitsMax: Number.POSITIVE_INFINITY });
    const job = { ...archiveJob({ vaultKey, archive }), tier: 'Expedited' as const };
    await metadata.jobs.create(job, { freeBytesPerMonth: 0, expeditedSlots: 0 });
  },
  'retrievalPolicies.find': () => metadata.retrievalPolicies.find(ACCOUNT),
  'capacity.list': () => metadata.capacity.list({ accountId: ACCOUNT, nowMs: T0 }),
  'jobQueue.claimDue': () => metadata.jobQueue.claimDue({ nowMs: T0, leaseUntilMs: T0, token: 'x', limit: 4 }),
  'jobQueue.failUnreadable': () => {
    const claim = { nowMs: T0, leaseUntilMs: T0, token: 'x', queues: ['bulk' as const], limit: 4 };
    return metadata.jobQueue.failUnreadable({ claim, expiresAtMs: T0 });
  },
  'jobQueue.nextDueAtMs': () => metadata.jobQueue.nextDueAtMs(),
  'jobQueue.renew and release': async () => {
    await metadata.jobQueue.renew({ token: 'x', jobKeys: [1, 2], leaseUntilMs: T0 });
    await metadata.jobQueue.giveBack({ token: 'x', jobKeys: [1, 2] });
    await metadata.jobQueue.release({ lease, dueAtMs: T0 });
    await metadata.jobQueue.releaseAll();
  },
  'jobQueue.end': () => metadata.jobQueue.end({ ...jobEnd(lease), output: { blobId: newBlobId(), sizeBytes: 1 } }),
  'jobQueue.end, told': async () => {
    const topic = newTopic();
    await newSubscription(metadata, topic);
    const { key } = await newVault(metadata);
    await metadata.notificationConfigurations.set({ vaultKey: key, topic, events: ['InventoryRetrievalCompleted'] });
    const job = { ...inventoryJob({ vaultKey: key }), snsTopic: topic };
    await metadata.jobs.create(job);
    await metadata.jobQueue.claimDue({ nowMs: T0, leaseUntilMs: T0, token: 'z', limit: 400 });
    const { key: jobKey } = present(await metadata.jobs.find(job));
    await metadata.jobQueue.end(jobEnd({ jobKey, token: 'z' }));
  },
  'deliveries, a life': async () => {
    const topic = newTopic();
    const subscriptionKey = await newSubscription(metadata, topic);
    const asked = subscriptionAsked(topic, 'https://unconfirmed.example/');
    await metadata.subscriptions.create(asked);
    await metadata.deliveries.receivers();
    for (const key of [subscriptionKey, null]) {
      await metadata.deliveries.nextDueAtMs({ subscriptionKey: key, afterMs: T0 });
      for (const named of [topic, null]) await metadata.deliveries.attempts({ subscriptionKey: key, topic: named });
    }
    const deliveryKeys: number[] = [];
    for (const key of [subscriptionKey, subscriptionKey + 1, null]) {
      const claim = { subscriptionKey: key, nowMs: T0, leaseUntilMs: T0, token: 'x', limit: 4 };
      deliveryKeys.push(...(await metadata.deliveries.claim(claim)).map((delivery) => delivery.key));
    }
    for (const deliveryKey of deliveryKeys) {
      const [lease, again] = ['x', 'y'].map((token) => ({ deliveryKey, token }));
      await metadata.deliveries.release({ lease: present(lease), dueAtMs: T0 });
      await metadata.deliveries.claim({ subscriptionKey: null, nowMs: T0, leaseUntilMs: T0, token: 'y', limit: 9 });
      await metadata.deliveries.releaseTopic({ lease: present(again), dueAtMs: T0 });
      await metadata.deliveries.end({ deliveryKey, token: 'x' });
    }
    expect(deliveryKeys.length).toBeGreaterThan(1);
    await metadata.deliveries.releaseAll();
    await metadata.subscriptions.list({ topic });
    await metadata.subscriptions.list({ topic: null });
    await metadata.subscriptions.deleteUnconfirmed({ beforeMs: T0 });
    await metadata.subscriptions.delete(asked.arn);
  },
  'jobs.expire': async () => {
    await metadata.jobs.create(inventoryJob({ vaultKey }));
    const claimed = await metadata.jobQueue.claimDue({ nowMs: T0, leaseUntilMs: T0, token: 'y', limit: 400 });
    for (const job of claimed) await metadata.jobQueue.end(jobEnd({ jobKey: job.key, token: 'y' }));
    await metadata.jobs.expire({ nowMs: Number.MAX_SAFE_INTEGER, limit: 20 });
  },
  ...identityOperations(() => metadata),
  'fixity, a life': async () => {
    const { key, id } = await newArchive(metadata, { vaultKey });
    await metadata.scrub.plan({ beginsAtMs: T0 });
    for (const limit of [1e6, 1]) {
      const verdicts = (await metadata.fixity.toVerify({ startedAtMs: T0, lastKey: 1e9, limit })).map((archive) => ({
        archiveKey: archive.key,
        state: 'damaged' as const,
        what: 'x',
      }));
      await metadata.fixity.note({ verdicts, by: 'scrub', nowMs: T0 });
    }
    await metadata.fixity.find(key);
    await metadata.fixity.verdictOn({ accountId: ACCOUNT, id });
    await metadata.fixity.damaged({ afterKey: 0, limit: 5 });
    await metadata.scrub.keepPlace({ archiveKey: key, nextByte: 1, fixity: { state: 'intact', what: null } });
    await metadata.scrub.finish({ nowMs: T0, beginsAtMs: T0 });
    await metadata.scrub.find();
  },
  'reclaim, a life': async () => {
    const { key: uploadKey } = await newUpload(metadata, { vaultKey });
    await metadata.uploads.abort({ uploadKey, nowMs: T0 });
    await metadata.reclaim.addUnknown([newBlobId(), newBlobId()]);
    await metadata.reclaim.takeBackMentioned(await givenUp(metadata));
    await metadata.reclaim.forget([newBlobId()]);
  },
};

async function startUnder(policy: RetrievalPolicy): Promise<void> {
  await metadata.retrievalPolicies.set({ accountId: ACCOUNT, policy });
  const archive = await newArchive(metadata, { vaultKey });
  const job = { ...archiveJob({ vaultKey, archive }), tier: 'Standard' as const };
  await metadata.jobs.create(job, { freeBytesPerMonth: Number.MAX_SAFE_INTEGER, expeditedSlots: 0 });
  await metadata.retrievalPolicies.set({ accountId: ACCOUNT, policy: NO_RETRIEVAL_POLICY });
}

/** A walk over a whole table or index, or a sort; what is `counted` are rows that other steps have found. */
const WALKS_OR_SORTS = /^(?:SCAN (?!counted$|CONSTANT ROW|\d+-ROW VALUES|json_each )|USE TEMP B-TREE)/;

const IN_CREATION = 'SEARCH archives USING INDEX archives_by_creation';

const planOf = (sql: string): string[] => planIn(tested.path, sql);

describe('statements', () => {
  test.each(Object.entries(operations))('of %s find their rows by an index, in its order', async (_, operation) => {
    const statements = await statementsOf(operation);
    expect(statements.length).toBeGreaterThan(0);
    const bad = statements.flatMap((sql) => badStepsOf(sql).map((step) => ({ sql, step })));
    expect(bad).toEqual([]);
  });

  test('of jobs.create under BytesPerHour look at what vaults count, and at no other job', async () => {
    const statements = await statementsOf(present(operations['jobs.create under BytesPerHour']));
    const reading = statements.filter((sql) => sql.startsWith('select'));
    expect(reading.filter((sql) => sql.includes('"jobs"'))).toEqual([]);
    const summing = reading.filter((sql) => sql.includes('sum('));
    expect(summing.map(planOf)).toEqual([['SEARCH vaults USING INDEX sqlite_autoindex_vaults_1 (account_id=?)']]);
  });

  test('of jobs.create of an Expedited one look at Expedited jobs only, and at no more than make a difference', async () => {
    const statements = await statementsOf(present(operations['jobs.create of an Expedited one']));
    const counting = statements.filter((sql) => sql.startsWith('select') && sql.includes('"jobs"'));
    expect(counting.filter((sql) => !sql.includes('limit ?) as "counted"'))).toEqual([]);
    const steps = counting.flatMap(planOf).filter((step) => step.includes(' jobs '));
    expect(steps).toEqual([
      'SEARCH jobs USING COVERING INDEX jobs_running_expedited (tier=?)',
      'SEARCH jobs USING COVERING INDEX jobs_expedited_by_creation (vault_key=? AND created_at>? AND created_at<?)',
    ]);
  });

  test.each([
    ['jobQueue.claimDue', 'SEARCH jobs USING COVERING INDEX jobs_due_by_queue (queue=? AND due_at<?)'],
    ['jobQueue.nextDueAtMs', 'SEARCH jobs USING COVERING INDEX jobs_due_by_queue (queue=? AND due_at>?)'],
    ['jobQueue.renew and release', 'SEARCH jobs USING INDEX jobs_leased (lease_token>?)'],
    ['inventories.page', `${IN_CREATION} (vault_key=? AND created_at=? AND key>?)`],
    ['inventories.page', `${IN_CREATION} (vault_key=? AND created_at>? AND created_at<?)`],
    [
      'vaults.delete and goingVaults.removeSome',
      'SEARCH jobs USING COVERING INDEX jobs_by_status (vault_key=? AND status=?)',
    ],
  ])('of %s look at what they want only, in its own index', async (name, step) => {
    const statements = await statementsOf(operations[name] ?? (() => Promise.resolve()));
    expect(statements.flatMap(planOf)).toContainEqual(step);
  });

  test.each([
    'SEARCH archives USING INDEX archives_to_verify (verified_at=? AND key<?)',
    'SEARCH archives USING INDEX archives_to_verify (verified_at<?)',
    'SEARCH archives USING INDEX archives_damaged (key>?)',
  ])('of fixity find archives by %s', async (step) => {
    const statements = await statementsOf(present(operations['fixity, a life']));
    expect(statements.flatMap(planOf)).toContainEqual(step);
  });

  test('that ask whether a vault has archives do not look past those that were deleted', async () => {
    const statements = await statementsOf(() => metadata.vaults.hasArchives(vaultKey));
    expect(statements.map(planOf)).toEqual([['SEARCH archives USING INDEX archives_present (vault_key=?)']]);
  });

  test('that walk or sort would be told', () => {
    expect(badStepsOf('select * from jobs where description = ?')).toEqual(['SCAN jobs']);
    expect(badStepsOf('select id from jobs where vault_key = ? order by description')).toHaveLength(1);
    expect(badStepsOf('select count(*) from jobs')).toHaveLength(1);
    expect(badStepsOf('select id from jobs where key = ?')).toEqual([]);
  });
});

const badStepsOf = (sql: string): string[] => planOf(sql).filter((step) => WALKS_OR_SORTS.test(step));
