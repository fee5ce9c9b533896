import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { exactNumber, parseWithBigints, wholeNumber } from './whole-numbers.ts';

describe('a whole number', () => {
  test.each([
    ['0', 0n],
    ['-0', 0n],
    ['10', 10n],
    ['-7', -7n],
    ['10.0', 10n],
    ['10.50', undefined],
    ['1e3', 1000n],
    ['1E+3', 1000n],
    ['1.5e1', 15n],
    ['1.55e1', undefined],
    ['150e-1', 15n],
    ['1e-1', undefined],
    ['0e99999999', undefined],
    ['9007199254740993', 9007199254740993n],
    ['9007199254740993.0', 9007199254740993n],
    ['9.223372036854775807e18', 9223372036854775807n],
    ['9223372036854775807', 9223372036854775807n],
    ['1.00000000000000000001', undefined],
    ['1e400', undefined],
    ['1e-400', undefined],
    [`1${'0'.repeat(50)}`, undefined],
    ['0x10', undefined],
    ['1n', undefined],
    ['', undefined],
  ])('%s is %s', (source, value) => {
    expect(wholeNumber(source)).toBe(value);
  });
});

describe('JSON with whole numbers', () => {
  test('keeps every digit, and everything else', () => {
    const json = '{"a":9223372036854775807,"b":[1.5,"1",null,true,{"c":1e3}],"a2":-1}';
    expect(parseWithBigints(json)).toEqual({
      a: 9223372036854775807n,
      b: [1.5, '1', null, true, { c: 1000n }],
      a2: -1n,
    });
    expect(parseWithBigints('{"a":1,"a":9007199254740993}')).toEqual({ a: 9007199254740993n });
    expect(parseWithBigints('1e400')).toBe(Number.POSITIVE_INFINITY);
  });

  test('is printed as it was read', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(2n ** 64n), max: 2n ** 64n }), (value) => {
        const json = JSON.stringify({ value: exactNumber(value) });
        expect(json).toBe(`{"value":${value}}`);
        expect(parseWithBigints(json)).toEqual({ value });
      }),
    );
  });
});
