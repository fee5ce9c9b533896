import { expect, test } from 'vitest';
import { canonicalHeaders, type HeaderPair } from './headers.ts';

test('S-25 header values are trimmed, unfolded and joined', () => {
  const headers: HeaderPair[] = [
    ['B', ' \t two  \t blanks\t'],
    ['a', 'x\r\n   y'],
    ['b', ''],
    ['A', '"q  q"'],
    ['c', 'unsigned'],
  ];
  expect(canonicalHeaders(headers, ['a', 'b', 'missing'])).toBe('a:x y,"q q"\nb:two blanks,\n');
});
