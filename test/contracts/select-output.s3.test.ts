import { createServer, type Socket } from 'node:net';
import { describe, expect, test, vi } from 'vitest';
import { limits } from '../../src/model/limits.ts';
import type { S3Output } from '../../src/select-output/s3.ts';
import type { OutputObject } from '../../src/select-output/select-output.ts';
import { MIB, noise } from '../support/hashes.ts';
import { s3Error } from '../support/s3-double-words.ts';
import { BUCKET, folder, object, PART_BYTES, s3UnderTest, TIMES } from './s3-output.ts';
import { FIRST_ACCOUNT, OTHER_ACCOUNT, PLAIN, selectOutputContract } from './select-output.ts';

const s3 = s3UnderTest();

describe('S3', () => {
  selectOutputContract(
    async () => ({
      output: s3.output,
      bucketName: BUCKET,
      read: async (key) => s3.objects().get(key)?.bytes,
      keys: async () => s3.keys(),
      unfinished: async () => s3.double.uploads.size,
      [Symbol.asyncDispose]: async () => undefined,
    }),
    { partBytes: PART_BYTES },
  );
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
    await s3.output.put(object('a', { settings }), noise(10));
    expect(s3.objects().get('a')?.headers).toMatchObject(headers);
    expect(s3.objects().get('a')?.headers).not.toHaveProperty('x-amz-acl');
  });

  test('of an object in parts, once', async () => {
    const { outputPartBytes: partBytes } = limits;
    s3.double.partBytesMin = 5 * MIB;
    await using output = s3.outputWith({ partBytes });
    await using writer = await output.begin(object('a', { settings }));
    await writer.write(noise(9 * MIB));
    await writer.finish();
    expect(s3.objects().get('a')?.headers).toMatchObject(headers);
    const tagged = s3.double.requests.filter((request) => request.headers['x-amz-tagging'] !== undefined);
    expect(tagged.map(({ method }) => method)).toEqual(['POST']);
    // Ceph needs to be told again.
    expect(s3.objects().get('a')?.tagging).toMatch(/<Tag><Key>project<.Key><Value>a &amp; b=c<.Value><.Tag>/);
  });

  test('AES256 and a canned ACL', async () => {
    const more = { ...PLAIN, encryption: { type: 'AES256' as const }, cannedAcl: 'bucket-owner-full-control' as const };
    await s3.output.put(object('a', { settings: more }), noise(10));
    expect(s3.objects().get('a')?.headers).toMatchObject({
      'x-amz-server-side-encryption': 'AES256',
      'x-amz-acl': 'bucket-owner-full-control',
    });
  });

  test('what was not asked for is not named', async () => {
    await s3.output.put(object('a'), noise(10));
    const named = Object.keys(s3.objects().get('a')?.headers ?? {}).filter((name) => name.startsWith('x-amz-'));
    expect(named.sort()).toEqual(['x-amz-content-sha256', 'x-amz-date', 'x-amz-user-agent']);
  });
});

describe('who is refused', () => {
  const put = (with_: S3Output, more: Partial<OutputObject>) => with_.put(object('a', more), noise(1));
  const refusal = { name: 'OutputRefusedError', code: 'AccessDenied' };
  const theirs = { accountId: OTHER_ACCOUNT, bucketName: 'theirs' };

  test('S-74 another account writes where the operator lets it, and nowhere else', async () => {
    await using listed = s3.outputWith({ accounts: [{ accountId: OTHER_ACCOUNT, bucketNames: ['theirs'] }] });
    await put(listed, theirs);
    expect(s3.double.buckets.get('theirs')?.size).toBe(1);
    await expect(put(listed, { ...theirs, bucketName: BUCKET })).rejects.toMatchObject(refusal);
    await put(listed, { bucketName: BUCKET });
    await put(listed, { bucketName: 'theirs' });
    await expect(put(s3.output, theirs)).rejects.toMatchObject(refusal);
  });

  test('the first account is bound by a list of its own', async () => {
    await using listed = s3.outputWith({ accounts: [{ accountId: FIRST_ACCOUNT, bucketNames: [BUCKET] }] });
    await put(listed, {});
    await expect(put(listed, { bucketName: 'theirs' })).rejects.toMatchObject(refusal);
  });
});

