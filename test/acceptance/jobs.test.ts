import { CreateVaultCommand, type GlacierClient } from '@aws-sdk/client-glacier';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  arnOf,
  ended,
  glacierClient,
  notFound,
  refusalOf,
  runJob,
  startJob,
  uploadArchive,
  vaultNotFound,
} from '../support/clients.ts';
import { MIB, noise, treeHash } from '../support/hashes.ts';
import { send } from '../support/raw-client.ts';
import { ACCOUNT_ID, startServer, type TestServer } from '../support/server.ts';

const JOB_ID = /^[A-Za-z0-9_][A-Za-z0-9_-]{91}$/;
const INSTANT = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;
const TOPIC = `arn:aws:sns:us-east-1:${ACCOUNT_ID}:mytopic`;
const vaultName = 'jobs';
const jobsPath = `/-/vaults/${vaultName}/jobs`;
const bytes = noise(6 * MIB + MIB / 2);

let server: TestServer;
let client: GlacierClient;
let archiveId = '';
beforeAll(async () => {
  server = await startServer();
  client = glacierClient(server);
  await client.send(new CreateVaultCommand({ accountId: '-', vaultName }));
  await client.send(new CreateVaultCommand({ accountId: '-', vaultName: 'other' }));
  archiveId = await uploadArchive(client, { vaultName, body: bytes });
});
afterAll(() => server[Symbol.asyncDispose]());

const retrieval = (more: object = {}) => ({ Type: 'archive-retrieval', ArchiveId: archiveId, ...more });
const initiate = (body: string, headers: Record<string, string> = {}) =>
  send(server, { method: 'POST', path: jobsPath, headers, body });
const rawJob = (jobId: string) => send(server, { method: 'GET', path: `${jobsPath}/${jobId}` });
const describedAfter = async (job: object) => ended(client, vaultName, await startJob(client, vaultName, job));

describe('InitiateJob', () => {
  test('answers 202 with an id, its Location and an empty object', async () => {
    const answer = await initiate(JSON.stringify(retrieval()));
    expect(answer.status).toBe(202);
    expect(answer.text).toBe('{}');
    const jobId = answer.header('x-amz-job-id');
    expect(jobId).toMatch(JOB_ID);
    expect(answer.header('Location')).toBe(`/${ACCOUNT_ID}/vaults/${vaultName}/jobs/${jobId}`);
    expect(answer.header('Content-Type')).toBe('application/json');
    expect(answer.header('Content-Length')).toBe('2');
    expect(answer.header('x-amz-job-output-path')).toBeUndefined();
  });

  test('makes a new job each time, with ids that never begin with a dash', async () => {
    const ids = new Set<string>();
    for (let count = 0; count < 64; count += 1) ids.add(await startJob(client, vaultName, retrieval()));
    expect(ids.size).toBe(64);
    for (const id of ids) expect(id).toMatch(JOB_ID);
  });

  test.each([
    'application/json',
    'application/x-amz-json-1.1',
    'application/x-www-form-urlencoded; charset=utf-8',
    'text/plain',
  ])('reads the body as JSON whatever its type, as with %s', async (type) => {
    expect((await initiate(JSON.stringify(retrieval()), { 'content-type': type })).status).toBe(202);
  });

  test('takes null for not given, ignores members it does not know, and numbers for limits', async () => {
    const nothing = { Description: null, SNSTopic: null, Tier: null, RetrievalByteRange: null, Format: null };
    const archive = await initiate(JSON.stringify(retrieval({ ...nothing, Unheard: { of: [1] }, Format: 'JSON' })));
    expect(archive.status).toBe(202);
    const parameters = { StartDate: null, EndDate: null, Limit: 5, Marker: null };
    const inventory = { Type: 'inventory-retrieval', ArchiveId: null, InventoryRetrievalParameters: parameters };
    const answer = await initiate(JSON.stringify({ ...nothing, ...inventory }));
    expect(answer.status).toBe(202);
    const job = await ended(client, vaultName, answer.header('x-amz-job-id') ?? '');
    expect(job.InventoryRetrievalParameters).toMatchObject({ Format: 'JSON', Limit: '5' });
  });
});

