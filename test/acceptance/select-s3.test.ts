import type { GlacierClient, S3Location } from '@aws-sdk/client-glacier';
import { InitiateJobCommand } from '@aws-sdk/client-glacier';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { ended, glacierClient, invalid, refusalOf, uploadArchive } from '../support/clients.ts';
import { MIB } from '../support/hashes.ts';
import { type S3Double, startS3Double } from '../support/s3-double.ts';
import { type S3Request, type StoredObject, s3Error } from '../support/s3-double-words.ts';
import { named, namesBelow } from '../support/select-output.ts';
import { startServer, type TestServer } from '../support/server.ts';
import { createVault } from '../support/topics.ts';

/** Queries whose results go to a bucket, which is in this process and checks every signature. */
const vaultName = 'queries';
const BUCKET = 'reports';
const CSV = 'Anna,Oslo\nBo,Rome\n';
const CREDENTIALS = { accessKeyId: 'AKIAOFSERVER', secretAccessKey: 'secret of the server', region: 'eu-west-1' };

let s3: S3Double;
let server: TestServer;
let client: GlacierClient;
let archiveId = '';
beforeAll(async () => {
  s3 = await startS3Double(CREDENTIALS);
  server = await startServer({
    flags: ['--select-output', `s3?endpoint=${s3.url}&region=${CREDENTIALS.region}`],
    env: { AWS_ACCESS_KEY_ID: CREDENTIALS.accessKeyId, AWS_SECRET_ACCESS_KEY: CREDENTIALS.secretAccessKey },
  });
  client = glacierClient(server);
  await createVault(client, vaultName);
  archiveId = await uploadArchive(client, { vaultName, body: Buffer.from(CSV) });
});
afterAll(async () => {
  client.destroy();
  await server[Symbol.asyncDispose]();
  await s3[Symbol.asyncDispose]();
});
beforeEach(() => {
  s3.buckets.clear();
  s3.buckets.set(BUCKET, new Map());
  s3.requests.length = 0;
  s3.fault = () => undefined;
});

interface Asked {
  location?: S3Location;
  archive?: string;
  expression?: string;
}

async function start({ location = {}, archive = archiveId, expression = 'SELECT * FROM archive' }: Asked) {
  const jobParameters = {
    Type: 'select',
    ArchiveId: archive,
    SelectParameters: { Expression: expression, ExpressionType: 'SQL' as const },
    OutputLocation: { S3: { BucketName: BUCKET, Prefix: 'daily', ...location } },
  };
  const { jobId = '', jobOutputPath: path = '' } = await client.send(
    new InitiateJobCommand({ accountId: '-', vaultName, jobParameters }),
  );
  return { jobId, path };
}

async function run(asked: Asked) {
  const { jobId, path } = await start(asked);
  const job = await ended(client, vaultName, jobId);
  const stored: ReadonlyMap<string, StoredObject> = s3.buckets.get(BUCKET) ?? new Map();
  const objects = new Map([...stored].map(([key, { bytes }]) => [key, bytes.toString()]));
  const names = namesBelow(objects, path).sort();
  return { job, path, names, stored, result: () => named(objects, { bucket: BUCKET, path }) };
}

const isOfResults = ({ path }: S3Request) => path.includes('/results/');
const SUCCESS = ['job.txt', 'result_manifest.txt', 'results/*'];

test('a query leaves its results in the bucket', async () => {
  const { job, names, result, path, stored } = await run({});
  expect(job).toMatchObject({ StatusCode: 'Succeeded', StatusMessage: 'Succeeded' });
  expect(names).toEqual(SUCCESS);
  expect(result()).toBe(CSV);
  expect(String(stored.get(`${path}job.txt`)?.bytes)).toContain(job.JobId);
  const types = [...stored].map(([key, { headers }]) => [key.split('/')[2], headers['content-type']]);
  expect(new Map(types as [string, string][])).toEqual(
    new Map([
      ['job.txt', 'text/plain'],
      ['result_manifest.txt', 'text/plain'],
      ['results', 'text/csv'],
    ]),
  );
});

