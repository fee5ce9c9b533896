import { createServer, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { S3Output } from '../../src/select-output/s3.ts';
import { S3_TIMES } from '../../src/select-output/s3-client.ts';
import type { OutputObject } from '../../src/select-output/select-output.ts';
import { MIB, noise } from '../support/hashes.ts';
import { type S3Double, startS3Double } from '../support/s3-double.ts';
import { type S3Request, s3Error } from '../support/s3-double-words.ts';
import { FIRST_ACCOUNT, OTHER_ACCOUNT, PLAIN, selectOutputContract } from './select-output.ts';

const BUCKET = 'results';
const CREDENTIALS = { accessKeyId: 'AKIAEXAMPLE', secretAccessKey: 'a secret', region: 'eu-west-1' };
/** Long enough for everything that works. */
const TIMES = { ...S3_TIMES, attemptMs: 20_000, callMs: 30_000 };

let double: S3Double;
let output: S3Output;
beforeEach(async () => {
  vi.stubEnv('AWS_ACCESS_KEY_ID', CREDENTIALS.accessKeyId);
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', CREDENTIALS.secretAccessKey);
  double = await startS3Double(CREDENTIALS);
  for (const name of [BUCKET, 'theirs']) double.buckets.set(name, new Map());
  output = outputWith();
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await output[Symbol.asyncDispose]();
  await double[Symbol.asyncDispose]();
});

const outputWith = ({
  times = TIMES,
  accounts = [] as { accountId: string; bucketNames: string[] }[],
  endpoint = double.url,
  region = CREDENTIALS.region,
} = {}): S3Output =>
  new S3Output({
    place: { endpoint, region, pathStyle: true },
    access: { firstAccountId: FIRST_ACCOUNT, accounts },
    times,
  });

const object = (key: string, more: Partial<OutputObject> = {}): OutputObject => ({
  accountId: FIRST_ACCOUNT,
  bucketName: BUCKET,
  key,
  contentType: 'text/csv',
  settings: PLAIN,
  ...more,
});
const folder = { accountId: FIRST_ACCOUNT, bucketName: BUCKET };
const objects = () => double.buckets.get(BUCKET) ?? new Map();
const keys = (): string[] => [...objects().keys()].sort();

describe('S3', () => {
  selectOutputContract(async () => ({
    output,
    bucketName: BUCKET,
    read: async (key) => objects().get(key)?.bytes,
    keys: async () => keys(),
    unfinished: async () => double.uploads.size,
    [Symbol.asyncDispose]: async () => undefined,
  }));
});

describe('settings become headers', () => {
  const settings: OutputObject['settings'] = {
    encryption: { type: 'aws:kms', keyId: 'arn:aws:kms:eu-west-1:111122223333:key/1', context: '{"purpose":"é"}' },
    cannedAcl: null,
    grants: [
      { grantee: { by: 'id', id: 'abc' }, permission: 'READ' },
      { grantee: { by: 'uri', uri: 'http://acs.amazonaws.com/groups/global/AllUsers' }, permission: 'READ' },
      { grantee: { by: 'emailAddress', emailAddress: 'a@example.com' }, permission: 'FULL_CONTROL' },
      { grantee: { by: 'id', id: 'def' }, permission: 'READ_ACP' },
      { grantee: { by: 'id', id: 'ghi' }, permission: 'WRITE_ACP' },
    ],
    tags: [
      ['project', 'a & b=c'],
      ['größe', ''],
    ],
    metadata: [['Origin', 'archive 7']],
    storageClass: 'STANDARD_IA',
  };
  const headers = {
    'content-type': 'text/csv',
    'x-amz-server-side-encryption': 'aws:kms',
    'x-amz-server-side-encryption-aws-kms-key-id': 'arn:aws:kms:eu-west-1:111122223333:key/1',
    'x-amz-server-side-encryption-context': Buffer.from('{"purpose":"é"}').toString('base64'),
    'x-amz-grant-read': 'id="abc", uri="http://acs.amazonaws.com/groups/global/AllUsers"',
    'x-amz-grant-full-control': 'emailAddress="a@example.com"',
    'x-amz-grant-read-acp': 'id="def"',
    'x-amz-grant-write-acp': 'id="ghi"',
    'x-amz-tagging': 'project=a%20%26%20b%3Dc&gr%C3%B6%C3%9Fe=',
    'x-amz-meta-origin': 'archive 7',
    'x-amz-storage-class': 'STANDARD_IA',
  };

  test('of an object that is sent whole', async () => {
    await output.put(object('a', { settings }), noise(10));
    expect(objects().get('a')?.headers).toMatchObject(headers);
    expect(objects().get('a')?.headers).not.toHaveProperty('x-amz-acl');
  });

  test('of an object in parts, once', async () => {
    await using writer = await output.begin(object('a', { settings }));
    await writer.write(noise(9 * MIB));
    await writer.finish();
    expect(objects().get('a')?.headers).toMatchObject(headers);
    const tagged = double.requests.filter((request) => request.headers['x-amz-tagging'] !== undefined);
    expect(tagged.map(({ method }) => method)).toEqual(['POST']);
  });

  test('AES256 and a canned ACL', async () => {
    const more = { ...PLAIN, encryption: { type: 'AES256' as const }, cannedAcl: 'bucket-owner-full-control' as const };
    await output.put(object('a', { settings: more }), noise(10));
    expect(objects().get('a')?.headers).toMatchObject({
      'x-amz-server-side-encryption': 'AES256',
      'x-amz-acl': 'bucket-owner-full-control',
    });
  });

  test('what was not asked for is not named', async () => {
    await output.put(object('a'), noise(10));
    const named = Object.keys(objects().get('a')?.headers ?? {}).filter((name) => name.startsWith('x-amz-'));
    expect(named.sort()).toEqual(['x-amz-content-sha256', 'x-amz-date', 'x-amz-user-agent']);
  });
});

describe('who is refused', () => {
  const put = (with_: S3Output, more: Partial<OutputObject>) => with_.put(object('a', more), noise(1));
  const refusal = { name: 'OutputRefusedError', code: 'AccessDenied' };
  const theirs = { accountId: OTHER_ACCOUNT, bucketName: 'theirs' };

  test('S-74 another account writes where the operator lets it, and nowhere else', async () => {
    await using listed = outputWith({ accounts: [{ accountId: OTHER_ACCOUNT, bucketNames: ['theirs'] }] });
    await put(listed, theirs);
    expect(double.buckets.get('theirs')?.size).toBe(1);
    await expect(put(listed, { ...theirs, bucketName: BUCKET })).rejects.toMatchObject(refusal);
    await put(listed, { bucketName: BUCKET });
    await put(listed, { bucketName: 'theirs' });
    await expect(put(output, theirs)).rejects.toMatchObject(refusal);
  });

  test('the first account is bound by a list of its own', async () => {
    await using listed = outputWith({ accounts: [{ accountId: FIRST_ACCOUNT, bucketNames: [BUCKET] }] });
    await put(listed, {});
    await expect(put(listed, { bucketName: 'theirs' })).rejects.toMatchObject(refusal);
  });
});

describe('refusals of S3', () => {
  test.each([
    [403, 'AccessDenied', 'Access Denied'],
    [403, 'InvalidAccessKeyId', 'no'],
    [403, 'SignatureDoesNotMatch', 'no'],
    [400, 'InvalidArgument', 'no'],
    [400, 'InvalidStorageClass', 'no'],
    [400, 'KMS.NotFoundException', 'no'],
    [400, 'KMS.DisabledException', 'no'],
    [501, 'NotImplemented', 'no'],
    [301, 'PermanentRedirect', 'no'],
  ])('%i %s is thrown as one', async (status, code, message) => {
    double.fault = () => s3Error(status, code);
    const refusal = { name: 'OutputRefusedError', code, message };
    await expect(output.put(object('a'), noise(1))).rejects.toMatchObject(refusal);
    await using writer = await output.begin(object('a'));
    await expect(writer.write(noise(9 * MIB)).then(() => writer.finish())).rejects.toMatchObject(refusal);
  });

  test('a bucket that is not there is one', async () => {
    await expect(output.put(object('a', { bucketName: 'none' }), noise(1))).rejects.toMatchObject({
      name: 'OutputRefusedError',
      code: 'NoSuchBucket',
      message: 'The specified bucket does not exist',
    });
  });

  test('a wrong secret is one', async () => {
    vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'another');
    await expect(output.put(object('a'), noise(1))).rejects.toMatchObject({ code: 'SignatureDoesNotMatch' });
    expect(keys()).toEqual([]);
  });

  test('a setting that no header can hold is one', async () => {
    const settings = { ...PLAIN, metadata: [['a', 'b\nx-amz-acl: public-read']] as const };
    await expect(output.put(object('a', { settings }), noise(1))).rejects.toMatchObject({ code: 'InvalidArgument' });
    expect(double.requests).toEqual([]);
  });
});

