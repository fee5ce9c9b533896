import { afterEach, beforeEach, vi } from 'vitest';
import { S3Output } from '../../src/select-output/s3.ts';
import { S3_TIMES } from '../../src/select-output/s3-client.ts';
import type { OutputObject } from '../../src/select-output/select-output.ts';
import { type S3Double, startS3Double } from '../support/s3-double.ts';
import type { StoredObject } from '../support/s3-double-words.ts';
import { FIRST_ACCOUNT, PLAIN } from './select-output.ts';

export const BUCKET = 'results';
/** So small that objects in many parts cost little. */
export const PART_BYTES = 64 * 1024;
const CREDENTIALS = { accessKeyId: 'AKIAEXAMPLE', secretAccessKey: 'a secret', region: 'eu-west-1' };
/** Long enough for everything that works. */
export const TIMES = { ...S3_TIMES, attemptMs: 20_000, callMs: 30_000 };

/** The sink, and S3 behind it; both are new ones for each test. */
export interface S3UnderTest {
  double: S3Double;
  output: S3Output;
  /** Another sink for the same S3. */
  outputWith(more: Partial<SinkOptions>): S3Output;
  objects(): Map<string, StoredObject>;
  keys(): string[];
}

interface SinkOptions {
  times: typeof TIMES;
  accounts: { accountId: string; bucketNames: string[] }[];
  endpoint: string;
  region: string;
  partBytes: number;
}

export function s3UnderTest(): S3UnderTest {
  const made = {
    outputWith: ({ times = TIMES, accounts = [], endpoint, region, partBytes = PART_BYTES }: Partial<SinkOptions>) =>
      new S3Output({
        place: { endpoint: endpoint ?? made.double.url, region: region ?? CREDENTIALS.region, pathStyle: true },
        access: { firstAccountId: FIRST_ACCOUNT, accounts },
        times,
        partBytes,
      }),
    objects: () => made.double.buckets.get(BUCKET) ?? new Map(),
    keys: () => [...made.objects().keys()].sort(),
  } as S3UnderTest;
  beforeEach(async () => {
    vi.stubEnv('AWS_ACCESS_KEY_ID', CREDENTIALS.accessKeyId);
    vi.stubEnv('AWS_SECRET_ACCESS_KEY', CREDENTIALS.secretAccessKey);
    made.double = await startS3Double(CREDENTIALS);
    for (const name of [BUCKET, 'theirs']) made.double.buckets.set(name, new Map());
    made.double.partBytesMin = PART_BYTES;
    made.output = made.outputWith({});
  });
  afterEach(async () => {
    vi.unstubAllEnvs();
    await made.output[Symbol.asyncDispose]();
    await made.double[Symbol.asyncDispose]();
  });
  return made;
}

export const object = (key: string, more: Partial<OutputObject> = {}): OutputObject => ({
  accountId: FIRST_ACCOUNT,
  bucketName: BUCKET,
  key,
  contentType: 'text/csv',
  settings: PLAIN,
  ...more,
});

export const folder = { accountId: FIRST_ACCOUNT, bucketName: BUCKET };
