import { expect, test } from 'vitest';
import { parseDuration } from './durations.ts';

test.each([
  ['0s', 0],
  ['500ms', 500],
  ['90s', 90_000],
  ['15m', 900_000],
  ['1.5h', 5_400_000],
  ['7d', 604_800_000],
  ['0.1ms', 0],
  ['36500d', 3_153_600_000_000],
])('%s is %d ms', (text, durationMs) => {
  expect(parseDuration(text)).toBe(durationMs);
});

test.each(['', '5', 's', '-1s', '1 s', '1e3s', '1h30m', '1S', '.5s', '1.s', '36501d', '999999999999d', 'Infinitys'])(
  '%j is no duration',
  (text) => {
    expect(parseDuration(text)).toBeUndefined();
  },
);