describe('failures that may pass', () => {
  test('F-31 are tried again', async () => {
    let left = 2;
    double.fault = () => (left-- > 0 ? s3Error(503, 'SlowDown') : undefined);
    await output.put(object('a'), noise(10));
    expect(keys()).toEqual(['a']);
    expect(double.requests).toHaveLength(3);
  });

  test.each([
    ['500', () => s3Error(500, 'InternalError')],
    ['503', () => s3Error(503, 'SlowDown')],
    ['429', () => s3Error(429, 'TooManyRequests')],
    ['a reset', () => 'reset' as const],
  ])('F-31 %s is tried three times, and is no refusal', async (_, fault) => {
    double.fault = fault;
    await expect(output.put(object('a'), noise(10))).rejects.not.toMatchObject({ name: 'OutputRefusedError' });
    expect(double.requests).toHaveLength(3);
  });

  test.each([
    ['an expired token', s3Error(400, 'ExpiredToken')],
    ['a page of a proxy', { status: 403, headers: { 'content-type': 'text/html' }, body: '<html>no</html>' }],
    ['nothing', { status: 404 }],
  ])('%s is no refusal', async (_, answer) => {
    double.fault = () => answer;
    await expect(output.put(object('a'), noise(10))).rejects.not.toMatchObject({ name: 'OutputRefusedError' });
  });

  test('nothing that listens is no refusal', async () => {
    await using nowhere = outputWith({ endpoint: 'http://127.0.0.1:1' });
    await expect(nowhere.put(object('a'), noise(10))).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  });

  test('an endpoint that says nothing ends by the time of an attempt', async () => {
    double.fault = () => 'hang';
    await using hasty = outputWith({ times: { ...TIMES, attemptMs: 50 } });
    await expect(hasty.put(object('a'), noise(10))).rejects.toMatchObject({ name: 'TimeoutError' });
    expect(double.requests).toHaveLength(3);
  });

  test('and at the latest by the time of the call', async () => {
    double.fault = () => 'hang';
    await using hasty = outputWith({ times: { ...TIMES, callMs: 100 } });
    await expect(hasty.put(object('a'), noise(10))).rejects.toMatchObject({ name: 'TimeoutError' });
    await using writer = await hasty.begin(object('a'));
    await expect(writer.write(noise(9 * MIB))).rejects.toMatchObject({ name: 'TimeoutError' });
  });

  test('a listener that reads nothing ends by the time of the call', async () => {
    const sockets: Socket[] = [];
    const deaf = createServer((socket) => void sockets.push(socket.pause())).listen(0, '127.0.0.1');
    await new Promise((resolve) => deaf.once('listening', resolve));
    const { port } = deaf.address() as { port: number };
    await using hasty = outputWith({ endpoint: `http://127.0.0.1:${port}`, times: { ...TIMES, callMs: 200 } });
    await expect(hasty.put(object('a'), noise(30 * MIB))).rejects.toMatchObject({ name: 'TimeoutError' });
    for (const socket of sockets) socket.destroy();
    deaf.close();
  });

  test('a reply without end is cut', async () => {
    double.fault = () => ({ ...s3Error(400, 'InvalidArgument'), body: Buffer.alloc(9 * MIB, 'x') });
    await expect(output.put(object('a'), noise(10))).rejects.not.toMatchObject({ name: 'OutputRefusedError' });
  });
});

