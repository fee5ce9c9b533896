import fc from 'fast-check';
import { expect, test } from 'vitest';
import { foldCase } from './fold.ts';

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
  const text = fc.string({ unit: 'binary', maxLength: 20 });
  fc.assert(
    fc.property(text, text, (one, other) => {
      expect(foldCase(one + other)).toBe(foldCase(one) + foldCase(other));
      expect(foldCase(one)).toHaveLength(one.length);
      expect(foldCase(foldCase(one))).toBe(foldCase(one));
      expect(foldCase(one.toLowerCase())).toHaveLength(one.toLowerCase().length);
    }),
  );
});
