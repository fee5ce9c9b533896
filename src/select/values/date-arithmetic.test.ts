import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { DatePart } from '../sql/syntax.ts';
import { dateAdd, dateDiff, extract } from './date-arithmetic.ts';
import { printValue } from './print.ts';
import { compareTimestamps, parseTimestamp, printTimestamp, type Timestamp, timestampOf } from './timestamp.ts';

const timestamp = (text: string): Timestamp => {
  const value = parseTimestamp(text);
  if (value === undefined) throw new Error(`no timestamp: ${text}`);
  return value;
};

describe('DATE_ADD', () => {
  test.each([
    // Those of the SQL reference.
    ['year', 5n, '2010-01-01T', '2015-01-01'],
    ['month', 1n, '2010T', '2010-02T'],
    ['month', 13n, '2010T', '2011-02T'],
    ['day', -1n, '2017-01-10T', '2017-01-09'],
    ['hour', 1n, '2017T', '2017-01-01T01:00-00:00'],
    ['hour', 1n, '2017-01-02T03:04Z', '2017-01-02T04:04Z'],
    ['minute', 1n, '2017-01-02T03:04:05.006Z', '2017-01-02T03:05:05.006Z'],
    ['second', 1n, '2017-01-02T03:04:05.006Z', '2017-01-02T03:04:06.006Z'],
    // A part makes the timestamp as precise as it is.
    ['year', 1n, '2017T', '2018T'],
    ['year', 1n, '2017-01T', '2018-01T'],
    ['day', 1n, '2017T', '2017-01-02'],
    ['minute', 1n, '2017T', '2017-01-01T00:01-00:00'],
    ['second', 1n, '2017-01T', '2017-01-01T00:00:01-00:00'],
    ['second', 1n, '2017-01-02T03:04Z', '2017-01-02T03:04:01Z'],
    ['hour', 0n, '2017-01-02T03:04:05Z', '2017-01-02T03:04:05Z'],
    // A day that the month does not have.
    ['month', 1n, '2017-01-31', '2017-02-28'],
    ['month', -1n, '2016-03-31', '2016-02-29'],
    ['month', -13n, '2017-01-31', '2015-12-31'],
    ['year', 1n, '2016-02-29T10:00+02:00', '2017-02-28T10:00+02:00'],
    // Over the ends of days and years, by the clocks of the place.
    ['day', 420n, '2017T', '2018-02-25'],
    ['hour', 2n, '2017-12-31T23:30+08:00', '2018-01-01T01:30+08:00'],
    ['second', -1n, '2017-01-01T00:00:00.5-00:00', '2016-12-31T23:59:59.5-00:00'],
    ['year', -1n, '0100-01-01', '0099-01-01'],
  ] as const)('%s %s to %s is %s', (part, quantity, text, expected) => {
    expect(printTimestamp(dateAdd(part, quantity, timestamp(text)))).toBe(expected);
  });

  test.each([
    ['year', 1n, '9999T'],
    ['year', -1n, '0001T'],
    ['second', 1n, '9999-12-31T23:59:59Z'],
    ['day', 10n ** 11n, '2017T'],
    ['second', 10n ** 300n, '2017T'],
    ['month', -(10n ** 12n), '2017T'],
    ['timezone_hour', 1n, '2017T'],
    ['timezone_minute', 1n, '2017T'],
  ] as const)('%s %s to %s cannot be', (part, quantity, text) => {
    expect(() => dateAdd(part, quantity, timestamp(text))).toThrow(
      expect.objectContaining({ code: 'EvaluatorInvalidArguments', message: expect.stringMatching(/^DATE_ADD/) }),
    );
  });
});

