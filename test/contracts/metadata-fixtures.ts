import { randomUUID } from 'node:crypto';
import type { NewJob } from '../../src/metadata/job-rows.ts';
import type { Metadata } from '../../src/metadata/metadata.ts';
import type { BlobRef } from '../../src/model/archives.ts';
import { assemblyDigest, formatAssembly } from '../../src/model/assembly.ts';
import type { CapacityUnit } from '../../src/model/capacity.ts';
import { newArchiveId, newBlobId, newCapacityId, newJobId, newUploadId } from '../../src/model/ids.ts';
import type { Lease } from '../../src/model/jobs.ts';
import { DAY_MS, HOUR_MS, MIB } from '../../src/model/limits.ts';
import type { Vault } from '../../src/model/vaults.ts';
import { combine } from '../../src/tree-hash/nodes.ts';

/** A database to test, and a way to look into it that does not go through the code under test. */
export interface MetadataUnderTest extends AsyncDisposable {
  readonly metadata: Metadata;
  rows(sql: string): Promise<Record<string, unknown>[]>;
  /** Writes what no operation of the metadata writes yet. */
  change(sql: string): Promise<void>;
}

export const ACCOUNT = '111122223333';
/** The tests' present, far from the machine's, so that a forgotten clock shows. */
export const T0 = Date.parse('2031-05-06T07:08:09.123Z');

/** Jobs that are due then are claimed by no other test. */
export const FAR_AT_MS = T0 + 1000 * DAY_MS;

export const hashOf = (text: string | number): string => Buffer.from(`${text}`).toString('hex').padEnd(64, '0');

export function blobRef({ blobId = newBlobId(), startByte = 0, sizeBytes = 10 }: Partial<BlobRef> = {}): BlobRef {
  return { blobId, startByte, sizeBytes, treeHash: hashOf(blobId.slice(0, 16)) };
}

/** What is said of the archive that these parts make up, and the blob that lists them. */
export const assembled = (parts: readonly BlobRef[], { blobId = newBlobId() }: { blobId?: string } = {}) => ({
  assembly: { blobId, digest: assemblyDigest(formatAssembly(parts)) },
  sizeBytes: parts.reduce((sum, part) => sum + part.sizeBytes, 0),
  treeHash: combine(Buffer.from(parts.map((part) => part.treeHash).join(''), 'hex')).toString('hex'),
});

/** The blobs that were given up, all of them. */
export async function givenUp(metadata: Metadata): Promise<string[]> {
  while ((await metadata.reclaim.gather({ limit: 100 })) > 0);
  return metadata.reclaim.list({ limit: 1e6 });
}

/** Deletes a vault, and all of its rows. */
export async function deleteVault(metadata: Metadata, vault: Vault): Promise<void> {
  await metadata.vaults.delete({ ...vault, inventory: 'live' });
  while ((await metadata.goingVaults.removeSome({ limit: 100 })) > 0);
}

/** A vault with a name of its own. */
export async function newVault(
  metadata: Metadata,
  { nowMs = T0, accountId = ACCOUNT }: { nowMs?: number; accountId?: string } = {},
): Promise<Vault> {
  const name = { accountId, name: `vault-${randomUUID()}` };
  if ((await metadata.accounts.find(accountId)) === undefined) await metadata.accounts.ensure({ accountId, nowMs });
  await metadata.vaults.create({ ...name, nowMs, vaultsMax: Number.POSITIVE_INFINITY });
  return present(await metadata.vaults.find(name));
}

export async function vaultNow(metadata: Metadata, vault: Vault): Promise<Vault> {
  return present(await metadata.vaults.findByKey(vault.key));
}

/** Adds an archive of one blob and returns its key and id. */
export async function newArchive(
  metadata: Metadata,
  facts: { vaultKey: number; nowMs?: number; sizeBytes?: number; accountId?: string },
): Promise<{ key: number; id: string; blobId: string }> {
  const { vaultKey, nowMs = T0, sizeBytes = 10, accountId = ACCOUNT } = facts;
  const id = newArchiveId();
  const blob = blobRef({ sizeBytes });
  const treeHash = blob.treeHash;
  await metadata.archives.add({ id, vaultKey, description: null, sizeBytes, treeHash, blob, nowMs });
  const { key } = present(await metadata.archives.find({ accountId, id }));
  return { key, id, blobId: blob.blobId };
}

/** Opens an upload of 1 MiB parts and returns its key and id. */
export async function newUpload(
  metadata: Metadata,
  { vaultKey, nowMs = T0 }: { vaultKey: number; nowMs?: number },
): Promise<{ key: number; id: string }> {
  const id = newUploadId(nowMs);
  await metadata.uploads.create({ id, vaultKey, description: null, partSizeBytes: MIB, createdAtMs: nowMs });
  const { key } = present(await metadata.uploads.find({ vaultKey, id }));
  return { key, id };
}

/** A capacity unit of one hour. */
export function newUnit({ startedAtMs = T0 }: { startedAtMs?: number } = {}): CapacityUnit {
  return { id: newCapacityId(), startedAtMs, expiresAtMs: startedAtMs + HOUR_MS };
}

type JobFacts = { vaultKey: number; nowMs?: number; readyAtMs?: number };

export function inventoryJob({ vaultKey, nowMs = T0, readyAtMs = nowMs }: JobFacts): NewJob {
  return {
    kind: 'inventory-retrieval',
    id: newJobId(nowMs),
    vaultKey,
    description: null,
    snsTopic: null,
    createdAtMs: nowMs,
    readyAtMs,
    format: 'JSON',
    startAtMs: null,
    endAtMs: null,
    limit: null,
    marker: null,
  };
}

export function archiveJob(
  facts: JobFacts & { archive: { key: number; id: string } },
): Extract<NewJob, { kind: 'archive-retrieval' }> {
  const { vaultKey, nowMs = T0, readyAtMs = nowMs, archive } = facts;
  return {
    kind: 'archive-retrieval',
    id: newJobId(nowMs),
    vaultKey,
    description: 'why',
    snsTopic: 'arn:aws:sns:us-east-1:111122223333:topic',
    createdAtMs: nowMs,
    readyAtMs,
    archiveKey: archive.key,
    archiveId: archive.id,
    archiveSizeBytes: 10,
    archiveTreeHash: hashOf('archive'),
    archiveDescription: 'what',
    tier: 'Bulk',
    range: { startByte: 0, endByte: 9 },
    rangeAsked: true,
    treeHash: null,
  };
}

/** What every end of a job says; a test changes what it is about. */
export function jobEnd(lease: Lease, { nowMs = T0 }: { nowMs?: number } = {}) {
  return {
    lease,
    status: 'Succeeded' as const,
    statusMessage: 'Succeeded',
    output: null as { blobId: string; sizeBytes: number } | null,
    marker: null as string | null,
    nowMs,
    expiresAtMs: nowMs + DAY_MS,
    announcement: { region: 'us-east-1', throughSns: true },
  };
}

export function present<T>(value: T | null | undefined): T {
  if (value === null || value === undefined) throw new Error('the fixture is not there');
  return value;
}
