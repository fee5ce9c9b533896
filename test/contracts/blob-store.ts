import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { BlobMissingError, type BlobStore, FRAME_BYTES } from '../../src/blobs/blob-store.ts';
import { MIB } from '../../src/model/limits.ts';
import { noise, sha256, treeHash } from '../support/hashes.ts';
import { damage, type StoreUnderTest } from './blob-damage.ts';
import { ABOUT, ARCHIVE, entriesOf, framesOf, leavesOf, listOf, put, readAll, surveyOf } from './blobs.ts';

const SIZES = [0, 1, MIB - 1, MIB, MIB + 1, 5.5 * MIB];
const CORRUPTIONS = 1000;

/** What every blob store must do. `corruptions`: how many random ones are tried. */
export function blobStoreContract(
  open: () => Promise<StoreUnderTest>,
  { corruptions: runs = CORRUPTIONS }: { corruptions?: number } = {},
): void {
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
  whatBlobsSay(() => store);
  damage(() => tested, runs);
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

function whatBlobsSay(storeOf: () => BlobStore): void {
  describe('a blob', () => {
    test.each([10, 2.5 * MIB])('of %d bytes says what it is to the survey, and verifies', async (sizeBytes) => {
      const store = storeOf();
      const bytes = noise(sizeBytes, 'surveyed');
      const about = { ...ARCHIVE, description: `with "quotes" and ${sizeBytes} bytes` };
      const blobId = await put(store, bytes, about);
      const found = (await surveyOf(store)).filter((surveyed) => 'blobId' in surveyed && surveyed.blobId === blobId);
      const hashes = { treeHash: treeHash(bytes), linearHash: sha256(bytes) };
      expect(found).toEqual([{ blobId, about, sizeBytes, ...hashes }]);
      expect(await store.verify(blobId)).toEqual({ state: 'intact', treeHash: hashes.treeHash, what: null });
      await store.delete([blobId]);
      expect((await store.verify(blobId)).state).toBe('missing');
    });
  });
}
