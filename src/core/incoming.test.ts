import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import {
  chunksOf,
  hashesOf,
  type TestArrangement,
  testArrangement,
  uploadBytes,
  VAULT,
} from '../../test/support/arrangement.ts';
import { noise } from '../../test/support/hashes.ts';
import { wholeOf } from '../model/byte-range.ts';
import { limits, MIB } from '../model/limits.ts';
import { Health } from '../telemetry/health.ts';
import { DiskSpace } from './disk-space.ts';

let arrangement: TestArrangement;
beforeEach(async () => {
  arrangement = await testArrangement();
});
afterEach(() => arrangement[Symbol.asyncDispose]());

const bytes = noise(1000);
const claimed = hashesOf(bytes);
const upload = (body: AsyncIterable<Buffer>) =>
  arrangement.core.archives.upload({ vault: VAULT, description: null, claimed, body, sizeBytes: bytes.length });
const opened = async () => {
  const id = await arrangement.core.uploads.initiate({ vault: VAULT, description: null, partSizeBytes: MIB });
  return { vault: VAULT, id };
};

describe('with as many bodies coming in as may', () => {
  test('one more is refused before it is read, and taken when another has ended, well or not', async () => {
    const name = await opened();
    const putPart = (body: AsyncIterable<Buffer>) =>
      arrangement.core.uploads.putPart({ name, range: wholeOf(bytes.length), claimed, body });
    const gate = Promise.withResolvers<void>();
    let begun = 0;
    async function* waiting(end: 'well' | 'badly') {
      begun += 1;
      await gate.promise;
      if (end === 'badly') throw new Error('the client went away');
      yield bytes;
    }
    const failing = upload(waiting('badly'));
    failing.catch(() => undefined);
    const others = Array.from({ length: limits.receivesAtOnceMax - 1 }, () => upload(waiting('well')));
    await vi.waitFor(() => expect(begun).toBe(limits.receivesAtOnceMax));
    const read = vi.fn();
    async function* body() {
      read();
      yield bytes;
    }
    const throttled = { code: 'ThrottlingException', message: 'Rate exceeded' };
    await expect(upload(body())).rejects.toMatchObject(throttled);
    await expect(putPart(body())).rejects.toMatchObject(throttled);
    expect(read).not.toHaveBeenCalled();
    gate.resolve();
    await Promise.all(others);
    await expect(failing).rejects.toThrow('the client went away');
    const again = Array.from({ length: limits.receivesAtOnceMax }, () => upload(chunksOf(bytes)));
    expect(await Promise.all(again)).toHaveLength(limits.receivesAtOnceMax);
    await putPart(chunksOf(bytes));
  });
});

describe('when the row cannot be written', () => {
  const SQLITE_FULL = 13;
  const SQLITE_IOERR_FSYNC = 1034;
  const failure = (errcode: number) => Object.assign(new Error('the database failed'), { errcode });
  const stored = async () => {
    const blobIds: string[] = [];
    for await (const { blobId } of arrangement.given.blobs.list()) blobIds.push(blobId);
    return blobIds;
  };
  const ways: [string, () => Promise<unknown>][] = [
    ['an archive', () => upload(chunksOf(bytes))],
    [
      'a part',
      async () => {
        const part = { name: await opened(), range: wholeOf(bytes.length), claimed, body: chunksOf(bytes) };
        return arrangement.core.uploads.putPart(part);
      },
    ],
  ];
  const failWith = (errcode: number) => {
    const { archives, uploads } = arrangement.given.metadata;
    vi.spyOn(archives, 'add').mockRejectedValueOnce(failure(errcode));
    vi.spyOn(uploads, 'putPart').mockRejectedValueOnce(failure(errcode));
  };

  test.each(ways)('because the disk is full, the bytes of %s are deleted at once', async (_, send) => {
    await uploadBytes(arrangement, noise(10));
    const before = await stored();
    failWith(SQLITE_FULL);
    await expect(send()).rejects.toThrow('the database failed');
    expect(await stored()).toEqual(before);
  });

  test.each(ways)('for a reason that leaves open whether it was, the bytes of %s stay', async (_, send) => {
    failWith(SQLITE_IOERR_FSYNC);
    await expect(send()).rejects.toThrow('the database failed');
    expect(await stored()).toHaveLength(1);
  });

  test('bytes that cannot be deleted either do not hide why', async () => {
    failWith(SQLITE_FULL);
    vi.spyOn(arrangement.given.blobs, 'delete').mockRejectedValueOnce(new Error('EIO'));
    await expect(upload(chunksOf(bytes))).rejects.toThrow('the database failed');
  });

  test('nor the note that the bytes are given up, because the disk is full, they are deleted', async () => {
    const { archives, reclaim } = arrangement.given.metadata;
    vi.spyOn(archives, 'add').mockResolvedValueOnce(false);
    vi.spyOn(reclaim, 'addUnknown').mockRejectedValueOnce(failure(SQLITE_FULL));
    await expect(upload(chunksOf(bytes))).rejects.toThrow('the database failed');
    expect(await stored()).toEqual([]);
  });
});

describe('F-10 where the disk has no room', () => {
  const withSpace = async (freeBytes: number) => {
    const health = new Health({ nowMs: () => 0 });
    const file = { device: 1, totalBytes: 1e6, totalInodes: 0, freeInodes: 0, kind: 0, isReadOnly: false };
    const space = new DiskSpace({
      places: [{ name: 'blobs', path: '/' }],
      reserve: 500,
      health,
      monotonicMs: () => 0,
      onChange: () => undefined,
      lookAt: async () => ({ ...file, freeBytes }),
    });
    return { space, arrangement: await testArrangement({ space }) };
  };

  test('bodies of archives and parts are refused before they are read', async () => {
    const full = await withSpace(bytes.length + 499);
    await using tight = full.arrangement;
    const body = async function* (): AsyncGenerator<Buffer> {
      expect.unreachable('the body was read');
      yield bytes;
    };
    const refused = 'The server cannot complete the request now';
    const given = { vault: VAULT, description: null, claimed, sizeBytes: bytes.length };
    await expect(tight.core.archives.upload({ ...given, body: body() })).rejects.toThrow(refused);
    const id = await tight.core.uploads.initiate({ vault: VAULT, description: null, partSizeBytes: MIB });
    const range = { startByte: 0, endByte: bytes.length - 1 };
    const part = { name: { vault: VAULT, id }, range, claimed, body: body() };
    await expect(tight.core.uploads.putPart(part)).rejects.toThrow(refused);
    expect(full.space.uploads).toBe(0);
  });

  test('one that fits beside the reserve is stored, and holds no room when it is there', async () => {
    const enough = await withSpace(bytes.length + 500);
    await using tight = enough.arrangement;
    await uploadBytes(tight, bytes);
    await uploadBytes(tight, bytes);
    expect(enough.space.uploads).toBe(0);
  });
});
