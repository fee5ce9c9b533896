import { describe, expect, test } from 'vitest';
import { renderJob } from '../model/job-document.ts';
import type { ArchiveRetrievalJob, InventoryRetrievalJob, JobStatus } from '../model/jobs.ts';
import { renderUpload, renderVault } from './render.ts';

const VAULT_ARN = 'arn:aws:glacier:us-east-1:111122223333:vaults/backup';
const AT_MS = Date.UTC(2026, 2, 2, 10, 0, 1, 123);

const common = {
  key: 1,
  id: 'job',
  vaultKey: 1,
  description: null,
  snsTopic: null,
  status: 'InProgress' as JobStatus,
  statusMessage: null,
  createdAtMs: AT_MS,
  completedAtMs: null,
  expiresAtMs: null,
  outputBlobId: null,
  outputSizeBytes: null,
  attempts: 0,
};

const archiveJob: ArchiveRetrievalJob = {
  ...common,
  kind: 'archive-retrieval',
  archiveKey: 1,
  archiveId: 'archive',
  archiveSizeBytes: 3145728,
  archiveTreeHash: 'whole',
  archiveDescription: null,
  tier: 'Bulk',
  range: { startByte: 0, endByte: 2097151 },
  rangeAsked: true,
  treeHash: 'range',
};

const inventoryJob: InventoryRetrievalJob = {
  ...common,
  kind: 'inventory-retrieval',
  format: 'JSON',
  startAtMs: null,
  endAtMs: null,
  limit: null,
  marker: null,
};

describe('a job', () => {
  test('that retrieves a range of an archive', () => {
    expect(JSON.stringify(renderJob(archiveJob, VAULT_ARN))).toBe(
      '{"Action":"ArchiveRetrieval","ArchiveId":"archive","ArchiveSHA256TreeHash":"whole","ArchiveSizeInBytes":3145728,' +
        '"Completed":false,"CompletionDate":null,"CreationDate":"2026-03-02T10:00:01.123Z",' +
        '"InventoryRetrievalParameters":null,"InventorySizeInBytes":null,"JobDescription":null,"JobId":"job",' +
        '"RetrievalByteRange":"0-2097151","SHA256TreeHash":"range","SNSTopic":null,"StatusCode":"InProgress",' +
        `"StatusMessage":null,"Tier":"Bulk","VaultARN":"${VAULT_ARN}"}`,
    );
  });

  test('that lists a vault', () => {
    const finished = { status: 'Succeeded' as const, statusMessage: 'Succeeded', completedAtMs: AT_MS + 1000 };
    const job = { ...inventoryJob, ...finished, outputSizeBytes: 450, limit: 7, startAtMs: AT_MS, marker: 'next' };
    expect(JSON.stringify(renderJob(job, VAULT_ARN))).toBe(
      '{"Action":"InventoryRetrieval","ArchiveId":null,"ArchiveSHA256TreeHash":null,"ArchiveSizeInBytes":null,' +
        '"Completed":true,"CompletionDate":"2026-03-02T10:00:02.123Z","CreationDate":"2026-03-02T10:00:01.123Z",' +
        '"InventoryRetrievalParameters":{"EndDate":null,"Format":"JSON","Limit":"7","Marker":"next",' +
        '"StartDate":"2026-03-02T10:00:01Z"},"InventorySizeInBytes":450,"JobDescription":null,"JobId":"job",' +
        '"RetrievalByteRange":null,"SHA256TreeHash":null,"SNSTopic":null,"StatusCode":"Succeeded",' +
        `"StatusMessage":"Succeeded","Tier":null,"VaultARN":"${VAULT_ARN}"}`,
    );
  });

  test('that failed is completed', () => {
    expect(renderJob({ ...archiveJob, status: 'Failed' }, VAULT_ARN)).toMatchObject({
      Completed: true,
      StatusCode: 'Failed',
    });
  });

  test('has its members in alphabetical order', () => {
    for (const job of [archiveJob, inventoryJob]) {
      const members = Object.keys(renderJob(job, VAULT_ARN));
      expect(members).toHaveLength(18);
      // As the real service sorts them: SHA256TreeHash comes before SNSTopic.
      expect(members).toEqual([...members].sort());
    }
  });
});

describe('the tree hash of a job', () => {
  const whole = { startByte: 0, endByte: 3145727 };
  const shown = (job: Partial<ArchiveRetrievalJob>) => renderJob({ ...archiveJob, ...job }, VAULT_ARN).SHA256TreeHash;

  test.each([
    ['a job that names no range', { range: whole, rangeAsked: false }, 'range'],
    ['a job that names the whole archive', { range: whole, rangeAsked: true }, null],
    ['the same once it has succeeded', { range: whole, rangeAsked: true, status: 'Succeeded' as const }, 'range'],
    ['a job that names a part', {}, 'range'],
    ['a part that is not tree-hash aligned', { treeHash: null }, null],
    ['the same once it has succeeded', { treeHash: null, status: 'Succeeded' as const }, null],
  ])('of %s', (_, job, expected) => {
    expect(shown(job)).toBe(expected);
  });
});

test('a vault, before and after its first inventory', () => {
  const vault = { arn: VAULT_ARN, name: 'backup', createdAtMs: AT_MS, archiveCount: 0, sizeBytes: 0 };
  expect(JSON.stringify(renderVault({ ...vault, lastInventoryAtMs: null }))).toBe(
    '{"CreationDate":"2026-03-02T10:00:01.123Z","LastInventoryDate":null,"NumberOfArchives":0,"SizeInBytes":0,' +
      `"VaultARN":"${VAULT_ARN}","VaultName":"backup"}`,
  );
  expect(renderVault({ ...vault, lastInventoryAtMs: 0 }).LastInventoryDate).toBe('1970-01-01T00:00:00.000Z');
});

test('an upload', () => {
  const upload = { key: 1, id: 'upload', vaultKey: 1, description: null, partSizeBytes: 1048576, createdAtMs: AT_MS };
  expect(JSON.stringify(renderUpload({ ...upload, state: 'open', archiveId: null }, VAULT_ARN))).toBe(
    '{"ArchiveDescription":null,"CreationDate":"2026-03-02T10:00:01.123Z","MultipartUploadId":"upload",' +
      `"PartSizeInBytes":1048576,"VaultARN":"${VAULT_ARN}"}`,
  );
});
