import { randomUUID } from 'node:crypto';
import { S3 } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { S3Output } from '../../src/select-output/s3.ts';
import type { OutputObject } from '../../src/select-output/select-output.ts';
import {
  type CephGateway,
  GATEWAY_USER,
  isGatewayWanted,
  OTHER_GATEWAY_USER,
  startCephGateway,
} from '../support/ceph-gateway.ts';
import { MIB, noise } from '../support/hashes.ts';
import { FIRST_ACCOUNT, PLAIN, selectOutputContract } from './select-output.ts';

/**
 * The sink against a real S3: Ceph's gateway, which takes a minute to fetch and ten seconds to start, so it is run by
 * `npm run test:rgw` only.
 */
const START_MS_MAX = 15 * 60_000;
const REGION = 'us-east-1';

describe.runIf(isGatewayWanted())('S3 as Ceph has it', () => {
  let gateway: CephGateway;
  let client: S3;
  beforeAll(async () => {
    gateway = await startCephGateway();
    client = new S3({
      endpoint: gateway.url,
      region: REGION,
      forcePathStyle: true,
      credentials: GATEWAY_USER,
      requestChecksumCalculation: 'WHEN_REQUIRED',
    });
    vi.stubEnv('AWS_ACCESS_KEY_ID', GATEWAY_USER.accessKeyId);
    vi.stubEnv('AWS_SECRET_ACCESS_KEY', GATEWAY_USER.secretAccessKey);
  }, START_MS_MAX);
  afterAll(async () => {
    vi.unstubAllEnvs();
    client?.destroy();
    await gateway?.[Symbol.asyncDispose]();
  }, 60_000);

  const opened = (): S3Output =>
    new S3Output({
      place: { endpoint: gateway.url, region: REGION, pathStyle: true },
      access: { firstAccountId: FIRST_ACCOUNT, accounts: [] },
    });
  const newBucket = async (): Promise<string> => {
    const Bucket = `results-${randomUUID()}`;
    await client.createBucket({ Bucket });
    return Bucket;
  };
  const object = (bucketName: string, settings: OutputObject['settings'] = PLAIN): OutputObject => ({
    accountId: FIRST_ACCOUNT,
    bucketName,
    key: 'out/a',
    contentType: 'text/csv',
    settings,
  });

  describe('does what every sink does', () => {
    selectOutputContract(async () => {
      const output = opened();
      const Bucket = await newBucket();
      return {
        output,
        bucketName: Bucket,
        read: async (Key) => {
          try {
            const { Body } = await client.getObject({ Bucket, Key });
            return Buffer.from((await Body?.transformToByteArray()) ?? []);
          } catch (error) {
            if (error instanceof Error && error.name === 'NoSuchKey') return undefined;
            throw error;
          }
        },
        keys: async () => {
          const { Contents = [] } = await client.listObjectsV2({ Bucket });
          return Contents.flatMap(({ Key }) => Key ?? []).sort();
        },
        unfinished: async () => (await client.listMultipartUploads({ Bucket })).Uploads?.length ?? 0,
        [Symbol.asyncDispose]: () => output[Symbol.asyncDispose](),
      };
    });
  });

  test.each([10, 9 * MIB])('settings of an object of %i bytes are kept', async (sizeBytes) => {
    await using output = opened();
    const Bucket = await newBucket();
    const settings: OutputObject['settings'] = {
      encryption: { type: 'aws:kms', keyId: 'test-key', context: '{"purpose":"test"}' },
      cannedAcl: null,
      grants: [
        // With grants of its own, an object is not its owner's any more.
        { grantee: { by: 'id', id: 'test' }, permission: 'FULL_CONTROL' },
        { grantee: { by: 'id', id: 'other' }, permission: 'READ' },
        { grantee: { by: 'uri', uri: 'http://acs.amazonaws.com/groups/global/AllUsers' }, permission: 'READ_ACP' },
      ],
      tags: [['project', 'a b/c']],
      metadata: [['origin', 'archive 7']],
      storageClass: 'STANDARD_IA',
    };
    {
      await using writer = await output.begin(object(Bucket, settings));
      await writer.write(noise(sizeBytes));
      await writer.finish();
    }
    const at = { Bucket, Key: 'out/a' };
    expect(await client.headObject(at)).toMatchObject({
      ContentLength: sizeBytes,
      ContentType: 'text/csv',
      ServerSideEncryption: 'aws:kms',
      SSEKMSKeyId: 'test-key',
      Metadata: { origin: 'archive 7' },
      StorageClass: 'STANDARD_IA',
    });
    expect((await client.getObjectTagging(at)).TagSet).toEqual([{ Key: 'project', Value: 'a b/c' }]);
    const { Grants = [] } = await client.getObjectAcl(at);
    expect(Grants.map(({ Grantee, Permission }) => [Grantee?.ID ?? Grantee?.URI, Permission]).sort()).toEqual([
      ['http://acs.amazonaws.com/groups/global/AllUsers', 'READ_ACP'],
      ['other', 'READ'],
      ['test', 'FULL_CONTROL'],
    ]);
    const stored = await (await client.getObject(at)).Body?.transformToByteArray();
    expect(Buffer.from(stored ?? []).equals(noise(sizeBytes))).toBe(true);
  });

  test('a canned ACL is applied', async () => {
    await using output = opened();
    const Bucket = await newBucket();
    await output.put(object(Bucket, { ...PLAIN, cannedAcl: 'public-read' }), noise(10));
    expect((await fetch(`${gateway.url}/${Bucket}/out/a`)).status).toBe(200);
  });

  test('refusals are told', async () => {
    await using output = opened();
    const put = (bucketName: string, settings = PLAIN) => output.put(object(bucketName, settings), noise(1));
    await expect(put('no-such-bucket')).rejects.toMatchObject({ name: 'OutputRefusedError', code: 'NoSuchBucket' });
    const Bucket = await newBucket();
    const grants = [{ grantee: { by: 'id' as const, id: 'nobody' }, permission: 'READ' as const }];
    await expect(put(Bucket, { ...PLAIN, grants })).rejects.toMatchObject({ name: 'OutputRefusedError' });

    vi.stubEnv('AWS_ACCESS_KEY_ID', OTHER_GATEWAY_USER.accessKeyId);
    vi.stubEnv('AWS_SECRET_ACCESS_KEY', OTHER_GATEWAY_USER.secretAccessKey);
    await using others = opened();
    const refusal = { name: 'OutputRefusedError', code: 'AccessDenied' };
    await expect(others.put(object(Bucket), noise(1))).rejects.toMatchObject(refusal);
    await others.clear({ accountId: FIRST_ACCOUNT, bucketName: Bucket, prefix: 'out/' }, []);
    vi.stubEnv('AWS_ACCESS_KEY_ID', 'AKIANOBODY');
    await using nobodys = opened();
    await expect(nobodys.put(object(Bucket), noise(1))).rejects.toMatchObject({ name: 'InvalidAccessKeyId' });
  });
});
