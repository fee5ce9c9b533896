import fc from 'fast-check';
import { expect, test } from 'vitest';
import { canonicalQuery, sortedQuery } from './query.ts';

// The sorted forms are those that botocore gives.
test.each([
  ['', '', ''],
  ['a', 'a=', 'a='],
  ['a=', 'a=', 'a='],
  ['=a', '=a', '=a'],
  ['=', '=', '='],
  ['a=1&', '=&a=1', '=&a=1'],
  ['a=1&&b=2', '=&a=1&b=2', '=&a=1&b=2'],
  ['limit=&marker=', 'limit=&marker=', 'limit=&marker='],
  ['b&a', 'a=&b=', 'a=&b='],
  ['a=2&a=1', 'a=1&a=2', 'a=1&a=2'],
  ['a-=1&a=2', 'a=2&a-=1', 'a=2&a-=1'],
  ['b=1&A=1&a=2', 'A=1&a=2&b=1', 'A=1&a=2&b=1'],
  ['a=b=c', 'a=b%3Dc', 'a=b=c'],
  ['a=+', 'a=%2B', 'a=+'],
  ['a=%20', 'a=%20', 'a=%20'],
  ['a=%2F', 'a=%2F', 'a=%2F'],
  ['a=%2f', 'a=%2F', 'a=%2f'],
  ['a=%252F', 'a=%252F', 'a=%252F'],
  ['a=%7E&b=~', 'a=~&b=~', 'a=%7E&b=~'],
  ['a;b=;', 'a%3Bb=%3B', 'a;b=;'],
  ['a:b=c/d?', 'a%3Ab=c%2Fd%3F', 'a:b=c/d?'],
  ['%41=1', 'A=1', '%41=1'],
  ['a=%zz', 'a=%25zz', 'a=%zz'],
  ['a=%', 'a=%25', 'a=%'],
  ['a=%00&b=%FF', 'a=%00&b=%FF', 'a=%00&b=%FF'],
  ['\xe1\x88\xb4=1&a=2', '%E1%88%B4=1&a=2', 'a=2&\xe1\x88\xb4=1'],
])('S-24 %j', (query, canonical, sorted) => {
  expect(canonicalQuery(query)).toBe(canonical);
  expect(sortedQuery(query)).toBe(sorted);
});

const anyQuery = fc.string({ unit: fc.constantFrom(...'ab=&+%2fF4~:'), maxLength: 12 });

test('the canonical form is its own canonical and sorted form', () => {
  fc.assert(
    fc.property(anyQuery, (query) => {
      const canonical = canonicalQuery(query);
      expect(canonicalQuery(canonical)).toBe(canonical);
      expect(sortedQuery(canonical)).toBe(canonical);
      expect(canonicalQuery(sortedQuery(query))).toBe(canonical);
    }),
    { numRuns: 500 },
  );
});
