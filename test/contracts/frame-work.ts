import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { type FileHandle, open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { FrameHasher, FrameWork } from '../../src/frames/frame-work.ts';
import { MIB } from '../../src/model/limits.ts';
import { noise } from '../support/hashes.ts';
import { tries } from '../support/tries.ts';
import { crcOf, type Digest, expectedDigest, openedByNode, rootOf, sealedByNode, vectors } from './frames.ts';
import { scratchDirectory } from './scratch.ts';

/** Around the ends of blocks, of what fits beside the length in the last block, of folding steps and of leaves. */
const SIZES = [0, 1, 15, 16, 17, 55, 56, 63, 64, 65, 119, 120, 127, 128, 129, 4097, MIB - 1, MIB, MIB + 1, 3 * MIB + 7];
const KEY = noise(32, 'key');
const INDEXES = [0, 1, 2 ** 32, Number.MAX_SAFE_INTEGER];
const MANY_FRAMES = 24;
const PIECES = fc.array(fc.oneof(fc.integer({ min: 0, max: 130 }), fc.integer({ min: 0, max: 2 * MIB })), {
  maxLength: 12,
});

/** What all work on frames must do. */
export function frameWorkContract(choose: () => FrameWork): void {
  let work: FrameWork;
  let folder: string;
  let file: FileHandle;
  beforeAll(async () => {
    work = choose();
    folder = scratchDirectory();
    file = await open(join(folder, 'file'), 'w+');
  });
  afterAll(async () => {
    await file.close();
    await rm(folder, { recursive: true });
  });

  /** What a hasher makes of bytes in pieces of these sizes, the last of which is what is left. */
  const hashed = (bytes: Buffer, sizes: readonly number[]) => digestOf(work.hasher(), bytes, sizes);

  /** What is in the file after a write of a copy, with the check that came back. */
  async function written(bytes: Buffer, rest: { seal?: { key: Buffer; index: number }; position?: number } = {}) {
    const { position = 0, seal } = rest;
    const frame = Buffer.from(bytes);
    const check = await work.write(file.fd, frame, { position, ...(seal && { seal }) });
    const inFile = Buffer.alloc(bytes.length);
    await file.read(inFile, 0, bytes.length, position);
    return { check, inFile, frame };
  }

  describe('hashes', () => {
    test('are those that others computed', () => {
      for (const { name, bytes, treeHash } of vectors()) {
        expect([name, rootOf(hashed(bytes, [])), rootOf(hashed(bytes, [1, 100_000]))]).toEqual([
          name,
          treeHash,
          treeHash,
        ]);
      }
    });

    test.each(SIZES)('of %d bytes are those of node:crypto', (sizeBytes) => {
      const bytes = noise(sizeBytes);
      for (const pieces of [[], [1], [63, 1], [64, 64], [MIB, 1]]) {
        expect(hexOf(hashed(bytes, pieces))).toEqual(hexOf(expectedDigest(bytes)));
      }
    });

    test('are the same in any pieces', () => {
      const bytes = noise(4 * MIB + 99);
      fc.assert(
        fc.property(fc.integer({ min: 0, max: bytes.length }), PIECES, (sizeBytes, pieces) => {
          const body = bytes.subarray(0, sizeBytes);
          expect(hexOf(hashed(body, pieces))).toEqual(hexOf(expectedDigest(body)));
        }),
        { numRuns: tries(15) },
      );
    });

    test('of frames given one after the other, without waiting, are those of the whole', async () => {
      const bytes = noise(MANY_FRAMES * MIB - 1000);
      const hasher = work.hasher();
      hasher.update(bytes.subarray(0, 10));
      const writes: Promise<Buffer>[] = [];
      for (let at = 10; at < bytes.length; at += MIB) {
        writes.push(work.write(file.fd, Buffer.from(bytes.subarray(at, at + MIB)), { position: at, hasher }));
      }
      expect(() => hasher.update(Buffer.alloc(1))).toThrow('the hasher is still at work');
      expect(() => hasher.digest()).toThrow('the hasher is still at work');
      await Promise.all(writes);
      expect(hexOf(hasher.digest())).toEqual(hexOf(expectedDigest(bytes)));
    });

    test('are given once', () => {
      const hasher = work.hasher();
      hasher.digest();
      expect(() => hasher.digest()).toThrow('the hasher is used up');
      expect(() => hasher.update(Buffer.alloc(1))).toThrow('the hasher is used up');
    });

    test('are not given after a write that failed', async () => {
      await using readOnly = await open(join(folder, 'file'), 'r');
      const hasher = work.hasher();
      await expect(work.write(readOnly.fd, Buffer.alloc(9), { position: 0, hasher })).rejects.toThrow('EBADF');
      expect(() => hasher.digest()).toThrow('the hasher is used up');
    });
  });

  describe.each(SIZES)('a frame of %d bytes', (sizeBytes) => {
    const bytes = noise(sizeBytes, 'frame');

    test('is written as it is, with the CRC-32 of zlib, and comes back', async () => {
      const { check, inFile, frame } = await written(bytes, { position: 77 });
      expect(check).toEqual(crcOf(bytes));
      expect(inFile.equals(bytes) && frame.equals(bytes)).toBe(true);
      const into = Buffer.alloc(sizeBytes);
      expect(await work.read(file.fd, into, { position: 77, check })).toBe('intact');
      expect(into.equals(bytes)).toBe(true);
    });

    test('is sealed as node:crypto seals, in the buffer too, and opened again', async () => {
      for (const index of INDEXES) {
        const seal = { key: KEY, index };
        const { check, inFile, frame } = await written(bytes, { seal });
        const expected = sealedByNode(bytes, seal);
        expect(check).toEqual(expected.tag);
        expect(inFile.equals(expected.sealed) && frame.equals(expected.sealed)).toBe(true);
        expect(openedByNode(inFile, { ...seal, tag: check }).equals(bytes)).toBe(true);
        const into = Buffer.alloc(sizeBytes);
        expect(await work.read(file.fd, into, { position: 0, check, seal })).toBe('intact');
        expect(into.equals(bytes)).toBe(true);
      }
    });
  });

  test('the hashes of a sealed frame are those of what it was before', async () => {
    const bytes = noise(MIB);
    const hasher = work.hasher();
    await work.write(file.fd, Buffer.from(bytes), { position: 0, hasher, seal: { key: KEY, index: 3 } });
    expect(hexOf(hasher.digest())).toEqual(hexOf(expectedDigest(bytes)));
  });

  describe('damage', () => {
    const bytes = noise(70_001, 'damage');

    test.each([
      ['not sealed', undefined],
      ['sealed', { key: KEY, index: 5 }],
    ])('of one bit is found in a frame that is %s, and in its check', async (_, seal) => {
      const { check, inFile } = await written(bytes, seal && { seal });
      const read = (given: Buffer) =>
        work.read(file.fd, Buffer.alloc(bytes.length), { position: 0, check: given, ...(seal && { seal }) });
      await fc.assert(
        fc.asyncProperty(fc.nat(8 * bytes.length - 1), fc.nat(8 * check.length - 1), async (bit, checkBit) => {
          await file.write(flipped(inFile, bit).subarray(bit >> 3, (bit >> 3) + 1), 0, 1, bit >> 3);
          expect(await read(check)).toBe('damaged');
          await file.write(inFile, bit >> 3, 1, bit >> 3);
          expect(await read(check)).toBe('intact');
          expect(await read(flipped(check, checkBit))).toBe('damaged');
        }),
        { numRuns: tries(25) },
      );
    });

    test('is what a frame of another place or key looks like', async () => {
      const { check } = await written(bytes, { seal: { key: KEY, index: 5 } });
      for (const seal of [
        { key: KEY, index: 6 },
        { key: noise(32, 'other'), index: 5 },
      ]) {
        expect(await work.read(file.fd, Buffer.alloc(bytes.length), { position: 0, check, seal })).toBe('damaged');
      }
    });

    test('is not what the end of the file is', async () => {
      await file.truncate(100);
      const check = crcOf(Buffer.alloc(0));
      expect(await work.read(file.fd, Buffer.alloc(101), { position: 0, check })).toBe('short');
      expect(await work.read(file.fd, Buffer.alloc(1), { position: 100, check })).toBe('short');
      expect(await work.read(file.fd, Buffer.alloc(1), { position: 2 ** 40, check })).toBe('short');
    });
  });

  describe('errors of the system', () => {
    test.each([
      ['EBADF', 'file', constants.O_RDONLY, 'write'],
      ['ENOSPC', '/dev/full', constants.O_WRONLY, 'write'],
      ['EBADF', 'file', constants.O_WRONLY, 'read'],
      ['EISDIR', '.', constants.O_RDONLY, 'read'],
    ] as const)('%s is told as node:fs tells it', async (code, name, flags, syscall) => {
      await using wrong = await open(name.startsWith('/') ? name : join(folder, name), flags);
      const failing = {
        write: () => work.write(wrong.fd, Buffer.alloc(10), { position: 0 }),
        read: () => work.read(wrong.fd, Buffer.alloc(10), { position: 0, check: Buffer.alloc(4) }),
      };
      const theirs = await (syscall === 'write'
        ? wrong.write(Buffer.alloc(10), 0, 10, 0)
        : wrong.read(Buffer.alloc(10))
      ).then(String, ({ errno, message, syscall: name }) => ({ errno, code, message, syscall: name }));
      await expect(failing[syscall]()).rejects.toMatchObject(theirs as object);
    });
  });

  test('what is given wrong is refused', async () => {
    const { fd } = file;
    const frame = Buffer.alloc(64);
    const check = Buffer.alloc(4);
    const seal = { key: KEY, index: 0 };
    await expect(work.write(-1, frame, { position: 0 })).rejects.toThrow(RangeError);
    await expect(work.write(fd, frame, { position: 0, seal: { ...seal, key: randomBytes(31) } })).rejects.toThrow(
      RangeError,
    );
    await expect(work.write(fd, frame, { position: 0, seal: { ...seal, index: -1 } })).rejects.toThrow(RangeError);
    await expect(work.write(fd, frame, { position: 0, seal: { ...seal, index: 0.5 } })).rejects.toThrow(RangeError);
    await expect(work.write(fd, frame, { position: 0, hasher: {} as FrameHasher })).rejects.toThrow(TypeError);
    await expect(work.read(fd, frame, { position: 0, check, seal })).rejects.toThrow(RangeError);
    await expect(work.read(fd, frame, { position: 0, check: Buffer.alloc(16) })).rejects.toThrow(RangeError);
  });

  test('a buffer for a frame takes a MiB', () => expect(work.allocate().length).toBe(MIB));
}

/** Short enough to be compared, and to be shown. */
const hexOf = ({ linear, leaves }: Digest) => [linear.toString('hex'), leaves.toString('hex')];

function digestOf(hasher: FrameHasher, bytes: Buffer, sizes: readonly number[]) {
  let at = 0;
  for (const size of [...sizes, bytes.length]) {
    hasher.update(bytes.subarray(at, Math.min(at + size, bytes.length)));
    at = Math.min(at + size, bytes.length);
  }
  return hasher.digest();
}

function flipped(bytes: Buffer, bit: number): Buffer {
  const copy = Buffer.from(bytes);
  copy[bit >> 3] = (copy[bit >> 3] ?? 0) ^ (1 << (bit & 7));
  return copy;
}
