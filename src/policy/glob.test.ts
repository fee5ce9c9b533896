import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { tries } from '../../test/support/tries.ts';
import { ANY, compileGlob, type Piece, piecesOf } from './glob.ts';
import { type Subject, subjectOf } from './subject.ts';
import { indexText } from './text-index.ts';

const matches = (pattern: string, text: string): boolean => compileGlob(piecesOf(pattern))(subjectOf(text));

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
      { numRuns: tries(1500) },
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
        expect(compileGlob(pieces)(subjectOf(text))).toBe(literal === text);
        const inside: Piece[] = [ANY, literal, ANY];
        expect(compileGlob(inside)(subjectOf(text))).toBe(text.includes(literal));
      }),
    );
  });
});

test.each([
  ['over the border of two words', `${'-'.repeat(30)}xyz${'-'.repeat(70)}`],
  ['at the end of a word', `${'-'.repeat(61)}xyz`],
  ['at the beginning of one', `${'-'.repeat(64)}xyz-`],
  ['of an alphabet far from ours', `${'字'.repeat(40)}xyz${'字'.repeat(40)}`],
])('a chunk is found %s', (_, text) => {
  expect(matches('*xyz*', text)).toBe(true);
  expect(matches('*x?z*', text)).toBe(true);
  expect(matches('*xy?z*', text)).toBe(false);
  expect(matches('*xyz*xyz*', text)).toBe(false);
});

test('characters beyond the Latin ones are told apart', () => {
  expect(matches('*字体*', '字字体')).toBe(true);
  expect(matches('*体字*', '字字体')).toBe(false);
  expect(matches('*é?字*', 'aé-字')).toBe(true);
});

test('a subject serves many patterns', () => {
  const subject = subjectOf('abcabd');
  const found = ['*bc?b*', '*abd', '*bd?*', 'abc*?bd'].map((pattern) => compileGlob(piecesOf(pattern))(subject));
  expect(found).toEqual([true, true, false, true]);
});

/** A subject that counts how often its text is looked at, so that no clock is needed to see what matching costs. */
function watched(text: string) {
  const seen = { looks: 0 };
  const methods = {
    length: text.length,
    startsWith(wanted: string, at: number) {
      seen.looks += 1;
      return text.startsWith(wanted, at);
    },
    indexOf(wanted: string, from: number) {
      const at = text.indexOf(wanted, from);
      seen.looks += 1 + ((at < 0 ? text.length : at) - from) / 32;
      return at;
    },
    charCodeAt(at: number) {
      seen.looks += 1;
      return text.charCodeAt(at);
    },
  };
  const index = indexText(text);
  const bits = new Proxy(index.bits, {
    get(words, at) {
      seen.looks += 1;
      return words[Number(at)];
    },
  });
  const subject: Subject = { text: methods as unknown as string, index: { ...index, bits } };
  return { subject, seen };
}

describe('S-56 matching costs at most two looks a character of the pattern and word of the text, whatever they are', () => {
  test.each([
    ['four stars', () => '*a*a*a*7*'],
    ['a chunk that nearly fits everywhere', (length: number) => `*${'a'.repeat(length / 2)}b*`],
    ['a short one', () => '*ab*'],
    ['a question mark', () => '*a?b*'],
    ['question marks that fit everywhere', (length: number) => `*${'a?'.repeat(length / 4)}b*`],
    ['many chunks of question marks', (length: number) => `${'*a?'.repeat(length / 4)}*b?*`],
    ['stars without end', (length: number) => `${'*a'.repeat(length / 2)}*b*b*`],
    ['a long beginning', (length: number) => `${'a?'.repeat(length / 4)}b*`],
    ['a long end', (length: number) => `*b?a*b*${'a'.repeat(length / 2)}`],
  ])('%s', (_, patternFor) => {
    for (const length of [256, 1024, 4096]) {
      const { subject, seen } = watched(`b${'a'.repeat(length)}`);
      const pattern = patternFor(length);
      expect(compileGlob(piecesOf(pattern))(subject)).toBe(false);
      expect(seen.looks).toBeGreaterThan(0);
      expect(seen.looks).toBeLessThanOrEqual(2 * pattern.length * (1 + length / 32));
    }
  });

  test('random patterns', () => {
    const of = (marks: string, maxLength: number) => fc.string({ unit: fc.constantFrom(...marks), maxLength });
    fc.assert(
      fc.property(of('aab**?', 40), of('aab', 200), (pattern, plain) => {
        const { subject, seen } = watched(plain);
        expect(compileGlob(piecesOf(`*${pattern}`))(subject)).toBe(naive(`*${pattern}`, plain));
        expect(seen.looks).toBeLessThanOrEqual(2 * (1 + pattern.length) * (1 + Math.ceil(plain.length / 32)));
      }),
      { numRuns: tries(300) },
    );
  });
});
