import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { tries } from '../../test/support/tries.ts';
import { MIB } from '../model/limits.ts';
import { combine, leafHash } from './nodes.ts';
import { TreeHasher } from './tree-hasher.ts';

const sha256 = (...pieces: Uint8Array[]): Buffer => {
  const hasher = createHash('sha256');
  for (const piece of pieces) hasher.update(piece);
  return hasher.digest();
};

/** The other way to say the same tree: the left child takes the largest power of two of leaves that leaves a right one. */
function naiveRoot(leaves: Buffer[]): Buffer {
  if (leaves.length === 1) return leaves[0]!;
  const left = 2 ** Math.ceil(Math.log2(leaves.length) - 1);
  return sha256(naiveRoot(leaves.slice(0, left)), naiveRoot(leaves.slice(left)));
}

const fakeLeaves = (count: number, seed: number): Buffer[] =>
  Array.from({ length: count }, (_, index) => sha256(Buffer.from(`${seed} ${index}`)));

test('combining equals naive recursion', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 300 }), fc.nat(), (count, seed) => {
      const leaves = fakeLeaves(count, seed);
      expect(combine(Buffer.concat(leaves)).equals(naiveRoot(leaves))).toBe(true);
    }),
    { numRuns: tries(50) },
  );
});

test('combining the roots of equal parts equals combining all leaves', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 300 }), fc.integer({ min: 0, max: 7 }), (count, partExponent) => {
      const leaves = fakeLeaves(count, count);
      const partLeaves = 2 ** partExponent;
      const parts = Array.from({ length: Math.ceil(count / partLeaves) }, (_, part) =>
        combine(Buffer.concat(leaves.slice(part * partLeaves, (part + 1) * partLeaves))),
      );
      expect(combine(Buffer.concat(parts)).equals(combine(Buffer.concat(leaves)))).toBe(true);
    }),
    { numRuns: tries(50) },
  );
});

test('streaming in any pieces equals naive recursion over the MiB', () => {
  const body = Buffer.alloc(4 * MIB);
  for (let at = 0; at < body.length; at += 4096) body.writeUInt32BE(at, at);
  const pieces = fc.array(fc.oneof(fc.integer({ min: 0, max: 64 }), fc.integer({ min: 0, max: 2 * MIB })), {
    maxLength: 8,
  });
  fc.assert(
    fc.property(fc.integer({ min: 0, max: body.length }), pieces, (sizeBytes, pieceSizes) => {
      const hasher = new TreeHasher();
      let at = 0;
      for (const pieceBytes of [...pieceSizes, sizeBytes]) {
        const end = Math.min(at + pieceBytes, sizeBytes);
        hasher.update(body.subarray(at, end));
        at = end;
      }
      const leaves: Buffer[] = [];
      for (let from = 0; from === 0 || from < sizeBytes; from += MIB) {
        leaves.push(sha256(body.subarray(from, Math.min(from + MIB, sizeBytes))));
      }
      const digest = hasher.digest();
      expect(digest.leaves.equals(Buffer.concat(leaves))).toBe(true);
      expect(digest.treeHash.equals(naiveRoot(leaves))).toBe(true);
    }),
    { numRuns: tries(20) },
  );
});

test('digest may be asked again, and what it gave is the caller’s own', () => {
  const hasher = new TreeHasher();
  hasher.update(Buffer.from('ab'));
  const first = hasher.digest();
  const treeHash = first.treeHash.toString('hex');
  first.leaves.fill(0);
  expect(hasher.digest().treeHash.toString('hex')).toBe(treeHash);
});

test('combining leaves its input alone', () => {
  const hashes = Buffer.concat(fakeLeaves(5, 1));
  const before = Buffer.from(hashes);
  combine(hashes).fill(0);
  expect(hashes.equals(before)).toBe(true);
});

test('leaves and pieces may be mixed on the boundaries', () => {
  const frame = Buffer.alloc(MIB, 1);
  const mixed = new TreeHasher();
  mixed.addLeaf(frame);
  mixed.update(Buffer.concat([frame, frame]));
  mixed.addLeaf(Buffer.from('tail'));
  expect(
    mixed
      .digest()
      .leaves.equals(Buffer.concat([leafHash(frame), leafHash(frame), leafHash(frame), leafHash(Buffer.from('tail'))])),
  ).toBe(true);
});

test('an empty frame is no leaf', () => {
  const hasher = new TreeHasher();
  hasher.addLeaf(Buffer.alloc(MIB));
  hasher.addLeaf(Buffer.alloc(0));
  expect(hasher.digest().leaves.length).toBe(32);
});

test('misuse is refused', () => {
  const afterShort = new TreeHasher();
  afterShort.addLeaf(Buffer.from('short'));
  expect(() => afterShort.addLeaf(Buffer.from('x'))).toThrow(RangeError);
  expect(() => afterShort.update(Buffer.from('x'))).toThrow(RangeError);

  const unaligned = new TreeHasher();
  unaligned.update(Buffer.from('x'));
  expect(() => unaligned.addLeaf(Buffer.alloc(MIB))).toThrow(RangeError);

  expect(() => new TreeHasher().addLeaf(Buffer.alloc(MIB + 1))).toThrow(RangeError);
  const ended = new TreeHasher();
  ended.digest();
  expect(() => ended.update(Buffer.from('x'))).toThrow(RangeError);

  expect(() => combine(Buffer.alloc(0))).toThrow(RangeError);
  expect(() => combine(Buffer.alloc(33))).toThrow(RangeError);
});
