import fc from 'fast-check';
import { expect, test } from 'vitest';
import { anyText } from '../../test/support/any-text.ts';
import { parseDescription } from './description.ts';

test('a description keeps its blanks but the leading ones', () => {
  expect(parseDescription('  double  spaces  here ')).toBe('double  spaces  here ');
  expect(parseDescription(' !"\\~')).toBe('!"\\~');
});

test('none, an empty one and one of blanks are the same', () => {
  for (const text of [undefined, null, '', ' ', '     ']) expect(parseDescription(text)).toBeNull();
});

test('1,024 characters are the limit', () => {
  expect(parseDescription('d'.repeat(1024))).toHaveLength(1024);
  expect(() => parseDescription('d'.repeat(1025))).toThrow(
    'Invalid description: it has 1025 characters, the limit is 1024.',
  );
});

test('only printable ASCII is taken', () => {
  fc.assert(
    fc.property(anyText({ minLength: 1, maxLength: 3 }), (text) => {
      const description = `x${text}`;
      const printable = [...text].every((character) => character >= ' ' && character <= '~');
      if (printable) expect(parseDescription(description)).toBe(description);
      else expect(() => parseDescription(description)).toThrow('printable ASCII');
    }),
  );
});