describe('refusals of S3', () => {
  test.each([
    [403, 'AccessDenied', 'Access Denied'],
    [400, 'InvalidArgument', 'no'],
    [400, 'InvalidStorageClass', 'no'],
    [400, 'KMS.NotFoundException', 'no'],
    [400, 'KMS.DisabledException', 'no'],
    [501, 'NotImplemented', 'no'],
    [301, 'PermanentRedirect', 'no'],
  ])('%i %s is thrown as one', async (status, code, message) => {
    s3.double.fault = () => s3Error(status, code);
    const refusal = { name: 'OutputRefusedError', code, message };
    await expect(s3.output.put(object('a'), noise(1))).rejects.toMatchObject(refusal);
    await using writer = await s3.output.begin(object('a'));
    await expect(writer.write(noise(2 * PART_BYTES)).then(() => writer.finish())).rejects.toMatchObject(refusal);
  });

  test('a bucket that is not there is one', async () => {
    await expect(s3.output.put(object('a', { bucketName: 'none' }), noise(1))).rejects.toMatchObject({
      name: 'OutputRefusedError',
      code: 'NoSuchBucket',
      message: 'The specified bucket does not exist',
    });
  });

  test('a wrong secret is none: whoever asked can do nothing about it', async () => {
    vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'another');
    await expect(s3.output.put(object('a'), noise(1))).rejects.toMatchObject({ name: 'SignatureDoesNotMatch' });
    expect(s3.keys()).toEqual([]);
  });

  test('a setting that no header can hold is one', async () => {
    const settings = { ...PLAIN, metadata: [['a', 'b\nx-amz-acl: public-read']] as const };
    await expect(s3.output.put(object('a', { settings }), noise(1))).rejects.toMatchObject({ code: 'InvalidArgument' });
    expect(s3.double.requests).toEqual([]);
  });
});

describe('failures that may pass', () => {
  test('F-31 are tried again', async () => {
    let left = 2;
    s3.double.fault = () => (left-- > 0 ? s3Error(503, 'SlowDown') : undefined);
    await s3.output.put(object('a'), noise(10));
    expect(s3.keys()).toEqual(['a']);
    expect(s3.double.requests).toHaveLength(3);
  });

  test.each([
    ['500', () => s3Error(500, 'InternalError')],
    ['503', () => s3Error(503, 'SlowDown')],
    ['429', () => s3Error(429, 'TooManyRequests')],
    ['a reset', () => 'reset' as const],
  ])('F-31 %s is tried three times, and is no refusal', async (_, fault) => {
    s3.double.fault = fault;
    await expect(s3.output.put(object('a'), noise(10))).rejects.not.toMatchObject({ name: 'OutputRefusedError' });
    expect(s3.double.requests).toHaveLength(3);
  });

  test.each([
    ['an expired token', s3Error(400, 'ExpiredToken')],
    ['a page of a proxy', { status: 403, headers: { 'content-type': 'text/html' }, body: '<html>no</html>' }],
    ['nothing', { status: 404 }],
  ])('%s is no refusal', async (_, answer) => {
    s3.double.fault = () => answer;
    await expect(s3.output.put(object('a'), noise(10))).rejects.not.toMatchObject({ name: 'OutputRefusedError' });
  });

  test('nothing that listens is no refusal', async () => {
    await using nowhere = s3.outputWith({ endpoint: 'http://127.0.0.1:1' });
    await expect(nowhere.put(object('a'), noise(10))).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  });

  test('an endpoint that says nothing ends by the time of an attempt', async () => {
    s3.double.fault = () => 'hang';
    await using hasty = s3.outputWith({ times: { ...TIMES, attemptMs: 50 } });
    await expect(hasty.put(object('a'), noise(10))).rejects.toMatchObject({ name: 'TimeoutError' });
    expect(s3.double.requests).toHaveLength(3);
  });

  test('and at the latest by the time of the call', async () => {
    s3.double.fault = () => 'hang';
    await using hasty = s3.outputWith({ times: { ...TIMES, callMs: 100 } });
    await expect(hasty.delete(folder, ['a'])).rejects.toMatchObject({ name: 'TimeoutError' });
    await using writer = await hasty.begin(object('a'));
    await expect(writer.write(noise(2 * PART_BYTES))).rejects.toMatchObject({ name: 'TimeoutError' });
  });

  test('which is shorter for a small object', async () => {
    s3.double.fault = () => 'hang';
    await using hasty = s3.outputWith({ times: { ...TIMES, putMs: 100 } });
    await expect(hasty.put(object('a'), noise(10))).rejects.toMatchObject({ name: 'TimeoutError' });
  });

  test('a listener that reads nothing ends by the time of the call', async () => {
    const sockets: Socket[] = [];
    const deaf = createServer((socket) => void sockets.push(socket.pause())).listen(0, '127.0.0.1');
    await new Promise((resolve) => deaf.once('listening', resolve));
    const { port } = deaf.address() as { port: number };
    await using hasty = s3.outputWith({ endpoint: `http://127.0.0.1:${port}`, times: { ...TIMES, callMs: 200 } });
    await expect(hasty.put(object('a'), noise(30 * MIB))).rejects.toMatchObject({ name: 'TimeoutError' });
    for (const socket of sockets) socket.destroy();
    deaf.close();
  });

  test('a reply without end is cut', async () => {
    s3.double.fault = () => ({ ...s3Error(400, 'InvalidArgument'), body: Buffer.alloc(9 * MIB, 'x') });
    await expect(s3.output.put(object('a'), noise(10))).rejects.not.toMatchObject({ name: 'OutputRefusedError' });
  });
});

test('the double refuses what is signed for another region', async () => {
  await using elsewhere = s3.outputWith({ region: 'us-east-1' });
  await expect(elsewhere.put(object('a'), noise(1))).rejects.toMatchObject({ code: 'AuthorizationHeaderMalformed' });
});
