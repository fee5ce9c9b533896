import fc from 'fast-check';
import { expect, test } from 'vitest';
import { foldAscii, foldCase } from './fold.ts';

test.each([
  ['LegalHold', 'legalhold'],
  ['ÉTÉ', 'été'],
  ['ΣΑΣ', 'σασ'],
  ['σας', 'σασ'],
  ['\u212a', 'k'],
  ['ß', 'ß'],
  ['İ', 'İ'],
  ['\u{10400}', '\u{10428}'],
  ['\ud801', '\ud801'],
])('%s becomes %s', (text, folded) => {
  expect(foldCase(text)).toBe(folded);
});

test('a text is folded as its pieces are, keeps its length, and is folded once for all', () => {
  const text = fc.string({ unit: fc.constantFrom(...'aAΣσςßẞİıſÉ字\u212a\u{10400}'), maxLength: 10 });
  fc.assert(
    fc.property(text, text, (one, other) => {
      expect(foldCase(one + other)).toBe(foldCase(one) + foldCase(other));
      expect(foldCase(one)).toHaveLength(one.length);
      expect(foldCase(foldCase(one))).toBe(foldCase(one));
    }),
  );
});

test('words of the language know the Latin letters only', () => {
  expect(foldAscii('StringLIKE')).toBe('stringlike');
  expect(foldAscii('StringLi\u212ae')).toBe('stringli\u212ae');
});
