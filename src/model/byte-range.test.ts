import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { formatRange, overlap, parseRange, sizeOf, wholeOf } from './byte-range.ts';

const byte = fc.nat(50);

test('both ends are inclusive', () => {
  expect(sizeOf({ startByte: 5, endByte: 5 })).toBe(1);
  expect(wholeOf(10)).toEqual({ startByte: 0, endByte: 9 });
  expect(sizeOf(wholeOf(10))).toBe(10);
});

describe('a range as text', () => {
  test('can be read back', () => {
    fc.assert(
      fc.property(fc.nat(), fc.nat(), (startByte, length) => {
        const range = { startByte, endByte: startByte + length };
        expect(parseRange(formatRange(range))).toEqual(range);
      }),
    );
  });

  test.each(['', '0', '0-', '-1', '1-0', 'a-b', '0-1/*', 'bytes=0-1', ' 0-1', '0-1e3', '0--1', '0-9999999999999999'])(
    'is not "%s"',
    (text) => {
      expect(parseRange(text)).toBeUndefined();
    },
  );
});

test('an overlap holds exactly the bytes that are in both, counted from the start of the blob', () => {
  fc.assert(
    fc.property(byte, byte, byte, fc.integer({ min: 1, max: 50 }), (start, length, blobStart, sizeBytes) => {
      const range = { startByte: start, endByte: start + length };
      const bytes = Array.from({ length: sizeBytes }, (_, offset) => offset);
      const shared = bytes.filter((offset) => {
        const place = blobStart + offset;
        return place >= range.startByte && place <= range.endByte;
      });
      const first = shared.at(0);
      const last = shared.at(-1);
      const expected = first === undefined || last === undefined ? undefined : { startByte: first, endByte: last };
      expect(overlap(range, { startByte: blobStart, sizeBytes })).toEqual(expected);
    }),
  );
});
