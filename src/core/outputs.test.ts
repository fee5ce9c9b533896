import { readdirSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { chunksOf, type TestArrangement, testArrangement } from '../../test/support/arrangement.ts';
import { noise, treeHash } from '../../test/support/hashes.ts';
import { BlobDamagedError, BlobMissingError } from '../blobs/blob-store.ts';
import type { BlobRef } from '../model/archives.ts';
import { type ByteRange, wholeOf } from '../model/byte-range.ts';
import { MIB } from '../model/limits.ts';
import { isTreeHashAligned } from '../tree-hash/alignment.ts';
import { FramePool } from './frame-pool.ts';
import { readRange, treeHashOfRange } from './outputs.ts';
import { receive } from './receive.ts';

let arrangement: TestArrangement;
beforeAll(async () => {
  arrangement = await testArrangement();
});
afterAll(() => arrangement[Symbol.asyncDispose]());

const storesOf = () => arrangement.given;

/** An archive of parts of this size. */
async function partsOf(bytes: Buffer, partSizeBytes: number): Promise<BlobRef[]> {
  const { blobs, frames } = storesOf();
  const refs: BlobRef[] = [];
  for (let startByte = 0; startByte < bytes.length; startByte += partSizeBytes) {
    const source = chunksOf(bytes.subarray(startByte, startByte + partSizeBytes));
    const received = await receive({
      blobs,
      frames,
      source,
      check: () => undefined,
      about: () => ({ kind: 'output', createdAtMs: 0 }),
    });
    const { blobId, sizeBytes, treeHash: hash } = received;
    refs.push({ blobId, sizeBytes, treeHash: hash, startByte });
  }
  return refs;
}

async function read(refs: readonly BlobRef[], range: ByteRange, frames = storesOf().frames): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for await (const piece of readRange({ ...storesOf(), frames }, { refs, range })) pieces.push(Buffer.from(piece));
  return Buffer.concat(pieces);
}

const pathOf = ({ blobId }: BlobRef): string => join(arrangement.blobsDirectory, blobId.slice(0, 2), blobId);

/** How many of the store's files are open; other tests of this process have files of their own. */
const openFiles = (): number =>
  readdirSync('/proc/self/fd').filter((fd) => {
    try {
      return readlinkSync(join('/proc/self/fd', fd)).startsWith(arrangement.blobsDirectory);
    } catch {
      return false;
    }
  }).length;

describe('reading a range', () => {
  const bytes = noise(7.25 * MIB);
  let refs: BlobRef[] = [];
  beforeAll(async () => {
    refs = await partsOf(bytes, 2 * MIB);
  });

  test('gives its bytes and no others, wherever it lies', async () => {
    const place = fc.oneof(
      fc.nat(bytes.length - 1),
      fc.nat(7).map((mebibytes) => mebibytes * MIB),
    );
    const nudged = fc.tuple(place, fc.integer({ min: -1, max: 1 })).map(([at, by]) => at + by);
    const inside = nudged.map((at) => Math.min(Math.max(at, 0), bytes.length - 1));
    await fc.assert(
      fc.asyncProperty(inside, inside, async (one, other) => {
        const range = { startByte: Math.min(one, other), endByte: Math.max(one, other) };
        expect((await read(refs, range)).equals(bytes.subarray(range.startByte, range.endByte + 1))).toBe(true);
      }),
      { numRuns: 40 },
    );
  });

  test('takes two buffers at a time, and gives all back', async () => {
    const frames = new FramePool();
    let outMax = 0;
    for await (const _ of readRange({ ...storesOf(), frames }, { refs, range: wholeOf(bytes.length) })) {
      outMax = Math.max(outMax, frames.outBytes);
    }
    expect(outMax).toBe(2 * MIB);
    expect(frames.outBytes).toBe(0);
  });

  test.each([0, 1, 2, 5])('that is given up after %d pieces releases its buffers and files', async (pieces) => {
    const frames = new FramePool();
    const before = openFiles();
    const reading = readRange({ ...storesOf(), frames }, { refs, range: wholeOf(bytes.length) });
    for (let piece = 0; piece < pieces; piece += 1) await reading.next();
    await reading.return();
    expect(frames.outBytes).toBe(0);
    expect(openFiles()).toBe(before);
    expect(await reading.next()).toEqual({ done: true, value: undefined });
  });

  test('of an archive whose blobs do not cover it fails before the first byte', async () => {
    const whole = wholeOf(bytes.length);
    const lists = [[], refs.slice(1), refs.slice(0, -1), refs.filter((_, index) => index !== 1), [...refs].reverse()];
    for (const list of lists) await expect(read(list, whole)).rejects.toThrow(BlobMissingError);
    expect((await read(refs.slice(1, 2), { startByte: 2 * MIB, endByte: 2 * MIB + 5 })).length).toBe(6);
  });
});

