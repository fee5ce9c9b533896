import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { GIB } from './limits.ts';
import { hasCapacity, keepsPolicy, type StandardLoad } from './retrieval-limits.ts';

const JANUARY = Date.parse('2031-01-31T23:59:59.999Z');
const FEBRUARY = Date.parse('2031-02-01T00:00:00.000Z');

const keeps = (load: StandardLoad, sizeBytes: number, { atMs = JANUARY, freeBytesPerMonth = 0 } = {}): boolean =>
  keepsPolicy(load, { sizeBytes, atMs, freeBytesPerMonth });

describe('BytesPerHour', () => {
  const rate = (bytesPerHour: bigint, runningBytes = 0n): StandardLoad => ({
    strategy: 'BytesPerHour',
    bytesPerHour,
    runningBytes,
  });

  test('lets four hours of bytes run at once, and not one more', () => {
    expect(keeps(rate(1000n), 4000)).toBe(true);
    expect(keeps(rate(1000n), 4001)).toBe(false);
    expect(keeps(rate(1000n, 3999n), 1)).toBe(true);
    expect(keeps(rate(1000n, 4000n), 1)).toBe(false);
    expect(keeps(rate(1000n), 300_000)).toBe(false);
    expect(keeps(rate(1n), 5)).toBe(false);
  });

  test('is exact beyond what numbers are', () => {
    const cap = 2n ** 63n - 1n;
    expect(keeps(rate(cap, cap * 4n - 1n), 1)).toBe(true);
    expect(keeps(rate(cap, cap * 4n - 1n), 2)).toBe(false);
    expect(keeps(rate(2n ** 53n, 2n ** 55n), 1)).toBe(false);
  });
});

describe('FreeTier', () => {
  const free = (dayBytes: bigint): StandardLoad => ({ strategy: 'FreeTier', dayBytes });

  test('gives each day its share of the month, by the length of the month', () => {
    const january = { atMs: JANUARY, freeBytesPerMonth: 3100 };
    expect(keeps(free(0n), 100, january)).toBe(true);
    expect(keeps(free(0n), 101, january)).toBe(false);
    expect(keeps(free(60n), 40, january)).toBe(true);
    expect(keeps(free(60n), 41, january)).toBe(false);
    const february = { atMs: FEBRUARY, freeBytesPerMonth: 2800 };
    expect(keeps(free(0n), 100, february)).toBe(true);
    expect(keeps(free(0n), 101, february)).toBe(false);
  });

  test('divides without rounding up, and gives nothing of nothing', () => {
    const share = Math.floor((10 * GIB) / 31);
    expect(keeps(free(0n), share, { freeBytesPerMonth: 10 * GIB })).toBe(true);
    expect(keeps(free(0n), share + 1, { freeBytesPerMonth: 10 * GIB })).toBe(false);
    expect(keeps(free(0n), 1, { freeBytesPerMonth: 0 })).toBe(false);
    expect(keeps(free(2n ** 60n), 1, { freeBytesPerMonth: Number.MAX_SAFE_INTEGER })).toBe(false);
  });
});

test('None lets everything through', () => {
  fc.assert(fc.property(fc.maxSafeNat(), (sizeBytes) => keeps({ strategy: 'None' }, sizeBytes)));
});

describe('capacity for Expedited jobs', () => {
  test('is there while slots are free', () => {
    expect(hasCapacity({ running: 0, units: 0, recent: 0 }, 1)).toBe(true);
    expect(hasCapacity({ running: 1, units: 0, recent: 0 }, 1)).toBe(false);
    expect(hasCapacity({ running: 0, units: 0, recent: 0 }, 0)).toBe(false);
    expect(hasCapacity({ running: 4, units: 0, recent: 99 }, 5)).toBe(true);
  });

  test('is there for three jobs of each unit when no slot is free', () => {
    expect(hasCapacity({ running: 9, units: 1, recent: 2 }, 1)).toBe(true);
    expect(hasCapacity({ running: 9, units: 1, recent: 3 }, 1)).toBe(false);
    expect(hasCapacity({ running: 9, units: 2, recent: 5 }, 0)).toBe(true);
    expect(hasCapacity({ running: 9, units: 2, recent: 6 }, 0)).toBe(false);
  });
});
