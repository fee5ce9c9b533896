import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { GlacierError } from '../model/errors.ts';
import { parseRangeHeader } from './range-header.ts';

const TOTAL = 1000;
const range = (startByte: number, endByte: number) => ({ startByte, endByte });

describe('a well-formed range', () => {
  test.each([
    ['bytes=0-0', range(0, 0)],
    ['bytes=0-', range(0, 999)],
    ['bytes=0-999', range(0, 999)],
    ['bytes=999-', range(999, 999)],
    ['bytes=10-19', range(10, 19)],
    ['bytes=010-019', range(10, 19)],
    ['bytes=10-999999999999999', range(10, 999)],
    ['bytes=10-9999999999999999', range(10, 999)],
    [`bytes=10-${'9'.repeat(400)}`, range(10, 999)],
    ['bytes=00000000000000000010-19', range(10, 19)],
    [`bytes=-${'9'.repeat(400)}`, range(0, 999)],
    ['bytes=-1', range(999, 999)],
    ['bytes=-1000', range(0, 999)],
    ['bytes=-5000', range(0, 999)],
  ])('%s', (header, expected) => {
    expect(parseRangeHeader(header, TOTAL)).toEqual(expected);
  });

  test('lies within the data and has both ends in order, whatever was asked', () => {
    fc.assert(
      fc.property(fc.nat(), fc.nat(), fc.integer({ min: 1, max: 2 ** 40 }), (first, length, totalBytes) => {
        fc.pre(first < totalBytes);
        const found = parseRangeHeader(`bytes=${first}-${first + length}`, totalBytes);
        expect(found).toEqual(range(first, Math.min(first + length, totalBytes - 1)));
      }),
    );
  });
});

describe('what is no single well-formed range is ignored', () => {
  test.each([
    undefined,
    '',
    'bytes=',
    'bytes=-',
    'bytes=5-4',
    'bytes=0-1,3-4',
    'bytes 0-4194303/235812776',
    '0-100/493',
    'BYTES=0-1',
    'bytes= 0-1',
    'bytes=0-1 ',
    'bytes=1.5-2',
    'bytes=0-1\n',
  ])('%j', (header) => {
    expect(parseRangeHeader(header, TOTAL)).toBeNull();
  });

  test('and nothing but a refusal is ever thrown', () => {
    fc.assert(
      fc.property(fc.string(), fc.nat(), (text, totalBytes) => {
        try {
          parseRangeHeader(`bytes=${text}`, totalBytes);
        } catch (error) {
          expect(error).toBeInstanceOf(GlacierError);
        }
      }),
    );
  });
});

test.each([
  'bytes=1000-',
  'bytes=1000-2000',
  'bytes=-0',
  'bytes=9999999999999999-',
  `bytes=${'9'.repeat(400)}-`,
  `bytes=${'9'.repeat(400)}-${'9'.repeat(400)}`,
])('%s starts past the end', (header) => {
  expect(() => parseRangeHeader(header, TOTAL)).toThrow(
    `The start of the range is larger than size of retrieved data: ${header}`,
  );
});