describe('DescribeJob', () => {
  test('shows a finished archive retrieval byte for byte: 18 members in alphabetical order', async () => {
    const jobId = await runJob(client, vaultName, retrieval());
    const { text, json, header } = await rawJob(jobId);
    expect(header('Content-Type')).toBe('application/json');
    expect(json.CreationDate).toMatch(INSTANT);
    expect(json.CompletionDate).toMatch(INSTANT);
    expect(json.CompletionDate >= json.CreationDate).toBe(true);
    const hash = treeHash(bytes);
    expect(text).toBe(
      `{"Action":"ArchiveRetrieval","ArchiveId":"${archiveId}","ArchiveSHA256TreeHash":"${hash}",` +
        `"ArchiveSizeInBytes":${bytes.length},"Completed":true,"CompletionDate":"${json.CompletionDate}",` +
        `"CreationDate":"${json.CreationDate}","InventoryRetrievalParameters":null,"InventorySizeInBytes":null,` +
        `"JobDescription":null,"JobId":"${jobId}","RetrievalByteRange":"0-${bytes.length - 1}",` +
        `"SHA256TreeHash":"${hash}","SNSTopic":null,"StatusCode":"Succeeded","StatusMessage":"Succeeded",` +
        `"Tier":"Standard","VaultARN":"${arnOf(vaultName)}"}`,
    );
  });

  test('shows a finished inventory retrieval byte for byte', async () => {
    const jobId = await runJob(client, vaultName, { Type: 'inventory-retrieval' });
    const { text, json } = await rawJob(jobId);
    expect(json.InventorySizeInBytes).toBeGreaterThan(0);
    expect(text).toBe(
      '{"Action":"InventoryRetrieval","ArchiveId":null,"ArchiveSHA256TreeHash":null,"ArchiveSizeInBytes":null,' +
        `"Completed":true,"CompletionDate":"${json.CompletionDate}","CreationDate":"${json.CreationDate}",` +
        '"InventoryRetrievalParameters":{"EndDate":null,"Format":"JSON","Limit":null,"Marker":null,"StartDate":null},' +
        `"InventorySizeInBytes":${json.InventorySizeInBytes},"JobDescription":null,"JobId":"${jobId}",` +
        '"RetrievalByteRange":null,"SHA256TreeHash":null,"SNSTopic":null,"StatusCode":"Succeeded",' +
        `"StatusMessage":"Succeeded","Tier":null,"VaultARN":"${arnOf(vaultName)}"}`,
    );
  });

  test('tells what the job was asked: description, topic, tier', async () => {
    for (const Tier of ['Expedited', 'Standard', 'Bulk']) {
      const notes = { Description: ' my "job" \\', SNSTopic: TOPIC };
      const job = await describedAfter(retrieval({ ...notes, Tier }));
      expect(job).toMatchObject({ JobDescription: 'my "job" \\', SNSTopic: TOPIC, Tier });
    }
    const inventory = await describedAfter({ Type: 'inventory-retrieval', Format: 'CSV', Tier: 'Bulk' });
    expect(inventory.Tier).toBeUndefined();
    expect(inventory.InventoryRetrievalParameters?.Format).toBe('CSV');
  });

  test('echoes the range of an inventory in whole seconds', async () => {
    const job = await describedAfter({
      Type: 'inventory-retrieval',
      InventoryRetrievalParameters: {
        StartDate: '2014-01-01T00:00:00Z',
        EndDate: '2030-06-30T12:34:56+02:00',
        Limit: '120000',
      },
    });
    const raw = await rawJob(job.JobId ?? '');
    expect(JSON.stringify(raw.json.InventoryRetrievalParameters)).toBe(
      '{"EndDate":"2030-06-30T10:34:56Z","Format":"JSON","Limit":"120000","Marker":null,"StartDate":"2014-01-01T00:00:00Z"}',
    );
  });

  test.each(['A'.repeat(92), 'x', '%2E%2E'])('refuses an id that never was: %s', async (id) => {
    const answer = await rawJob(id);
    expect([answer.status, answer.json]).toEqual([
      404,
      {
        code: 'ResourceNotFoundException',
        message: `The job ID was not found: ${decodeURIComponent(id)}`,
        type: 'Client',
      },
    ]);
  });

  test('refuses a job of another vault, and a vault that is not there', async () => {
    const jobId = await startJob(client, vaultName, retrieval());
    expect(await refusalOf(ended(client, 'other', jobId))).toEqual(notFound(`The job ID was not found: ${jobId}`));
    expect(await refusalOf(ended(client, 'nowhere', jobId))).toEqual(vaultNotFound('nowhere'));
  });
});

describe('SHA256TreeHash of a ranged job', () => {
  const slice = (from: number, to: number) => bytes.subarray(from * MIB, Math.min(to * MIB, bytes.length));
  const rangeOf = (from: number, to: number) => `${from * MIB}-${Math.min(to * MIB, bytes.length) - 1}`;
  // The archive has seven leaves, the last one of half a MiB.
  const aligned: [number, number][] = [
    [0, 1],
    [0, 2],
    [0, 4],
    [0, 7],
    [1, 2],
    [2, 3],
    [2, 4],
    [3, 4],
    [4, 5],
    [4, 6],
    [4, 7],
    [5, 6],
    [6, 7],
  ];
  const unaligned: [number, number][] = [
    [0, 3],
    [0, 5],
    [0, 6],
    [1, 3],
    [2, 6],
    [2, 7],
    [3, 7],
    [5, 7],
  ];

  test.each(aligned)('is that of MiB %i to %i, which are one node of the tree', async (from, to) => {
    const job = await describedAfter(retrieval({ RetrievalByteRange: rangeOf(from, to) }));
    expect(job).toMatchObject({
      RetrievalByteRange: rangeOf(from, to),
      SHA256TreeHash: treeHash(slice(from, to)),
      ArchiveSHA256TreeHash: treeHash(bytes),
      ArchiveSizeInBytes: bytes.length,
    });
  });

  test.each(unaligned)('is null for MiB %i to %i, which are not', async (from, to) => {
    const jobId = await runJob(client, vaultName, retrieval({ RetrievalByteRange: rangeOf(from, to) }));
    expect((await rawJob(jobId)).json).toMatchObject({
      RetrievalByteRange: rangeOf(from, to),
      SHA256TreeHash: null,
      ArchiveSHA256TreeHash: treeHash(bytes),
    });
  });
});
