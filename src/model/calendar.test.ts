import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { dayOf, daysInMonthOf, oneMonthAfter } from './calendar.ts';
import { DAY_MS } from './limits.ts';

const at = (text: string): number => Date.parse(text);
const anyInstant = fc.integer({ min: at('0001-01-01T00:00:00Z'), max: at('9998-12-31T23:59:59.999Z') });

test.each([
  ['2026-03-02T00:00:00.000Z', '2026-03-02'],
  ['2026-03-02T23:59:59.999Z', '2026-03-02'],
  ['2024-02-29T12:00:00.000Z', '2024-02-29'],
])('%s is on %s', (instant, day) => {
  expect(dayOf(at(instant))).toBe(day);
});

test.each([
  ['2026-01-31T23:59:59.999Z', 31],
  ['2026-02-01T00:00:00.000Z', 28],
  ['2028-02-29T00:00:00.000Z', 29],
  ['2100-02-01T00:00:00.000Z', 28],
  ['2000-02-01T00:00:00.000Z', 29],
  ['2026-04-30T00:00:00.000Z', 30],
  ['2026-12-31T23:59:59.999Z', 31],
])('the month of %s has %d days', (instant, days) => {
  expect(daysInMonthOf(at(instant))).toBe(days);
});

describe('one month after', () => {
  test.each([
    ['2020-02-18T19:59:24.912Z', '2020-03-18T19:59:24.000Z'],
    ['2026-01-31T10:00:00.000Z', '2026-02-28T10:00:00.000Z'],
    ['2028-01-31T10:00:00.000Z', '2028-02-29T10:00:00.000Z'],
    ['2028-01-30T10:00:00.000Z', '2028-02-29T10:00:00.000Z'],
    ['2026-01-28T10:00:00.000Z', '2026-02-28T10:00:00.000Z'],
    ['2028-02-29T10:00:00.000Z', '2028-03-29T10:00:00.000Z'],
    ['2026-03-31T23:59:59.999Z', '2026-04-30T23:59:59.000Z'],
    ['2026-11-30T00:00:00.000Z', '2026-12-30T00:00:00.000Z'],
    ['2026-12-31T00:00:00.001Z', '2027-01-31T00:00:00.000Z'],
    ['2099-12-31T23:59:59.999Z', '2100-01-31T23:59:59.000Z'],
    ['2100-01-31T00:00:00.000Z', '2100-02-28T00:00:00.000Z'],
  ])('%s comes %s', (from, to) => {
    expect(new Date(oneMonthAfter(at(from))).toISOString()).toBe(to);
  });

  test('comes the next month, at the same second, on the same day or on its last', () => {
    fc.assert(
      fc.property(anyInstant, (fromMs) => {
        const [from, to] = [new Date(fromMs), new Date(oneMonthAfter(fromMs))];
        expect(to.getUTCMonth()).toBe((from.getUTCMonth() + 1) % 12);
        expect(to.toISOString().slice(11)).toBe(`${from.toISOString().slice(11, 19)}.000Z`);
        const isLast = new Date(to.getTime() + DAY_MS).getUTCDate() === 1;
        if (to.getUTCDate() !== from.getUTCDate()) {
          expect(to.getUTCDate()).toBeLessThan(from.getUTCDate());
          expect(isLast).toBe(true);
        }
      }),
    );
  });
});
