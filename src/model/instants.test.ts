import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { formatInstant, formatInstantSeconds, parseInstant } from './instants.ts';

const AT_MS = Date.UTC(2026, 2, 2, 10, 0, 1, 123);

describe('printing', () => {
  test('has three digits of a second, or whole seconds', () => {
    expect(formatInstant(AT_MS)).toBe('2026-03-02T10:00:01.123Z');
    expect(formatInstant(AT_MS - 123)).toBe('2026-03-02T10:00:01.000Z');
    expect(formatInstantSeconds(AT_MS)).toBe('2026-03-02T10:00:01Z');
    expect(formatInstantSeconds(AT_MS + 876)).toBe('2026-03-02T10:00:01Z');
  });

  test('is that of a date, whatever was printed before', () => {
    const day = 86_400_000;
    // The same days again and again, from one end of time to the other, and their first and last moments.
    const atMs = fc.oneof(
      fc.integer({ min: -8.64e15, max: 8.64e15 }),
      fc
        .tuple(fc.integer({ min: -2, max: 2 }), fc.constantFrom(0, 1, 999, 1000, day - 1))
        .map(([n, ms]) => n * day + ms),
    );
    fc.assert(
      fc.property(atMs, (instant) => {
        const text = new Date(instant).toISOString();
        expect(formatInstant(instant)).toBe(text);
        expect(formatInstantSeconds(instant)).toBe(`${text.slice(0, -5)}Z`);
      }),
      { numRuns: 1000 },
    );
    expect(() => formatInstant(Number.NaN)).toThrow(RangeError);
    expect(() => formatInstant(9e15)).toThrow(RangeError);
  });

  test('can be read back', () => {
    const max = Date.UTC(9999, 11, 31, 23, 59, 59, 999);
    fc.assert(
      fc.property(fc.integer({ min: Date.UTC(0, 0, 1), max }), (atMs) => {
        expect(parseInstant(formatInstant(atMs))).toBe(atMs);
        expect(parseInstant(formatInstantSeconds(atMs))).toBe(Math.floor(atMs / 1000) * 1000);
      }),
    );
  });
});

describe('reading', () => {
  test.each([
    ['2026-03-02T10:00:01Z', AT_MS - 123],
    ['2026-03-02T10:00:01.123Z', AT_MS],
    ['2026-03-02T10:00:01.1239999Z', AT_MS],
    ['2026-03-02T10:00:01.1Z', AT_MS - 23],
    ['2026-03-02T10:00:01.123', AT_MS],
    ['2026-03-02T12:30:01.123+02:30', AT_MS],
    ['2026-03-02T05:00:01.123-0500', AT_MS],
    ['2026-03-02T10:00Z', AT_MS - 1123],
    ['2026-03-02', Date.UTC(2026, 2, 2)],
    ['2024-02-29', Date.UTC(2024, 1, 29)],
    ['1969-12-31T23:59:59Z', -1000],
  ])('%s', (text, atMs) => {
    expect(parseInstant(text)).toBe(atMs);
  });

  test.each([
    '',
    'now',
    '2026',
    '2026-03',
    '2026-3-2',
    '2026-02-29',
    '2026-13-01',
    '2026-00-01',
    '2026-01-00',
    '2026-03-02T24:00:00Z',
    '2026-03-02T10:60:00Z',
    '2026-03-02T10:00:60Z',
    '2026-03-02T10Z',
    '2026-03-02Z',
    '2026-03-02T10:00:01+24:00',
    '2026-03-02T10:00:01+02:60',
    '2026-03-02T10:00:01+02',
    '2026-03-02 10:00:01',
    '20260302T100001Z',
    ' 2026-03-02',
    '2026-03-02T10:00:01z',
    '1772445601',
    '0000-01-01T00:00:00+05:00',
    '9999-12-31T23:59:59.999-00:01',
  ])('%j is no date', (text) => {
    expect(parseInstant(text)).toBeUndefined();
  });
});
