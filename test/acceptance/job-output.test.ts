import { CreateVaultCommand, type GlacierClient } from '@aws-sdk/client-glacier';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  glacierClient,
  invalid,
  notFound,
  outputOf,
  refusalOf,
  runJob,
  uploadArchive,
  vaultNotFound,
} from '../support/clients.ts';
import { MIB, noise, treeHash } from '../support/hashes.ts';
import { send } from '../support/raw-client.ts';
import { startServer, type TestServer } from '../support/server.ts';
import { uploadInParts } from '../support/uploads.ts';

const vaultName = 'outputs';
/** Seven leaves, the last one of half a MiB. */
const bytes = noise(6 * MIB + MIB / 2);
const description = 'week 12, "all"';

let server: TestServer;
let client: GlacierClient;
let archiveId = '';
/** Retrieves the whole archive. */
let wholeJob = '';
beforeAll(async () => {
  server = await startServer();
  client = glacierClient(server);
  await client.send(new CreateVaultCommand({ accountId: '-', vaultName }));
  archiveId = await uploadArchive(client, { vaultName, body: bytes, description });
  wholeJob = await retrieve(archiveId);
});
afterAll(() => server[Symbol.asyncDispose]());

const retrieve = (ArchiveId: string, RetrievalByteRange?: string) =>
  runJob(client, vaultName, {
    Type: 'archive-retrieval',
    ArchiveId,
    ...(RetrievalByteRange === undefined ? {} : { RetrievalByteRange }),
  });
const raw = (jobId: string, range?: string) =>
  send(server, { method: 'GET', path: `/-/vaults/${vaultName}/jobs/${jobId}/output`, headers: { range } });
const hashAt = (from: number, to: number) => treeHash(bytes.subarray(from * MIB, to * MIB));

describe('the whole output', () => {
  test('comes with 200, every header and exactly its bytes', async () => {
    const answer = await raw(wholeJob);
    expect(answer.status).toBe(200);
    expect(answer.headers.map(([name]) => name).slice(0, 6)).toEqual([
      'x-amzn-RequestId',
      'x-amz-sha256-tree-hash',
      'x-amz-archive-description',
      'Accept-Ranges',
      'Content-Type',
      'Content-Length',
    ]);
    expect(answer.header('x-amz-sha256-tree-hash')).toBe(treeHash(bytes));
    expect(answer.header('x-amz-archive-description')).toBe(description);
    expect(answer.header('Accept-Ranges')).toBe('bytes');
    expect(answer.header('Content-Type')).toBe('application/octet-stream');
    expect(answer.header('Content-Length')).toBe(String(bytes.length));
    expect(answer.header('Content-Range')).toBeUndefined();
    expect(answer.header('Transfer-Encoding')).toBeUndefined();
    expect(answer.bytes.equals(bytes)).toBe(true);
  });

  test('is what the SDK shows of it, and can be had again and again', async () => {
    for (const _ of ['first', 'again']) {
      const output = await outputOf(client, { vaultName, jobId: wholeJob });
      expect(output).toMatchObject({
        status: 200,
        checksum: treeHash(bytes),
        acceptRanges: 'bytes',
        contentType: 'application/octet-stream',
        archiveDescription: description,
      });
      expect(output.contentRange).toBeUndefined();
      expect(output.bytes.equals(bytes)).toBe(true);
    }
  });

  test('of an archive without a description has no header for one', async () => {
    const jobId = await retrieve(await uploadArchive(client, { vaultName, body: Buffer.from('x') }));
    const answer = await raw(jobId);
    expect(answer.header('x-amz-archive-description')).toBeUndefined();
    expect(answer.text).toBe('x');
  });
});

