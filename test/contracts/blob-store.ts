import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { BlobDamagedError, BlobMissingError, type BlobStore, FRAME_BYTES } from '../../src/blobs/blob-store.ts';
import { MIB } from '../../src/model/limits.ts';
import { noise, sha256, treeHash } from '../support/hashes.ts';
import { ABOUT, entriesOf, framesOf, leavesOf, listOf, put, readAll } from './blobs.ts';
import { type Corruption, corrupted, corruptions, namedCorruptions } from './corruptions.ts';

/** A store, and the bytes it keeps for a blob as the medium has them, so that a test can damage them. */
export interface StoreUnderTest extends AsyncDisposable {
  readonly store: BlobStore;
  rawBytes(blobId: string): Promise<Buffer>;
  setRawBytes(blobId: string, bytes: Buffer): Promise<void>;
  /** A second store over the same medium, as after a restart. */
  reopened(): Promise<BlobStore>;
}

const SIZES = [0, 1, MIB - 1, MIB, MIB + 1, 5.5 * MIB];
const CORRUPTIONS = 2000;
/** The other corruptions hit a small blob, which is quicker to put right again. */
const LARGE_ONE_IN = 30;
const CORRUPTIONS_MS_MAX = 30_000;

/** What every blob store must do. */
export function blobStoreContract(open: () => Promise<StoreUnderTest>): void {
  let tested: StoreUnderTest;
  let store: BlobStore;
  beforeAll(async () => {
    tested = await open();
    store = tested.store;
  });
  afterAll(() => tested[Symbol.asyncDispose]());

  describe.each(SIZES)('a blob of %d bytes', (sizeBytes) => {
    const bytes = noise(sizeBytes);
    let blobId = '';

    test('comes back byte for byte, with its size, frames and leaves', async () => {
      blobId = await put(store, bytes);
      expect(await store.stat(blobId)).toEqual({ sizeBytes });
      await using reader = await store.open(blobId);
      expect(reader.sizeBytes).toBe(sizeBytes);
      expect(reader.leaves.equals(leavesOf(bytes))).toBe(true);
      expect((await readAll(store, blobId)).equals(bytes)).toBe(true);
    });

    test('gives any frame in any order, and none that it does not have', async () => {
      await using reader = await store.open(blobId);
      const frames = framesOf(bytes);
      const into = Buffer.alloc(FRAME_BYTES);
      for (const index of [...frames.keys()].reverse()) {
        expect((await reader.readFrame(index, into)).equals(frames[index] ?? Buffer.alloc(0))).toBe(true);
      }
      for (const index of [-1, frames.length, frames.length + 1]) {
        await expect(reader.readFrame(index, into)).rejects.toThrow(RangeError);
      }
    });

    test('is there after a restart', async () => {
      await using again = await tested.reopened();
      expect((await readAll(again, blobId)).equals(bytes)).toBe(true);
    });
  });

  lifeOfABlob(() => store);
  damage(() => tested);
}

function lifeOfABlob(storeOf: () => BlobStore): void {
  describe('a writer', () => {
    test('says what it was given, in one hash and in a tree of them', async () => {
      for (const sizeBytes of SIZES) {
        const bytes = noise(sizeBytes);
        await using writer = await storeOf().put();
        for (const frame of framesOf(bytes)) await writer.write(Buffer.from(frame));
        const facts = { sizeBytes, linearHash: sha256(bytes), treeHash: treeHash(bytes) };
        expect(await writer.end()).toEqual(facts);
      }
    });

    test('shows nothing before its commit', async () => {
      const store = storeOf();
      const before = await listOf(store);
      await using writer = await store.put();
      await writer.write(noise(10));
      await writer.end();
      expect(await listOf(store)).toEqual(before);
    });

    test.each([0, 1, 3])('disposed after %d frames leaves nothing', async (frames) => {
      const store = storeOf();
      const before = await listOf(store);
      {
        await using writer = await store.put();
        for (let index = 0; index < frames; index += 1) await writer.write(noise(FRAME_BYTES));
      }
      expect(await listOf(store)).toEqual(before);
    });

    test('may reuse its buffer for the next frame', async () => {
      const store = storeOf();
      const bytes = noise(3 * MIB);
      const buffer = Buffer.alloc(FRAME_BYTES);
      await using writer = await store.put();
      for (const frame of framesOf(bytes)) {
        frame.copy(buffer);
        await writer.write(buffer);
      }
      await writer.end();
      expect((await readAll(store, await writer.commit(ABOUT))).equals(bytes)).toBe(true);
    });

    test('takes frames before it has written the last ones', async () => {
      const store = storeOf();
      const bytes = noise(4.5 * MIB);
      await using writer = await store.put();
      await Promise.all(framesOf(bytes).map((frame) => writer.write(Buffer.from(frame))));
      expect(await writer.end()).toMatchObject({ treeHash: treeHash(bytes) });
      expect((await readAll(store, await writer.commit(ABOUT))).equals(bytes)).toBe(true);
    });
  });

  describe('deleting', () => {
    test('is final, and repeating it succeeds', async () => {
      const store = storeOf();
      const blobId = await put(store, noise(100));
      await store.delete([blobId]);
      await store.delete([blobId]);
      expect(await store.stat(blobId)).toBeUndefined();
      await expect(store.open(blobId)).rejects.toThrow(BlobMissingError);
      expect(await listOf(store)).not.toContain(blobId);
    });

    test('lets an open reader go on to the end', async () => {
      const store = storeOf();
      const bytes = noise(2.5 * MIB);
      const blobId = await put(store, bytes);
      await using reader = await store.open(blobId);
      const into = Buffer.alloc(FRAME_BYTES);
      await reader.readFrame(0, into);
      await store.delete([blobId]);
      expect((await reader.readFrame(2, into)).equals(framesOf(bytes)[2] ?? into)).toBe(true);
    });
  });

  describe('the list', () => {
    test('names every committed blob once, with a plausible instant', async () => {
      const store = storeOf();
      const startedAtMs = Date.now();
      const blobIds = await Promise.all(Array.from({ length: 40 }, () => put(store, noise(1))));
      const found = (await entriesOf(store)).filter(({ blobId }) => blobIds.includes(blobId));
      expect(found.map(({ blobId }) => blobId).sort()).toEqual(blobIds.sort());
      for (const { changedAtMs } of found) expect(Math.abs(changedAtMs - startedAtMs)).toBeLessThan(60_000);
    });

    test('goes on when blobs go while it runs', async () => {
      const store = storeOf();
      const blobIds: string[] = [];
      for (let index = 0; index < 40; index += 1) blobIds.push(await put(store, noise(1)));
      const seen: string[] = [];
      for await (const { blobId } of store.list()) {
        seen.push(blobId);
        await store.delete(blobIds);
      }
      expect(new Set(seen).size).toBe(seen.length);
    });
  });

  test.each([
    '',
    'a',
    '..',
    '../../etc/passwd',
    `${'0'.repeat(31)}/`,
    'G'.repeat(32),
    'A'.repeat(32),
    '0'.repeat(33),
    `${'0'.repeat(30)}\0\0`,
    `${'0'.repeat(32)}\n`,
  ])('%j is no id and reaches nothing', async (blobId) => {
    const store = storeOf();
    for (const call of [store.open(blobId), store.stat(blobId), store.delete([blobId])]) {
      await expect(call).rejects.toThrow('not a blob id');
    }
  });
}

