import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { ObjectSettings } from '../../src/model/select.ts';
import type { OutputObject, SelectOutput } from '../../src/select-output/select-output.ts';
import { MIB, noise } from '../support/hashes.ts';

/** A sink, and a look at what is behind it. */
export interface OutputUnderTest extends AsyncDisposable {
  output: SelectOutput;
  /** A bucket that is there, and in which only this test writes. */
  bucketName: string;
  read(key: string): Promise<Buffer | undefined>;
  /** The keys of all objects, sorted. */
  keys(): Promise<string[]>;
  /** How many objects are begun and not finished. */
  unfinished(): Promise<number>;
}

export const FIRST_ACCOUNT = '111122223333';
export const OTHER_ACCOUNT = '444455556666';

export const PLAIN: ObjectSettings = {
  encryption: null,
  cannedAcl: null,
  grants: [],
  tags: [],
  metadata: [],
  storageClass: 'STANDARD',
};

/** What every sink does; `partBytes` is what it may send at once of a large object. */
export function selectOutputContract(make: () => Promise<OutputUnderTest>, { partBytes = 8 * MIB } = {}): void {
  const parts = (count: number) => Math.ceil(count * partBytes);

  let made: OutputUnderTest;
  beforeEach(async () => {
    made = await make();
  });
  afterEach(() => made[Symbol.asyncDispose]());

  const object = (key: string, more: Partial<OutputObject> = {}): OutputObject => ({
    accountId: FIRST_ACCOUNT,
    bucketName: made.bucketName,
    key,
    contentType: 'text/plain',
    settings: PLAIN,
    ...more,
  });
  const put = (key: string, text = key) => made.output.put(object(key), Buffer.from(text));
  const folder = (prefix: string) => ({ accountId: FIRST_ACCOUNT, bucketName: made.bucketName, prefix });
  const write = async (key: string, pieces: readonly Buffer[]) => {
    await using writer = await made.output.begin(object(key));
    for (const piece of pieces) await writer.write(piece);
    await writer.finish();
  };

  describe('put', () => {
    test('stores an object under its key', async () => {
      await put('out/job/job.txt', 'what was asked');
      expect((await made.read('out/job/job.txt'))?.toString()).toBe('what was asked');
      expect(await made.keys()).toEqual(['out/job/job.txt']);
    });

    test('replaces the object that was there', async () => {
      await put('out/a', 'the first, which is longer');
      await put('out/a', 'the second');
      expect((await made.read('out/a'))?.toString()).toBe('the second');
    });

    test('stores an object without bytes', async () => {
      await made.output.put(object('out/empty'), Buffer.alloc(0));
      expect(await made.read('out/empty')).toEqual(Buffer.alloc(0));
    });

    test.each(['a b/+&=?#;/c', 'Übersicht/結果.csv', "it's %2F (all) $1!*", 'a//b', './../x', 'x/.', '\u{1F4A1}'])(
      'takes the key %s',
      async (key) => {
        await put(key);
        expect((await made.read(key))?.toString()).toBe(key);
        await made.output.delete(folder(''), [key]);
        expect(await made.read(key)).toBeUndefined();
      },
    );

    test('takes keys of 1024 bytes and no longer ones', async () => {
      const key = `${'a'.repeat(511)}/${'b'.repeat(512)}`;
      await put(key);
      expect((await made.read(key))?.toString()).toBe(key);
      await expect(put(`${key}c`)).rejects.toMatchObject({ name: 'OutputRefusedError', code: 'KeyTooLongError' });
    });

    test.each(['', 'a', 'AB', '..', 'a/b', 'a..b', '192.168.1.1', '.settings', 'a'.repeat(64)])(
      'refuses the bucket "%s"',
      async (bucketName) => {
        const refusal = { name: 'OutputRefusedError', code: 'InvalidBucketName' };
        await expect(made.output.put(object('a', { bucketName }), Buffer.alloc(1))).rejects.toMatchObject(refusal);
        await expect(made.output.delete({ accountId: FIRST_ACCOUNT, bucketName }, ['a'])).rejects.toMatchObject(
          refusal,
        );
        await expect(made.output.clear({ ...folder('a/'), bucketName }, [])).rejects.toMatchObject(refusal);
      },
    );

    test.each(['', 'a\ud800'])('refuses the key %j', async (key) => {
      await expect(put(key)).rejects.toMatchObject({ name: 'OutputRefusedError', code: 'InvalidArgument' });
    });
  });

  describe('begin', () => {
    test.each([
      ['nothing', []],
      ['a little', [noise(10), noise(7, 'more')]],
      ['pieces that end anywhere', [noise(parts(0.6)), noise(parts(0.6) + 1, 'b'), noise(parts(1.1), 'c')]],
      ['one piece larger than a part', [noise(parts(2.5))]],
      ['exactly one part', [noise(parts(1))]],
      ['exactly two parts', [noise(parts(2))]],
    ])('stores %s', async (_, pieces) => {
      await write('out/results/1', pieces);
      expect((await made.read('out/results/1'))?.equals(Buffer.concat(pieces))).toBe(true);
      expect(await made.unfinished()).toBe(0);
    });

    test('the buffer of a piece may be used again', async () => {
      const buffer = noise(parts(0.6));
      const expected = Buffer.concat([buffer, Buffer.alloc(parts(0.6), 'b')]);
      {
        await using writer = await made.output.begin(object('out/results/1'));
        await writer.write(buffer);
        buffer.fill('b');
        await writer.write(buffer);
        buffer.fill('c');
        await writer.finish();
      }
      expect((await made.read('out/results/1'))?.equals(expected)).toBe(true);
    });

    test('nothing is to be seen before the end, and an object that is there stays', async () => {
      await put('out/results/1', 'before');
      {
        await using writer = await made.output.begin(object('out/results/1'));
        await writer.write(noise(parts(2.1)));
        expect((await made.read('out/results/1'))?.toString()).toBe('before');
      }
      expect((await made.read('out/results/1'))?.toString()).toBe('before');
    });

    test.each([10, parts(2.5)])('a writer of %i bytes that is given up leaves nothing', async (sizeBytes) => {
      {
        await using writer = await made.output.begin(object('out/results/1'));
        await writer.write(noise(sizeBytes));
      }
      expect(await made.keys()).toEqual([]);
      expect(await made.unfinished()).toBe(0);
    });

    test('several objects are written side by side', async () => {
      const numbers = [1, 2, 3];
      await Promise.all(numbers.map((number) => write(`out/results/${number}`, [noise(parts(1.1), String(number))])));
      for (const number of numbers) {
        expect((await made.read(`out/results/${number}`))?.equals(noise(parts(1.1), String(number)))).toBe(true);
      }
    });
  });

  describe('delete', () => {
    test('deletes what is named and nothing else', async () => {
      for (const key of ['out/a', 'out/b', 'out/c/d']) await put(key);
      await made.output.delete(folder(''), ['out/a', 'out/c/d']);
      expect(await made.keys()).toEqual(['out/b']);
    });

    test('what is not there is deleted', async () => {
      await put('out/a');
      await made.output.delete(folder(''), ['out/b', 'out/a/c', 'other/d', 'out']);
      await made.output.delete(folder(''), ['out/a']);
      await made.output.delete(folder(''), ['out/a']);
      await made.output.delete(folder(''), []);
      expect(await made.keys()).toEqual([]);
    });

    test('deletes many', async () => {
      const keys = Array.from({ length: 50 }, (_, number) => `out/${number}`);
      await Promise.all(keys.slice(-3).map((key) => put(key)));
      await made.output.delete(folder(''), keys);
      expect(await made.keys()).toEqual([]);
    });
  });

  describe('clear', () => {
    test('deletes what is below the prefix, but what is to be kept', async () => {
      const keys = ['out/job/job.txt', 'out/job/results/1', 'out/job/results/2', 'out/job2/job.txt', 'out/jobs', 'a'];
      for (const key of keys) await put(key);
      await made.output.clear(folder('out/job/'), ['out/job/job.txt', 'out/job/results/none']);
      expect(await made.keys()).toEqual(['a', 'out/job/job.txt', 'out/job2/job.txt', 'out/jobs']);
    });

    test('where there is nothing, nothing happens', async () => {
      await made.output.clear(folder('out/job/'), []);
      await put('out/job', 'an object, not a folder');
      await made.output.clear(folder('out/job/'), []);
      expect(await made.keys()).toEqual(['out/job']);
    });

    test('deletes whatever the keys', async () => {
      for (const key of ['out/job/a//b', 'out/job/ü/%2F', `out/job/${'c'.repeat(300)}`]) await put(key);
      await made.output.clear(folder('out/job/'), ['out/job/a//b']);
      expect(await made.keys()).toEqual(['out/job/a//b']);
    });
  });

  describe('a bucket of another account', () => {
    const refusal = { name: 'OutputRefusedError', code: 'AccessDenied' };

    test('S-74 is neither written to nor cleared', async () => {
      await put('out/job/a', 'mine');
      const accountId = OTHER_ACCOUNT;
      const { output } = made;
      await expect(output.put(object('out/job/a', { accountId }), Buffer.from('no'))).rejects.toMatchObject(refusal);
      await expect(output.begin(object('out/job/a', { accountId }))).rejects.toMatchObject(refusal);
      await expect(output.delete({ ...folder(''), accountId }, ['out/job/a'])).rejects.toMatchObject(refusal);
      await expect(output.clear({ ...folder('out/job/'), accountId }, [])).rejects.toMatchObject(refusal);
      expect((await made.read('out/job/a'))?.toString()).toBe('mine');
      expect(await made.keys()).toEqual(['out/job/a']);
    });
  });
}
