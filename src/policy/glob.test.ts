import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { bitSearch } from './bit-search.ts';
import { compileGlob, type Piece, piecesOf } from './glob.ts';

const matches = (pattern: string, text: string): boolean => compileGlob(piecesOf(pattern))(text);

/** The textbook's quadratic table: does pattern[0..i] match text[0..j]? */
function naive(pattern: string, text: string): boolean {
  let row = [true, ...Array<boolean>(text.length).fill(false)];
  for (const mark of pattern) {
    const next = [mark === '*' && row[0] === true];
    for (let j = 1; j <= text.length; j += 1) {
      const one = row[j - 1] === true && (mark === '?' || mark === text[j - 1]);
      next.push(mark === '*' ? row[j] === true || next[j - 1] === true : one);
    }
    row = next;
  }
  return row[text.length] === true;
}

test.each([
  ['', '', true],
  ['', 'a', false],
  ['*', '', true],
  ['**', 'abc', true],
  ['?', '', false],
  ['?', 'a', true],
  ['?*', '', false],
  ['?*', 'ab', true],
  ['a*', 'a', true],
  ['*a', 'ba', true],
  ['a*a', 'a', false],
  ['a*a', 'aa', true],
  ['*ab*ba*', 'aba', false],
  ['*ab*ba*', 'abba', true],
  ['a?c*e', 'abcde', true],
  ['a?c*e', 'ac', false],
  ['*a?b*', 'xaab', true],
  ['*?', 'a', true],
  ['glacier:Delete?rchive', 'glacier:DeleteArchive', true],
  ['a.c', 'abc', false],
  ['[a]', 'a', false],
  ['\\*', '*', false],
  ['\\*', '\\x', true],
  ['\0', '\0', true],
  ['?', '\0', true],
])('%j against %j', (pattern, text, expected) => {
  expect(matches(pattern, text)).toBe(expected);
});

describe('against the naive table', () => {
  const texts = (marks: string, maxLength: number) =>
    fc.array(fc.constantFrom(...marks), { maxLength }).map((found) => found.join(''));

  test('short patterns over two letters', () => {
    fc.assert(
      fc.property(texts('ab*?', 12), texts('ab', 14), (pattern, text) => {
        expect(matches(pattern, text)).toBe(naive(pattern, text));
      }),
      { numRuns: 5000 },
    );
  });

  test('chunks longer than a word of bits', () => {
    const long = fc.tuple(texts('aab?', 70), texts('aab', 5)).map(([chunk, tail]) => `*${chunk}*${tail}`);
    fc.assert(
      fc.property(long, texts('aab', 120), (pattern, text) => {
        expect(matches(pattern, text)).toBe(naive(pattern, text));
        const inside = `${text}${pattern.replaceAll('*', text.slice(0, 3)).replaceAll('?', 'b')}`;
        expect(matches(pattern, inside)).toBe(true);
      }),
      { numRuns: 500 },
    );
  });

  test('literal pieces hold no wildcards', () => {
    fc.assert(
      fc.property(texts('a*?', 5), texts('a*?', 5), (literal, text) => {
        const pieces: Piece[] = [literal];
        expect(compileGlob(pieces)(text)).toBe(literal === text);
      }),
    );
  });
});

test('a search carries bits over the borders of words', () => {
  const wanted = 'x'.repeat(31) + 'y'.repeat(40);
  const search = bitSearch(wanted, []);
  expect(search(`xxx${wanted}z`, 0)).toBe(3 + wanted.length);
  expect(search(`xxx${wanted}z`, 4)).toBe(-1);
});

/** Stands in for a text and counts the characters that are read of it, so that no clock is needed to see linear time. */
function watched(text: string) {
  const seen = { read: 0, longestPlain: 0 };
  const methods = {
    length: text.length,
    startsWith(wanted: string, at: number) {
      seen.read += wanted.length;
      return text.startsWith(wanted, at);
    },
    indexOf(wanted: string, from: number) {
      const at = text.indexOf(wanted, from);
      seen.read += (at < 0 ? text.length : at + wanted.length) - from;
      seen.longestPlain = Math.max(seen.longestPlain, wanted.length);
      return at;
    },
    charCodeAt(at: number) {
      seen.read += 1;
      return text.charCodeAt(at);
    },
  };
  return { text: methods as unknown as string, seen };
}

describe('S-56: a text is read once, and its end once more, whatever the pattern', () => {
  test.each([
    ['four stars', () => '*a*a*a*7*'],
    ['a long chunk that nearly fits everywhere', (length: number) => `*${'a'.repeat(length / 2)}b*`],
    ['question marks that fit everywhere', (length: number) => `*${'a?'.repeat(length / 4)}b*`],
    ['many chunks of question marks', (length: number) => `${'*a?'.repeat(length / 4)}*b?*`],
    ['stars without end', (length: number) => `${'*a'.repeat(length / 2)}*b*`],
    ['a long end', (length: number) => `*b*${'a'.repeat(length / 2)}`],
  ])('%s', (_, patternFor) => {
    for (const length of [256, 1024, 4096]) {
      const { text, seen } = watched('a'.repeat(length));
      expect(matches(patternFor(length), text)).toBe(false);
      expect(seen.read).toBeGreaterThanOrEqual(length);
      expect(seen.read).toBeLessThanOrEqual(2 * length);
    }
  });

  test('random patterns', () => {
    const of = (marks: string, maxLength: number) => fc.string({ unit: fc.constantFrom(...marks), maxLength });
    fc.assert(
      fc.property(of('aab**?', 40), of('aab', 200), (pattern, plain) => {
        const { text, seen } = watched(plain);
        expect(matches(`*${pattern}`, text)).toBe(naive(`*${pattern}`, plain));
        expect(seen.read).toBeLessThanOrEqual(2 * plain.length);
      }),
      { numRuns: 1000 },
    );
  });

  test("the engine's own search, which is not linear, gets short chunks only", () => {
    const { text, seen } = watched('a'.repeat(100));
    for (let length = 1; length < 100; length += 1) matches(`*${'a'.repeat(length)}*`, text);
    expect(seen.longestPlain).toBe(32);
  });
});