describe('damage', () => {
  test('ends the reading at the frame it is in, after the good bytes and with everything released', async () => {
    const bytes = noise(3.5 * MIB);
    const [ref] = await partsOf(bytes, 4 * MIB);
    const file = readFileSync(pathOf(ref as BlobRef));
    file[2 * MIB + 9] = (file[2 * MIB + 9] ?? 0) ^ 1;
    writeFileSync(pathOf(ref as BlobRef), file);
    const frames = new FramePool();
    const before = openFiles();
    const good: Buffer[] = [];
    const reading = async () => {
      const refs = [ref as BlobRef];
      for await (const piece of readRange({ ...storesOf(), frames }, { refs, range: wholeOf(bytes.length) })) {
        good.push(Buffer.from(piece));
      }
    };
    await expect(reading()).rejects.toThrow(BlobDamagedError);
    expect(Buffer.concat(good).equals(bytes.subarray(0, 2 * MIB))).toBe(true);
    expect(frames.outBytes).toBe(0);
    expect(openFiles()).toBe(before);
  });

  test('a blob of another size than the row says, or none at all', async () => {
    const bytes = noise(1000);
    const [ref] = await partsOf(bytes, MIB);
    const longer = { ...(ref as BlobRef), sizeBytes: 1001 };
    await expect(read([longer], wholeOf(1001))).rejects.toThrow(BlobDamagedError);
    await storesOf().blobs.delete([longer.blobId]);
    await expect(read([ref as BlobRef], wholeOf(1000))).rejects.toThrow(BlobMissingError);
  });
});

describe('the tree hash of a range', () => {
  test.each([
    [0.5, 1],
    [6.5, 1],
    [7, 2],
    [7.25, 4],
    [8, 2],
    [5, 8],
  ])('of %d MiB in parts of %d MiB is that of its bytes, for every aligned range', async (mebibytes, partMebibytes) => {
    const sizeBytes = mebibytes * MIB;
    const bytes = noise(sizeBytes);
    const refs = await partsOf(bytes, partMebibytes * MIB);
    const ends = Array.from({ length: Math.ceil(mebibytes) }, (_, leaf) => Math.min((leaf + 1) * MIB, sizeBytes) - 1);
    const ranges = ends.flatMap((endByte) => ends.map((_, leaf) => ({ startByte: leaf * MIB, endByte })));
    const aligned = ranges.filter((range) => isTreeHashAligned({ ...range, sizeBytes }));
    expect(aligned.length).toBeGreaterThanOrEqual(ends.length);
    for (const range of aligned) {
      const holding = refs.filter(
        (ref) => ref.startByte <= range.endByte && ref.startByte + ref.sizeBytes > range.startByte,
      );
      const hash = await treeHashOfRange(storesOf(), { refs: holding, range });
      expect({ range, hash }).toEqual({ range, hash: treeHash(bytes.subarray(range.startByte, range.endByte + 1)) });
    }
  });
});