describe('an object in parts', () => {
  const isPart = ({ query }: S3Request) => query.has('partNumber');
  const write = async (sizeBytes: number) => {
    await using writer = await output.begin(object('a'));
    await writer.write(noise(sizeBytes));
    await writer.finish();
  };

  test('has two of them under way at most', async () => {
    await write(50 * MIB);
    expect(double.requests.filter(isPart)).toHaveLength(7);
    expect(double.partsAtOnce).toBeGreaterThan(0);
    expect(double.partsAtOnce).toBeLessThanOrEqual(2);
  });

  test.each([
    ['begun', ({ query }: S3Request) => query.has('uploads')],
    ['sent', (request: S3Request) => isPart(request) && request.query.get('partNumber') === '2'],
    ['completed', ({ method, query }: S3Request) => method === 'POST' && query.has('uploadId')],
  ])('that cannot be %s leaves nothing', async (_, isMeant) => {
    double.fault = (request) => (isMeant(request) ? s3Error(500, 'InternalError') : undefined);
    await expect(write(20 * MIB)).rejects.toThrow();
    expect(keys()).toEqual([]);
    expect(double.uploads.size).toBe(0);
    expect(double.requests.filter(isMeant)).toHaveLength(3);
  });

  test('of which one fails once is stored', async () => {
    let failed = false;
    double.fault = (request) => {
      if (failed || !isPart(request)) return undefined;
      failed = true;
      return 'reset';
    };
    await write(20 * MIB);
    expect(
      objects()
        .get('a')
        ?.bytes.equals(noise(20 * MIB)),
    ).toBe(true);
  });

  test('a success that is none is no success', async () => {
    double.fault = ({ method, query }) =>
      method === 'POST' && query.has('uploadId') ? { ...s3Error(500, 'InternalError'), status: 200 } : undefined;
    await expect(write(9 * MIB)).rejects.toThrow();
    expect(keys()).toEqual([]);
  });

  test('that cannot be aborted is found when the output is cleared', async () => {
    double.fault = ({ method }) => (method === 'DELETE' ? s3Error(500, 'InternalError') : undefined);
    {
      await using writer = await output.begin(object('out/job/a'));
      await writer.write(noise(9 * MIB));
    }
    expect(double.uploads.size).toBe(1);
    double.fault = () => undefined;
    await output.clear({ ...folder, prefix: 'out/job/' }, []);
    expect(double.uploads.size).toBe(0);
  });
});