describe('DATE_DIFF', () => {
  test.each([
    // Those of the SQL reference, but for those that contradict its rules.
    ['year', '2010-01-01T', '2011-01-01T', 1n],
    ['month', '2010T', '2010-05T', 4n],
    ['year', '2010T', '2010-05T', 0n],
    ['month', '2010T', '2011T', 12n],
    ['month', '2011T', '2010T', -12n],
    ['day', '2010-01-01T23:00Z', '2010-01-02T01:00Z', 0n],
    ['day', '2010-01-01T23:00Z', '2010-01-02T23:00Z', 1n],
    ['day', '2017T', '2018T', 365n],
    ['hour', '2017T', '2018T', 8760n],
    ['minute', '2017-01-01T00:00Z', '2017-01-01T01:00+00:30', 30n],
    ['second', '2017-01-01T00:00:00.9Z', '2017-01-01T00:00:02.8Z', 1n],
    ['second', '2017-01-01T00:00:02.8Z', '2017-01-01T00:00:00.9Z', -1n],
    ['month', '2017-01-31', '2017-02-28', 0n],
    ['month', '2017-02-28', '2017-03-31', 1n],
    ['month', '2017-01-15T10:00Z', '2017-02-15T09:59Z', 0n],
    ['month', '2017-01-15T10:00:00.2Z', '2017-02-15T10:00:00.1Z', 0n],
    ['month', '2021-04-01T00:00+08:00', '2021-05-01T00:00+08:00', 1n],
    ['year', '2016-02-29', '2017-02-28', 0n],
    ['year', '2018T', '2016-12-31', -1n],
    ['hour', '2025-01-15T10:30+05:00', '2025-01-15T10:30-03:00', 8n],
  ] as const)('%s from %s to %s: %s', (part, from, to, expected) => {
    expect(dateDiff(part, timestamp(from), timestamp(to))).toBe(expected);
  });

  test('offsets are not counted', () => {
    expect(() => dateDiff('timezone_hour', timestamp('2017T'), timestamp('2018T'))).toThrow(
      'DATE_DIFF does not take the part timezone_hour',
    );
  });
});

test.each([
  ['year', '2010-01-01T', '2010'],
  ['month', '2010T', '1'],
  ['month', '2010-10T', '10'],
  ['day', '2010-10T', '1'],
  ['hour', '2017-01-02T03:04:05+07:08', '3'],
  ['minute', '2017-01-02T03:04:05+07:08', '4'],
  ['second', '2017-01-02T03:04:05+07:08', '5'],
  ['second', '2017-01-02T03:04:05.070Z', '5.070'],
  ['timezone_hour', '2017-01-02T03:04:05+07:08', '7'],
  ['timezone_minute', '2017-01-02T03:04:05+07:08', '8'],
  ['timezone_hour', '2017-01-02T03:04:05-07:08', '-7'],
  ['timezone_minute', '2017-01-02T03:04:05-07:08', '-8'],
  ['timezone_hour', '2017T', '0'],
  ['timezone_minute', '2017-01-02T03:04-00:00', '0'],
] as const)('EXTRACT(%s FROM %s) is %s', (part, text, expected) => {
  expect(printValue(extract(part, timestamp(text)))).toBe(expected);
});

describe('together', () => {
  const instants = fc
    .integer({ min: Date.parse('1100-01-01T00:00:00Z'), max: Date.parse('8900-01-01T00:00:00Z') })
    .map(timestampOf);
  const parts = fc.constantFrom<DatePart[]>('year', 'month', 'day', 'hour', 'minute', 'second');

  test('what was added is the difference, unless a day was cut', () => {
    fc.assert(
      fc.property(parts, fc.bigInt({ min: -1000n, max: 1000n }), instants, (part, quantity, at) => {
        const added = dateAdd(part, quantity, at);
        if (added.day === at.day || (part !== 'year' && part !== 'month')) {
          expect(dateDiff(part, at, added)).toBe(quantity);
        }
      }),
    );
  });

  test('a difference is the most that can be added without going beyond', () => {
    fc.assert(
      fc.property(parts, instants, instants, (part, a, b) => {
        const [from, to] = compareTimestamps(a, b) <= 0 ? [a, b] : [b, a];
        const units = dateDiff(part, from, to);
        expect(compareTimestamps(dateAdd(part, units, from), to)).toBeLessThanOrEqual(0);
        const next = dateAdd(part, units + 1n, from);
        // A day that was cut is not a whole month yet.
        if (next.day === from.day || (part !== 'year' && part !== 'month')) {
          expect(compareTimestamps(next, to)).toBeGreaterThan(0);
        }
        expect(dateDiff(part, to, from)).toBe(-units);
      }),
    );
  });
});
