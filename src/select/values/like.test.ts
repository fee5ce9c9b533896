import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compileLike } from './like.ts';

const matches = (pattern: string, text: string, escapeCharacter: string | null = null): boolean =>
  compileLike(pattern, escapeCharacter).matches(text);

/** The textbook's quadratic table over characters: does pattern[0..i] match text[0..j]? */
function naive(pattern: string, given: string): boolean {
  const text = [...given];
  let row = [true, ...Array<boolean>(text.length).fill(false)];
  for (const mark of pattern) {
    const next = [mark === '%' && row[0] === true];
    for (let j = 1; j <= text.length; j += 1) {
      const one = row[j - 1] === true && (mark === '_' || mark === text[j - 1]);
      next.push(mark === '%' ? row[j] === true || next[j - 1] === true : one);
    }
    row = next;
  }
  return row[text.length] === true;
}

test.each([
  ['', '', true],
  ['', 'a', false],
  ['%', '', true],
  ['%%', 'a\nb', true],
  ['_', '', false],
  ['_', '\n', true],
  ['_', '👩', true],
  ['_', '👩🏽', false],
  ['__', '👩🏽', true],
  ['%_', '', false],
  ['_%_', 'a', false],
  ['a%a', 'a', false],
  ['a%a', 'aa', true],
  ['%ab%ba%', 'aba', false],
  ['%ab%ba%', 'abba', true],
  ['%a_c%e', 'xabcde', true],
  ['%a__c%', 'abc', false],
  ['%👩_b%', 'a👩🏽b', true],
  ['abc', 'ABC', false],
  ['a.c', 'abc', false],
  ['a*', 'a*', true],
  ['\\%', '\\x', true],
  ['%é%', 'e\u0301', false],
  ['_\udc69', '👩', false],
])('%j against %j: %s', (pattern, text, expected) => {
  expect(matches(pattern, text)).toBe(expected);
});

describe('against the naive table', () => {
  const texts = (marks: string, maxLength: number) =>
    fc.array(fc.constantFrom(...marks), { maxLength }).map((found) => found.join(''));

  test.each([
    ['few letters', 'ab%_', 'ab', 14],
    ['letters of all sizes', 'aé👩🏽%_', 'aé👩🏽', 14],
    ['long stretches with holes', 'aaaab____%', 'aaaab', 90],
    ['long stretches without', 'aaaaaaab%', 'aaaaaaaaab', 150],
  ])('%s', (_, marks, letters, length) => {
    fc.assert(
      fc.property(texts(marks, length), texts(letters, length + 10), (pattern, text) => {
        expect(matches(pattern, text)).toBe(naive(pattern, text));
      }),
      { numRuns: 200 },
    );
  });

  test.each([
    ['pieces of a text with holes', '_'],
    ['pieces of a text', ''],
  ])('%s', (_, hole) => {
    const pieces = fc.array(fc.tuple(fc.nat(120), fc.nat(100), fc.nat(99)), { maxLength: 3 });
    fc.assert(
      fc.property(texts('aab👩', 250), pieces, (text, cuts) => {
        const characters = [...text];
        const stretches = cuts.map(([from, length, at]) => {
          const stretch = characters.slice(from, from + length);
          if (hole !== '' && at < stretch.length) stretch[at] = hole;
          return stretch.join('');
        });
        const pattern = `%${stretches.join('%')}%`;
        expect(matches(pattern, text)).toBe(naive(pattern, text));
      }),
      { numRuns: 200 },
    );
  });
});

describe('ESCAPE', () => {
  test.each([
    ['a!%', '!', 'a%', true],
    ['a!%', '!', 'ab', false],
    ['!_%', '!', '_b', true],
    ['!!', '!', '!', true],
    ['%%', '%', '%', true],
    ['_%', '_', '%', true],
    ['a👩%', '👩', 'a%', true],
    ['%!%!%%', '!', 'x%%y', true],
    ['%!%!%%', '!', 'x%y%', false],
    ['abc', '!', 'abc', true],
  ])('%j with %j against %j: %s', (pattern, escapeCharacter, text, expected) => {
    expect(matches(pattern, text, escapeCharacter)).toBe(expected);
  });

  test.each([
    ['a', '', "ESCAPE must be one character: ''"],
    ['a', '!!', "ESCAPE must be one character: '!!'"],
    ['a', '👩🏽', "ESCAPE must be one character: '👩🏽'"],
    ['!a', '!', "'!' must stand before %, _ or itself in LIKE '!a'"],
    ['a!', '!', "LIKE 'a!' ends with its escape character"],
    ['a!!!', '!', "LIKE 'a!!!' ends with its escape character"],
  ])('%j with %j is wrong', (pattern, escapeCharacter, message) => {
    expect(() => compileLike(pattern, escapeCharacter)).toThrow(
      expect.objectContaining({ code: 'EvaluatorLikePatternInvalidEscapeSequence', message }),
    );
  });
});

const GENERAL = { kind: 'general' };

test.each([
  ['abc', { kind: 'exact', text: 'abc' }],
  ['', { kind: 'exact', text: '' }],
  ['a!%!_', { kind: 'exact', text: 'a%_' }],
  ['abc%', { kind: 'prefix', text: 'abc' }],
  ['%', { kind: 'prefix', text: '' }],
  ['%%', { kind: 'prefix', text: '' }],
  ['%abc', { kind: 'suffix', text: 'abc' }],
  ['%%👩%%%', { kind: 'infix', text: '👩' }],
  [`%${'a'.repeat(80)}%`, { kind: 'infix', text: 'a'.repeat(80) }],
  [`%${'a'.repeat(81)}%`, GENERAL],
  ['a%b', GENERAL],
  ['%a%b%', GENERAL],
  ['a_', GENERAL],
  ['_%', GENERAL],
])('the shape of %j', (pattern, shape) => {
  expect(compileLike(pattern, '!').shape).toEqual(shape);
});

describe('S-83 patterns that take for ever elsewhere', () => {
  const long = 'a'.repeat(1_000_000);

  test.each([
    ['many wildcards', `${'%a'.repeat(60_000)}%`, true],
    ['many wildcards, and nothing at the end', `${'%a'.repeat(60_000)}b`, false],
    ['a long stretch that almost stands everywhere', `%${'a'.repeat(60_000)}b%`, false],
    ['the same with the stranger in the middle', `%${'a'.repeat(4000)}b${'a'.repeat(4000)}%`, false],
    ['holes', `%${'a_'.repeat(63)}b%`, false],
    ['nothing but holes', `%${'_'.repeat(10_000)}%`, true],
  ])('%s', (_, pattern, expected) => {
    expect(matches(pattern, long)).toBe(expected);
  });

  test('as many holes as characters, and one too many', () => {
    const holes = '_'.repeat(10_000);
    expect(matches(holes, long.slice(0, 10_000))).toBe(true);
    expect(matches(`%${holes}_%`, long.slice(0, 10_000))).toBe(false);
  });

  test('a stretch with holes has a limit, wherever it is looked for', () => {
    const holes = (length: number): string => `a${'_'.repeat(length - 2)}b`;
    expect(matches(`%${holes(128)}%`, `x${'a'.repeat(127)}b`)).toBe(true);
    expect(() => compileLike(`%${holes(129)}%`, null)).toThrow(expect.objectContaining({ code: 'LikeInvalidInputs' }));
    const [plain, ends] = ['a'.repeat(500), '_'.repeat(500)];
    expect(() => compileLike(`${holes(500)}%${ends}${plain}${ends}%${holes(500)}`, null)).not.toThrow();
  });
});
