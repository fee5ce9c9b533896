import { expect, test } from 'vitest';
import { parseSize } from './sizes.ts';

test.each([
  ['0KiB', 0],
  ['1KiB', 1024],
  ['64MiB', 67_108_864],
  ['10GiB', 10_737_418_240],
  ['2TiB', 2_199_023_255_552],
])('%s is %d bytes', (text, sizeBytes) => {
  expect(parseSize(text)).toBe(sizeBytes);
});

test.each(['', '64', 'MiB', '64MB', '64mib', '64 MiB', '1.5GiB', '-1KiB', '1e3KiB', '999999999999TiB', '1B'])(
  '%j is no size',
  (text) => {
    expect(parseSize(text)).toBeUndefined();
  },
);
