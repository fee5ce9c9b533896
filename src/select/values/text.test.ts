import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { charLength, compareText, lower, substring, trim, upper } from './text.ts';

/** Of one, two, three and four bytes; a base and its modifier are two characters. */
const texts = fc
  .array(fc.constantFrom('a', 'b', ' ', 'é', '話', '\uffff', '👩', '🏽', '😸'), { maxLength: 12 })
  .map((characters) => characters.join(''));

describe('SUBSTRING', () => {
  test.each([
    ['123456789', 0, null, '123456789'],
    ['123456789', 1, null, '123456789'],
    ['123456789', 2, null, '23456789'],
    ['123456789', -4, null, '123456789'],
    ['123456789', 0, 999, '123456789'],
    ['123456789', 1, 5, '12345'],
    ['12345', 0, 5, '1234'],
    ['12345', -1, 3, '1'],
    ['12345', -3, 2, ''],
    ['12345', 6, 1, ''],
    ['12345', 2, 0, ''],
    ['👩🏽b', 2, 1, '🏽'],
    ['a👩🏽b', 3, 9, '🏽b'],
    ['', 1, 1, ''],
  ])('of %j from %s for %s is %j', (text, start, length, expected) => {
    expect(substring(text, BigInt(start), length === null ? null : BigInt(length))).toBe(expected);
  });

  test('numbers may be as large as they are', () => {
    const [max, min] = [2n ** 63n - 1n, -(2n ** 63n)];
    expect(substring('abc', min, max)).toBe('');
    expect(substring('abc', 2n, max)).toBe('bc');
    expect(substring('abc', max, max)).toBe('');
    expect(substring('abc', min, null)).toBe('abc');
  });

  test('a negative length is an error', () => {
    expect(() => substring('abc', 2n, -1n)).toThrow(
      expect.objectContaining({ code: 'EvaluatorInvalidArguments', message: expect.stringContaining('-1') }),
    );
  });

  test('against an array of characters', () => {
    const places = fc.integer({ min: -15, max: 15 });
    fc.assert(
      fc.property(texts, places, fc.option(fc.nat(15)), (text, start, length) => {
        const end = length === null ? Number.POSITIVE_INFINITY : start + length;
        const expected = [...text].filter((_, index) => index + 1 >= start && index + 1 < end).join('');
        expect(substring(text, BigInt(start), length === null ? null : BigInt(length))).toBe(expected);
      }),
    );
  });
});

describe('TRIM', () => {
  test.each([
    ['both', undefined, '  foo bar \t ', 'foo bar \t'],
    ['leading', undefined, '  foo  ', 'foo  '],
    ['trailing', undefined, '  foo  ', '  foo'],
    ['both', '12', '1112211foobar22211122', 'foobar'],
    ['leading', '12', '111112a1212121211', 'a1212121211'],
    ['both', '💩😸', '💩😸1💩a💩😸', '1💩a'],
    ['both', '👶🏻', '👶🏻👩👶🏻', '👩'],
    ['both', '', ' a ', ' a '],
    ['both', undefined, '    ', ''],
    ['both', undefined, '', ''],
    // Half of a character is none.
    ['both', '\ud83d', '👩', '👩'],
  ] as const)('%s %j of %j is %j', (side, characters, text, expected) => {
    expect(trim(text, characters === undefined ? { side } : { side, characters })).toBe(expected);
  });
});

test('the length counts characters', () => {
  expect(['', 'abc', '👩🏽', 'é', 'e\u0301', '\ud83d', '\udc69\ud83d'].map(charLength)).toEqual([0, 3, 2, 1, 2, 1, 2]);
  fc.assert(fc.property(texts, (text) => charLength(text) === [...text].length));
});

test('cases are changed by no language in particular', () => {
  expect(upper('straße iı é')).toBe('STRASSE II É');
  expect(lower('ABC İI É ΟΔΟΣ')).toBe('abc i\u0307i é οδος');
});

test('texts sort as their bytes in UTF-8', () => {
  fc.assert(
    fc.property(texts, texts, (a, b) => {
      expect(Math.sign(compareText(a, b))).toBe(Buffer.compare(Buffer.from(a), Buffer.from(b)));
    }),
  );
  expect(compareText('\uffff', '👩')).toBeLessThan(0);
  expect(compareText('5', '41')).toBeGreaterThan(0);
  expect(compareText('a', 'ab')).toBeLessThan(0);
});
