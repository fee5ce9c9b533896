import { describe, expect, test } from 'vitest';
import { noise } from '../support/hashes.ts';
import { type S3Request, s3Error } from '../support/s3-double-words.ts';
import { BUCKET, folder, object, PART_BYTES, s3UnderTest } from './s3-output.ts';

/** What a bucket may be left with: uploads in parts, and the output of runs that died. */
const s3 = s3UnderTest();

describe('an object in parts', () => {
  const isPart = ({ query }: S3Request) => query.has('partNumber');
  const write = async (sizeBytes: number) => {
    await using writer = await s3.output.begin(object('a'));
    await writer.write(noise(sizeBytes));
    await writer.finish();
  };

  test('has two of them under way at most', async () => {
    await write(6 * PART_BYTES + 1);
    expect(s3.double.requests.filter(isPart)).toHaveLength(7);
    expect(s3.double.partsAtOnce).toBeGreaterThan(0);
    expect(s3.double.partsAtOnce).toBeLessThanOrEqual(2);
  });

  test.each([
    ['begun', ({ query }: S3Request) => query.has('uploads')],
    ['sent', (request: S3Request) => isPart(request) && request.query.get('partNumber') === '2'],
    ['completed', ({ method, query }: S3Request) => method === 'POST' && query.has('uploadId')],
  ])('that cannot be %s leaves nothing', async (_, isMeant) => {
    s3.double.fault = (request) => (isMeant(request) ? s3Error(500, 'InternalError') : undefined);
    await expect(write(2 * PART_BYTES + 9)).rejects.toThrow();
    expect(s3.keys()).toEqual([]);
    expect(s3.double.uploads.size).toBe(0);
    expect(s3.double.requests.filter(isMeant)).toHaveLength(3);
  });

  test('of which one fails once is stored', async () => {
    let failed = false;
    s3.double.fault = (request) => {
      if (failed || !isPart(request)) return undefined;
      failed = true;
      return 'reset';
    };
    await write(2 * PART_BYTES + 9);
    expect(
      s3
        .objects()
        .get('a')
        ?.bytes.equals(noise(2 * PART_BYTES + 9)),
    ).toBe(true);
  });

  test('a success that is none is no success', async () => {
    s3.double.fault = ({ method, query }) =>
      method === 'POST' && query.has('uploadId') ? { ...s3Error(500, 'InternalError'), status: 200 } : undefined;
    await expect(write(PART_BYTES + 9)).rejects.toThrow();
    expect(s3.keys()).toEqual([]);
  });

  test('that cannot be aborted is found when the output is cleared', async () => {
    s3.double.fault = ({ method }) => (method === 'DELETE' ? s3Error(500, 'InternalError') : undefined);
    {
      await using writer = await s3.output.begin(object('out/job/a'));
      await writer.write(noise(PART_BYTES + 9));
    }
    expect(s3.double.uploads.size).toBe(1);
    s3.double.fault = () => undefined;
    await s3.output.clear({ ...folder, prefix: 'out/job/' }, []);
    expect(s3.double.uploads.size).toBe(0);
  });
});

describe('clear', () => {
  const upload = (key: string, bucketName = BUCKET) => ({ bucketName, key, headers: {}, parts: new Map() });

  test('goes through all pages', async () => {
    s3.double.pageEntriesMax = 3;
    for (let number = 0; number < 10; number += 1) {
      await s3.output.put(object(`out/job/é +${number}`), noise(1));
      s3.double.uploads.set(`id-${number}`, upload(`out/job/é +${number >> 1}`));
    }
    s3.double.uploads.set('other', upload('out/job2'));
    s3.double.uploads.set('theirs', upload('out/job/1', 'theirs'));
    await s3.output.clear({ ...folder, prefix: 'out/job/' }, ['out/job/é +4']);
    expect(s3.keys()).toEqual(['out/job/é +4']);
    expect([...s3.double.uploads.keys()]).toEqual(['other', 'theirs']);
  });

  test.each([
    [403, 'AccessDenied'],
    [501, 'NotImplemented'],
  ])('where listing is answered %i %s, it does nothing', async (status, code) => {
    await s3.output.put(object('out/job/a'), noise(1));
    s3.double.fault = ({ method }) => (method === 'GET' ? s3Error(status, code) : undefined);
    await s3.output.clear({ ...folder, prefix: 'out/job/' }, []);
    expect(s3.keys()).toEqual(['out/job/a']);
  });

  test('where only uploads cannot be listed, objects go', async () => {
    await s3.output.put(object('out/job/a'), noise(1));
    s3.double.fault = ({ query }) => (query.has('uploads') ? s3Error(501, 'NotImplemented') : undefined);
    await s3.output.clear({ ...folder, prefix: 'out/job/' }, []);
    expect(s3.keys()).toEqual([]);
  });

  test('a failure is told', async () => {
    s3.double.fault = ({ method }) => (method === 'GET' ? s3Error(500, 'InternalError') : undefined);
    await expect(s3.output.clear({ ...folder, prefix: 'out/job/' }, [])).rejects.toMatchObject({
      name: 'InternalError',
    });
  });
});
