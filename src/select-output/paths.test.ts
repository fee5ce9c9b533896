import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { anyText } from '../../test/support/any-text.ts';
import { tries } from '../../test/support/tries.ts';
import { namesOf } from './paths.ts';

const EXACT = { foldsCase: false };
const FOLDING = { foldsCase: true };
const pathOf = (key: string, rules = EXACT): string => namesOf(key, rules).join('/');

test.each([
  'results/abc',
  'out/2026-11/HkF9p6o7yjhFx-K3CGl6fuSm6VzW9T7esGQfco8nUXVYwS0jlb5gq1JZ55yHgt5vP54ZShjoQzQVVh7vEXAMPLE/job.txt',
  'Übersicht/結果/a b.csv',
  '.hidden/...three',
  "it's (really) $1+1=2; <ok>",
])('%s stays as it is', (key) => {
  expect(pathOf(key)).toBe(key);
});

test.each([
  ['../../etc/passwd', '%2E%2E/%2E%2E/etc/passwd'],
  ['./a', '%2E/a'],
  ['/a', '%-/a'],
  ['a//b/', 'a/%-/b/%-'],
  ['a\0b', 'a%00b'],
  ['a\nb\x7f', 'a%0Ab%7F'],
  ['a\\b', 'a%5Cb'],
  ['-rf/a-b', '%2Drf/a-b'],
  ['%2E%2E', '%252E%252E'],
  ['%-', '%25-'],
  ['a\u202eb', 'a%E2%80%AEb'],
  // e and an accent of its own, which some file systems take for the letter with the accent
  ['e\u0301', 'e%CC%81'],
  ['\u00e9', '\u00e9'],
])('%j becomes %j', (key, path) => {
  expect(pathOf(key)).toBe(path);
});

test('where capitals are taken for small letters, they are written otherwise', () => {
  expect(pathOf('Results/abc', FOLDING)).toBe('%52esults/abc');
  expect(pathOf('é', FOLDING)).toBe('%C3%A9');
});

test('a segment that no file can be called is shortened, and stays apart from its neighbours', () => {
  const long = 'x'.repeat(256);
  expect(pathOf('x'.repeat(255))).toBe('x'.repeat(255));
  expect(pathOf(`a/${long}/b`)).toMatch(/^a\/x{160}%~[0-9a-f]{64}\/b$/);
  expect(pathOf(`${long}1`)).not.toBe(pathOf(`${long}2`));
  expect(Buffer.byteLength(pathOf('結'.repeat(300)))).toBeLessThanOrEqual(255);
});

describe('whatever the keys', () => {
  const segment = fc.oneof(
    anyText({ maxLength: 8 }),
    fc.constantFrom('', '.', '..', '-', '%', '%-', '%2E', '%~', 'a', 'A', 'é', 'e\u0301', '\u212b', '\u00c5'),
    fc.integer({ min: 250, max: 300 }).map((length) => 'y'.repeat(length)),
  );
  const key = fc.array(segment, { minLength: 1, maxLength: 4 }).map((segments) => segments.join('/'));

  test.each([EXACT, FOLDING])('no name leaves its directory, with %j', (rules) => {
    fc.assert(
      fc.property(key, (text) => {
        for (const name of namesOf(text, rules)) {
          expect(['', '.', '..']).not.toContain(name);
          expect(name).not.toMatch(/^-|[/\\\p{Cc}]/u);
          expect(Buffer.byteLength(name)).toBeLessThanOrEqual(255);
        }
      }),
    );
  });

  test.each([
    ['exact', EXACT, (path: string) => path.normalize('NFC')],
    ['folding', FOLDING, (path: string) => path.normalize('NFC').toLowerCase()],
  ] as const)('two of them have two names, on a disk that is %s', (_, rules, asTheDiskSees) => {
    fc.assert(
      fc.property(key, key, (one, other) => {
        fc.pre(one !== other);
        expect(asTheDiskSees(pathOf(one, rules))).not.toBe(asTheDiskSees(pathOf(other, rules)));
      }),
      { numRuns: tries(150) },
    );
  });
});
