import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { GIB, MIB } from './limits.ts';
import { assemblyFault, checkPartRange, isPartSize, type Part } from './uploads.ts';

const parts = (...sizes: [startByte: number, sizeBytes: number][]): Part[] =>
  sizes.map(([startByte, sizeBytes]) => ({ blobId: 'blob', startByte, sizeBytes, treeHash: '' }));

test('13 sizes are part sizes', () => {
  const sizes = Array.from({ length: 13 }, (_, power) => MIB * 2 ** power);
  for (const size of sizes) expect(isPartSize(size)).toBe(true);
  for (const size of [0, 1, MIB / 2, MIB + 1, 3 * MIB, 8 * GIB, -MIB, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 60]) {
    expect(isPartSize(size)).toBe(false);
  }
  fc.assert(fc.property(fc.nat(8 * GIB), (size) => isPartSize(size) === sizes.includes(size)));
});

describe('the place of a part', () => {
  const place = (startByte: number, sizeBytes: number) => () =>
    checkPartRange({ startByte, endByte: startByte + sizeBytes - 1 }, 2 * MIB);

  test('is a multiple of the part size, and a part is not longer than it', () => {
    expect(place(0, 2 * MIB)).not.toThrow();
    expect(place(4 * MIB, 1)).not.toThrow();
    expect(place(0, 2 * MIB + 1)).toThrow('is larger than the part size 2097152.');
    expect(place(MIB, 1)).toThrow('does not start at a multiple of the part size 2097152.');
  });

  test('is among the first 10,000', () => {
    expect(place(9_999 * 2 * MIB, 1)).not.toThrow();
    expect(place(10_000 * 2 * MIB, 1)).toThrow(
      'This is part number 10001 for the current multipart upload. It exceeds the limit of 10000 parts.',
    );
  });
});

describe('an archive in parts', () => {
  const check = (list: Part[], sizeBytes: number) => assemblyFault({ parts: list, partSizeBytes: MIB, sizeBytes });

  test.each([
    ['no parts', parts(), 0, 'The upload is incomplete: it has no parts.'],
    ['no first part', parts([MIB, 5]), 5, 'The upload is incomplete: bytes 0-1048575 were not uploaded.'],
    ['a gap', parts([0, MIB], [2 * MIB, 5]), 5, 'The upload is incomplete: bytes 1048576-2097151 were not uploaded.'],
    ['a short part before the last', parts([0, 9], [MIB, 5]), 14, 'the part at byte 0 has 9 bytes and is not the last'],
    ['too small a size', parts([0, 9]), 8, 'Invalid x-amz-archive-size: 8. The uploaded parts add up to 9 bytes.'],
    ['too large a size', parts([0, 9]), 10, 'Invalid x-amz-archive-size: 10. The uploaded parts add up to 9 bytes.'],
  ])('with %s is refused', (_, list, sizeBytes, message) => {
    expect(check(list, sizeBytes)).toContain(message);
  });

  test('is whole exactly when every part but the last is full, and none is missing', () => {
    fc.assert(
      fc.property(fc.nat(6), fc.integer({ min: 1, max: MIB }), fc.nat(6), (fullCount, lastBytes, dropped) => {
        const all = parts(...Array.from({ length: fullCount }, (_, index): [number, number] => [index * MIB, MIB]), [
          fullCount * MIB,
          lastBytes,
        ]);
        const sizeBytes = fullCount * MIB + lastBytes;
        expect(check(all, sizeBytes)).toBeUndefined();
        const some = all.filter((_, index) => index !== dropped);
        if (some.length < all.length) expect(check(some, sizeBytes)).toBeTypeOf('string');
      }),
    );
  });
});