describe('settings of the request are with every object of the job:', () => {
  const context = Buffer.from('{"purpose":"report"}').toString('base64');
  const SETTINGS: [string, S3Location, Record<string, string>][] = [
    ['AES256', { Encryption: { EncryptionType: 'AES256' } }, { 'x-amz-server-side-encryption': 'AES256' }],
    [
      'a KMS key and its context',
      { Encryption: { EncryptionType: 'aws:kms', KMSKeyId: 'key-1', KMSContext: '{"purpose":"report"}' } },
      {
        'x-amz-server-side-encryption': 'aws:kms',
        'x-amz-server-side-encryption-aws-kms-key-id': 'key-1',
        'x-amz-server-side-encryption-context': context,
      },
    ],
    ['a canned ACL', { CannedACL: 'bucket-owner-full-control' as never }, { 'x-amz-acl': 'bucket-owner-full-control' }],
    [
      'grants',
      {
        AccessControlList: [
          { Grantee: { Type: 'CanonicalUser', ID: 'abc' }, Permission: 'READ' },
          { Grantee: { Type: 'Group', URI: 'http://acs.amazonaws.com/groups/global/AllUsers' }, Permission: 'READ' },
          { Grantee: { Type: 'AmazonCustomerByEmail', EmailAddress: 'a@example.com' }, Permission: 'FULL_CONTROL' },
        ],
      },
      {
        'x-amz-grant-read': 'id="abc", uri="http://acs.amazonaws.com/groups/global/AllUsers"',
        'x-amz-grant-full-control': 'emailAddress="a@example.com"',
      },
    ],
    [
      'tags, metadata and a storage class',
      { Tagging: { project: 'a + b' }, UserMetadata: { Origin: 'archive 7' }, StorageClass: 'STANDARD_IA' },
      {
        'x-amz-tagging': 'project=a%20%2B%20b',
        'x-amz-meta-origin': 'archive 7',
        'x-amz-storage-class': 'STANDARD_IA',
      },
    ],
  ];

  test.each(SETTINGS)('%s', async (_, location, headers) => {
    const { names, stored } = await run({ location });
    expect(names).toEqual(SUCCESS);
    for (const object of stored.values()) expect(object.headers).toMatchObject(headers);
  });

  test('also with those of a failure', async () => {
    const location: S3Location = { Encryption: { EncryptionType: 'AES256' } };
    const { job, names, stored } = await run({ location, expression: 'SELECT CAST(_1 AS INT) FROM archive' });
    expect(job).toMatchObject({ StatusCode: 'Failed', StatusMessage: expect.stringMatching(/^CastFailed: /) });
    expect(names).toEqual(['error_manifest.txt', 'errors/*', 'job.txt']);
    for (const { headers } of stored.values()) expect(headers['x-amz-server-side-encryption']).toBe('AES256');
  });
});

test('results of more than 8 MiB go in parts, and nothing that was begun is left', async () => {
  const body = Buffer.from(Array.from({ length: 18 * 2 ** 14 }, (_, line) => `${line},${'x'.repeat(60)}\n`).join(''));
  const archive = await uploadArchive(client, { vaultName, body });
  const { job, names, result } = await run({ archive, location: { StorageClass: 'STANDARD_IA' } });
  expect(job.StatusCode).toBe('Succeeded');
  expect(names).toEqual(SUCCESS);
  expect(result() === body.toString()).toBe(true);
  const parts = s3.requests.filter(({ query }) => query.has('partNumber')).map((request) => request.body.length);
  expect(parts.sort()).toEqual([8 * MIB, 8 * MIB, body.length - 16 * MIB].sort());
  expect(s3.uploads.size).toBe(0);
  const begun = s3.requests.filter(({ method, query }) => method === 'POST' && query.has('uploads'));
  expect(begun.map(({ headers }) => headers['x-amz-storage-class'])).toEqual(['STANDARD_IA']);
});

describe('what the bucket does not take', () => {
  const cannotBeWritten = (reason: string) =>
    invalid(`The results cannot be written to the bucket ${BUCKET}: ${reason}`);

  test('a bucket that is not there: there is no job', async () => {
    s3.buckets.clear();
    expect(await refusalOf(start({}))).toEqual(cannotBeWritten('NoSuchBucket: The specified bucket does not exist'));
  });

  test('a setting: there is no job, and the words of S3 are passed on', async () => {
    s3.fault = ({ headers }) =>
      headers['x-amz-server-side-encryption-aws-kms-key-id'] === undefined
        ? undefined
        : s3Error(400, 'KMS.NotFoundException', 'Invalid keyId key-2');
    const location: S3Location = { Encryption: { EncryptionType: 'aws:kms', KMSKeyId: 'key-2' } };
    expect(await refusalOf(start({ location }))).toEqual(cannotBeWritten('KMS.NotFoundException: Invalid keyId key-2'));
    expect(s3.buckets.get(BUCKET)?.size).toBe(0);
  });

  test('a bucket that goes while the query runs fails the job', async () => {
    s3.fault = (request) => {
      if (isOfResults(request)) s3.buckets.delete(BUCKET);
      return undefined;
    };
    const { job } = await run({});
    expect(job).toMatchObject({
      StatusCode: 'Failed',
      StatusMessage: 'NoSuchBucket: The results cannot be written: The specified bucket does not exist',
    });
  });

  test('a bucket that denies the results leaves their error where it can be written', async () => {
    s3.fault = (request) =>
      isOfResults(request) ? s3Error(403, 'AccessDenied', 'User: arn:aws:iam::1:user/server is not') : undefined;
    const { job, names } = await run({});
    expect(job).toMatchObject({
      StatusCode: 'Failed',
      StatusMessage: 'AccessDenied: The results cannot be written: Access Denied',
    });
    expect(names).toEqual(['error_manifest.txt', 'errors/*', 'job.txt']);
  });

  test('what may pass is tried again, and then the job is', async () => {
    let failures = 0;
    s3.fault = (request) => {
      if (!isOfResults(request) || request.method !== 'PUT' || failures === 3) return undefined;
      failures += 1;
      return s3Error(503, 'SlowDown', 'Please reduce your request rate.');
    };
    const { job, names, result } = await run({});
    expect(failures).toBe(3);
    expect(server.stderr()).toContain('"msg":"the job failed"');
    expect(job).toMatchObject({ StatusCode: 'Succeeded' });
    expect(names).toEqual(SUCCESS);
    expect(result()).toBe(CSV);
  });
});
