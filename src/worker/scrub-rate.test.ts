import { describe, expect, test } from 'vitest';
import { DAY_MS, GIB, limits } from '../model/limits.ts';
import { rateOf } from './scrub.ts';

const T0 = Date.parse('2031-05-06T07:08:09.123Z');
const EVERY_MS = 30 * DAY_MS;

describe('the rate of a pass', () => {
  const passOf = (totalBytes: number) => ({ totalBytes, doneBytes: 0, startedAtMs: T0 });

  test('gets through in most of the time that there is', () => {
    const rate = rateOf(passOf(100_000 * GIB), { everyMs: EVERY_MS, nowMs: T0 });
    expect(((100_000 * GIB) / rate) * 1000).toBeCloseTo(EVERY_MS * limits.scrubTimeShare, -3);
  });

  test('makes up for time in which the server did not run, within bounds', () => {
    const late = rateOf(passOf(100_000 * GIB), { everyMs: EVERY_MS, nowMs: T0 + 12 * DAY_MS });
    expect(((100_000 * GIB) / late) * 1000).toBeCloseTo(12 * DAY_MS, -3);
    const tooLate = rateOf(passOf(100_000 * GIB), { everyMs: EVERY_MS, nowMs: T0 + 4000 * DAY_MS });
    expect(((100_000 * GIB) / tooLate) * 1000).toBeCloseTo(EVERY_MS * limits.scrubHurryShare, -3);
  });

  test('is no slower than the floor, also when the clock was set back', () => {
    expect(rateOf(passOf(1000), { everyMs: EVERY_MS, nowMs: T0 })).toBe(limits.scrubBytesPerSecondMin);
    const back = rateOf(passOf(100_000 * GIB), { everyMs: EVERY_MS, nowMs: T0 - 4000 * DAY_MS });
    expect(((100_000 * GIB) / back) * 1000).toBeCloseTo(EVERY_MS * limits.scrubTimeShare, -3);
  });
});
