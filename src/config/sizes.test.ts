import { expect, test } from 'vitest';
import { parseSize } from './sizes.ts';

test.each([
  ['0', 0],
  ['5000', 5000],
  ['007', 7],
  ['1KiB', 1024],
  ['64MiB', 67_108_864],
  ['10GiB', 10_737_418_240],
  ['1TiB', 1_099_511_627_776],
  ['1KB', 1000],
  ['64MB', 64_000_000],
  ['10GB', 10_000_000_000],
  ['1TB', 1_000_000_000_000],
  ['1.5GiB', 1_610_612_736],
  ['0.25KiB', 256],
  ['0.000000001GB', 1],
  ['5.0', 5],
  ['9007199254740991', Number.MAX_SAFE_INTEGER],
])('%s is %d bytes', (text, sizeBytes) => {
  expect(parseSize(text)).toBe(sizeBytes);
});

test.each([
  '',
  'GiB',
  '-1',
  '+1',
  '1 GiB',
  ' 1',
  '1e3',
  '1gib',
  '1kB',
  '1K',
  '1G',
  '1B',
  '1PiB',
  '.5MiB',
  '1.MiB',
  '1.5',
  '0.1KiB',
  '0.0000000001GB',
  '1GiB2MiB',
  '0x10',
  '1toString',
  '9007199254740992',
  '8192TiB',
  '99999999999999999',
])('%j is no size', (text) => {
  expect(parseSize(text)).toBeUndefined();
});