function damage(testedOf: () => StoreUnderTest): void {
  describe('damage', () => {
    const small = { blobId: '', bytes: noise(9000, 'small') };
    const large = { blobId: '', bytes: noise(MIB + 9000, 'large') };
    const raw = new Map<string, Buffer>();

    beforeAll(async () => {
      const { store, rawBytes } = testedOf();
      for (const blob of [small, large]) {
        blob.blobId = await put(store, blob.bytes);
        raw.set(blob.blobId, await rawBytes(blob.blobId));
      }
    });

    /** The error that reading the damaged blob ends in; the blob is whole again after it. */
    async function errorOf({ blobId }: { blobId: string }, corruption: Corruption): Promise<unknown> {
      const { store, setRawBytes } = testedOf();
      const whole = raw.get(blobId) ?? Buffer.alloc(0);
      const other = raw.get(blobId === small.blobId ? large.blobId : small.blobId) ?? Buffer.alloc(0);
      const damaged = corrupted(whole, corruption, { other });
      if (damaged === undefined) await store.delete([blobId]);
      else await setRawBytes(blobId, damaged);
      const outcome = await readAll(store, blobId).then(
        () => 'served',
        (error: unknown) => error,
      );
      await setRawBytes(blobId, whole);
      return outcome;
    }

    describe.each([
      ['small', small],
      ['large', large],
    ])('of a %s blob', (_, blob) => {
      test.each(namedCorruptions(blob.bytes.length))('$name is told', async ({ corruption }) => {
        expect(await errorOf(blob, corruption)).toBeInstanceOf(BlobDamagedError);
      });

      test('its absence is told', async () => {
        expect(await errorOf(blob, { kind: 'missing' })).toBeInstanceOf(BlobMissingError);
      });
    });

    test(
      `none of ${CORRUPTIONS} random corruptions is served`,
      async () => {
        await fc.assert(
          fc.asyncProperty(corruptions, fc.nat(LARGE_ONE_IN), async (corruption, pick) => {
            const error = await errorOf(pick === LARGE_ONE_IN ? large : small, corruption);
            expect(error instanceof BlobDamagedError || error instanceof BlobMissingError).toBe(true);
          }),
          { numRuns: CORRUPTIONS },
        );
        expect((await readAll(testedOf().store, small.blobId)).equals(small.bytes)).toBe(true);
        expect((await readAll(testedOf().store, large.blobId)).equals(large.bytes)).toBe(true);
      },
      CORRUPTIONS_MS_MAX,
    );

    test('a damaged frame does not keep its neighbours', async () => {
      const { store, setRawBytes } = testedOf();
      const whole = raw.get(large.blobId) ?? Buffer.alloc(0);
      const damaged = Buffer.from(whole);
      damaged[5] = (damaged[5] ?? 0) ^ 1;
      await setRawBytes(large.blobId, damaged);
      {
        await using reader = await store.open(large.blobId);
        const into = Buffer.alloc(FRAME_BYTES);
        await expect(reader.readFrame(0, into)).rejects.toThrow(BlobDamagedError);
        expect((await reader.readFrame(1, into)).equals(large.bytes.subarray(MIB))).toBe(true);
      }
      await setRawBytes(large.blobId, whole);
    });
  });
}