describe('a Range', () => {
  test.each([
    ['bytes=0-0', 0, 1],
    ['bytes=0-', 0, bytes.length],
    [`bytes=0-${bytes.length - 1}`, 0, bytes.length],
    ['bytes=1-2', 1, 3],
    [`bytes=${MIB - 1}-${MIB}`, MIB - 1, MIB + 1],
    [`bytes=${bytes.length - 1}-`, bytes.length - 1, bytes.length],
    ['bytes=6000000-999999999999', 6_000_000, bytes.length],
    ['bytes=-500', bytes.length - 500, bytes.length],
    ['bytes=-999999999', 0, bytes.length],
  ])('%s is answered with 206 and exactly these bytes', async (range, from, to) => {
    const answer = await raw(wholeJob, range);
    expect(answer.status).toBe(206);
    expect(answer.header('Content-Range')).toBe(`bytes ${from}-${to - 1}/${bytes.length}`);
    expect(answer.header('Content-Length')).toBe(String(to - from));
    expect(answer.header('Accept-Ranges')).toBe('bytes');
    expect(answer.header('x-amz-archive-description')).toBe(description);
    expect(answer.bytes.equals(bytes.subarray(from, to))).toBe(true);
  });

  test.each([
    '',
    'bytes 0-4194303/235812776',
    '0-100/493',
    'bytes=',
    'bytes=-',
    'bytes=a-b',
    'bytes=5-4',
    'bytes=0-1,3-4',
    'items=0-1',
    'Bytes=0-1',
    'bytes=0x0-0x1',
    'bytes= 0-1',
    'bytes=--1',
  ])('"%s" is ignored', async (range) => {
    const answer = await raw(wholeJob, range);
    expect([answer.status, answer.header('Content-Range')]).toEqual([200, undefined]);
    expect(answer.bytes.equals(bytes)).toBe(true);
  });

  test.each([`bytes=${bytes.length}-`, `bytes=${8 * MIB}-${12 * MIB - 1}`, 'bytes=999999999999-'])(
    '%s starts past the end and is refused with 400',
    async (range) => {
      const answer = await raw(wholeJob, range);
      expect(answer.status).toBe(400);
      expect(answer.header('Content-Type')).toBe('application/json');
      expect(answer.json).toEqual({
        code: 'InvalidParameterValueException',
        message: `The start of the range is larger than size of retrieved data: ${range}`,
        type: 'Client',
      });
      expect(await refusalOf(outputOf(client, { vaultName, jobId: wholeJob, range }))).toEqual(
        invalid(answer.json.message),
      );
    },
  );
});

describe('the tree hash of a Range', () => {
  const rangeOf = (from: number, to: number) => `bytes=${from * MIB}-${Math.min(to * MIB, bytes.length) - 1}`;

  test.each([
    [0, 1],
    [0, 4],
    [0, 7],
    [2, 4],
    [4, 6],
    [4, 7],
    [5, 6],
    [6, 7],
  ])('is there for MiB %i to %i, which are one node of the tree', async (from, to) => {
    const answer = await raw(wholeJob, rangeOf(from, to));
    expect([answer.status, answer.header('x-amz-sha256-tree-hash')]).toEqual([206, hashAt(from, to)]);
    expect(treeHash(answer.bytes)).toBe(hashAt(from, to));
  });

  test.each([rangeOf(0, 3), rangeOf(1, 3), rangeOf(2, 6), rangeOf(0, 6), 'bytes=0-1', `bytes=1-${MIB}`, 'bytes=-1'])(
    'is not there for %s',
    async (range) => {
      const answer = await raw(wholeJob, range);
      expect([answer.status, answer.header('x-amz-sha256-tree-hash')]).toEqual([206, undefined]);
    },
  );
});

