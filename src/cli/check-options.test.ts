import { expect, test } from 'vitest';
import { parseSubset } from './check-options.ts';

test.each([
  ['5%', { kind: 'share', percent: 5 }],
  ['0.5%', { kind: 'share', percent: 0.5 }],
  ['100%', { kind: 'share', percent: 100 }],
  ['3/12', { kind: 'part', part: 3, of: 12 }],
  ['12/12', { kind: 'part', part: 12, of: 12 }],
  ['50G', { kind: 'size', bytes: 50 * 2 ** 30 }],
  ['50GiB', { kind: 'size', bytes: 50 * 2 ** 30 }],
  ['1.5T', { kind: 'size', bytes: 1.5 * 2 ** 40 }],
  ['1000', { kind: 'size', bytes: 1000 }],
])('%s is read', (text, subset) => {
  expect(parseSubset(text)).toEqual(subset);
});

test.each(['', '0%', '101%', '-1%', '0/12', '13/12', '3/0', '1/2/3', '0', '0G', '5 %', 'G', '1.2.3G', 'all', '%'])(
  '%j is not',
  (text) => {
    expect(parseSubset(text)).toBeUndefined();
  },
);