describe('clear', () => {
  const upload = (key: string, bucketName = BUCKET) => ({ bucketName, key, headers: {}, parts: new Map() });

  test('goes through all pages', async () => {
    double.pageEntriesMax = 3;
    for (let number = 0; number < 10; number += 1) {
      await output.put(object(`out/job/é +${number}`), noise(1));
      double.uploads.set(`id-${number}`, upload(`out/job/é +${number >> 1}`));
    }
    double.uploads.set('other', upload('out/job2'));
    double.uploads.set('theirs', upload('out/job/1', 'theirs'));
    await output.clear({ ...folder, prefix: 'out/job/' }, ['out/job/é +4']);
    expect(keys()).toEqual(['out/job/é +4']);
    expect([...double.uploads.keys()]).toEqual(['other', 'theirs']);
  });

  test.each([
    [403, 'AccessDenied'],
    [501, 'NotImplemented'],
  ])('where listing is answered %i %s, it does nothing', async (status, code) => {
    await output.put(object('out/job/a'), noise(1));
    double.fault = ({ method }) => (method === 'GET' ? s3Error(status, code) : undefined);
    await output.clear({ ...folder, prefix: 'out/job/' }, []);
    expect(keys()).toEqual(['out/job/a']);
  });

  test('where only uploads cannot be listed, objects go', async () => {
    await output.put(object('out/job/a'), noise(1));
    double.fault = ({ query }) => (query.has('uploads') ? s3Error(501, 'NotImplemented') : undefined);
    await output.clear({ ...folder, prefix: 'out/job/' }, []);
    expect(keys()).toEqual([]);
  });

  test('a failure is told', async () => {
    double.fault = ({ method }) => (method === 'GET' ? s3Error(500, 'InternalError') : undefined);
    await expect(output.clear({ ...folder, prefix: 'out/job/' }, [])).rejects.toMatchObject({ name: 'InternalError' });
  });
});

test('the double refuses what is signed for another region', async () => {
  await using elsewhere = outputWith({ region: 'us-east-1' });
  await expect(elsewhere.put(object('a'), noise(1))).rejects.toMatchObject({ code: 'AuthorizationHeaderMalformed' });
});