describe('the output of a ranged job', () => {
  test('is the range, and a Range counts from its start', async () => {
    const jobId = await retrieve(archiveId, `${4 * MIB}-${bytes.length - 1}`);
    const piece = bytes.subarray(4 * MIB);
    const whole = await raw(jobId);
    expect(whole.status).toBe(200);
    expect(whole.bytes.equals(piece)).toBe(true);
    expect(whole.header('x-amz-sha256-tree-hash')).toBe(hashAt(4, 7));

    const second = await raw(jobId, `bytes=${MIB}-${2 * MIB - 1}`);
    expect(second.header('Content-Range')).toBe(`bytes ${MIB}-${2 * MIB - 1}/${piece.length}`);
    expect(second.header('x-amz-sha256-tree-hash')).toBe(hashAt(5, 6));
    expect(second.bytes.equals(bytes.subarray(5 * MIB, 6 * MIB))).toBe(true);

    expect((await raw(jobId, `bytes=0-${2 * MIB - 1}`)).header('x-amz-sha256-tree-hash')).toBe(hashAt(4, 6));
    expect((await raw(jobId, `bytes=-${MIB / 2}`)).header('x-amz-sha256-tree-hash')).toBe(hashAt(6, 7));
    // Two MiB that would be a node of a tree over the range alone, but are none of the archive's.
    expect((await raw(jobId, `bytes=${MIB}-`)).header('x-amz-sha256-tree-hash')).toBeUndefined();
    expect((await raw(jobId, `bytes=${piece.length}-`)).status).toBe(400);
  });

  test('has no tree hash when the range is not aligned to the tree, nor have the pieces of it', async () => {
    const jobId = await retrieve(archiveId, `${MIB}-${3 * MIB - 1}`);
    const whole = await raw(jobId);
    expect(whole.bytes.equals(bytes.subarray(MIB, 3 * MIB))).toBe(true);
    expect(whole.header('x-amz-sha256-tree-hash')).toBeUndefined();
    const piece = await raw(jobId, `bytes=0-${MIB - 1}`);
    expect(piece.bytes.equals(bytes.subarray(MIB, 2 * MIB))).toBe(true);
    expect(piece.header('x-amz-sha256-tree-hash')).toBeUndefined();
  });
});

describe('the output of an archive that came in parts', () => {
  test('is cut across the parts, with the tree hashes of the whole', async () => {
    const parted = noise(9 * MIB + 3, 'parted');
    const jobId = await retrieve(await uploadInParts(client, { vaultName, partSize: 2 * MIB, bytes: parted }));
    const cases: [number, number, boolean][] = [
      [0, 2 * MIB, true],
      [0, 4 * MIB, true],
      [0, 8 * MIB, true],
      [8 * MIB, parted.length, true],
      [MIB, 2 * MIB, true],
      [6 * MIB, 8 * MIB, true],
      [9 * MIB, parted.length, true],
      [MIB, 3 * MIB, false],
      [2 * MIB - 1, 6 * MIB + 1, false],
      [1, parted.length, false],
    ];
    for (const [from, to, aligned] of cases) {
      const answer = await raw(jobId, `bytes=${from}-${to - 1}`);
      const piece = parted.subarray(from, to);
      expect(answer.bytes.equals(piece)).toBe(true);
      expect(answer.header('x-amz-sha256-tree-hash')).toBe(aligned ? treeHash(piece) : undefined);
    }
  });
});

describe('output that is not there', () => {
  test.each(['A'.repeat(92), 'x'])('of a job that never was: %s', async (jobId) => {
    expect(await refusalOf(outputOf(client, { vaultName, jobId }))).toEqual(
      notFound(`The job ID was not found: ${jobId}`),
    );
  });

  test('of a job of another vault, and of a vault that is not there', async () => {
    await client.send(new CreateVaultCommand({ accountId: '-', vaultName: 'other' }));
    expect(await refusalOf(outputOf(client, { vaultName: 'other', jobId: wholeJob }))).toEqual(
      notFound(`The job ID was not found: ${wholeJob}`),
    );
    expect(await refusalOf(outputOf(client, { vaultName: 'nowhere', jobId: wholeJob }))).toEqual(
      vaultNotFound('nowhere'),
    );
  });
});
