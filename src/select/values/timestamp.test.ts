import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compareTimestamps, parseTimestamp, printTimestamp, Timestamp, timestampOf } from './timestamp.ts';

const timestamp = (text: string): Timestamp => {
  const value = parseTimestamp(text);
  if (value === undefined) throw new Error(`no timestamp: ${text}`);
  return value;
};

test.each([
  ['2007T'],
  ['2007-02T'],
  ['2007-02-23'],
  ['2007-02-23T', '2007-02-23'],
  ['2007-02-23T12:14Z'],
  ['2007-02-23T12:14+00:00', '2007-02-23T12:14Z'],
  ['2007-02-23T12:14-00:00'],
  ['2007-02-23T12:14:33.079-08:00'],
  ['2007-02-23T12:14:33.0790Z'],
  ['0001-01-01T00:00:00+23:59'],
  ['9999-12-31T23:59:59.999999999999999999-23:59'],
  ['2000-02-29'],
  ['2024-02-29'],
])('%s is a timestamp', (text, printed = text) => {
  expect(printTimestamp(timestamp(text))).toBe(printed);
});

test.each([
  '',
  '2007',
  '2007-02',
  '0000T',
  '10000T',
  '2007-00T',
  '2007-13T',
  '2007-02-29',
  '1900-02-29T',
  '2007-04-31',
  '2007-02-23T12Z',
  '2007-02-23T12:14',
  '2007-02-23Z',
  '2007-02-23T+01:00',
  '2007-02-23T24:00Z',
  '2007-02-23T12:60Z',
  '2007-02-23T12:14:60Z',
  '2007-02-23T12:14:33.Z',
  '2007-02-23T12:14+24:00',
  '2007-02-23T12:14+00:60',
  '2007-02-23T12:14+0800',
  '2007-02-23 12:14Z',
  '2007-02-23T12:14z',
  ' 2007T',
  '2007T\n',
  `2007-02-23T12:14:33.${'1'.repeat(60)}Z`,
])('%j is none', (text) => {
  expect(parseTimestamp(text)).toBeUndefined();
});

test.each([
  ['2007T', '2007-01-01T00:00Z', 0],
  ['2007-02T', '2007-01-31T23:59:59.999Z', 1],
  ['2007-02-23T12:14-00:00', '2007-02-23T12:14:00.000Z', 0],
  ['2007-02-23T12:14+01:00', '2007-02-23T11:14Z', 0],
  ['2007-02-23T00:30+01:00', '2007-02-23', -1],
  ['2007-02-23T12:14:33.1Z', '2007-02-23T12:14:33.10Z', 0],
  ['2007-02-23T12:14:33.1Z', '2007-02-23T12:14:33.09Z', 1],
  ['2007-02-23T12:14:33.1Z', '2007-02-23T12:14:33.1000000000000001Z', -1],
  ['0099T', '0100T', -1],
  ['0001T', '1970T', -1],
])('%s against %s by instant: %s', (a, b, expected) => {
  expect(Math.sign(compareTimestamps(timestamp(a), timestamp(b)))).toBe(expected);
  expect(Math.sign(compareTimestamps(timestamp(b), timestamp(a)))).toBe(expected === 0 ? 0 : -expected);
});

test('an instant is shown in UTC with its milliseconds', () => {
  expect(printTimestamp(timestampOf(Date.UTC(2017, 9, 13, 16, 2, 11, 120)))).toBe('2017-10-13T16:02:11.120Z');
  expect(printTimestamp(timestampOf(-1))).toBe('1969-12-31T23:59:59.999Z');
});

describe('against Date', () => {
  const instants = fc.integer({ min: Date.parse('0001-01-02T00:00:00Z'), max: Date.parse('9999-12-30T00:00:00Z') });

  test('every instant is read again as it was printed', () => {
    fc.assert(
      fc.property(instants, (atMs) => {
        const printed = printTimestamp(timestampOf(atMs));
        expect(printed).toBe(new Date(atMs).toISOString());
        expect(parseTimestamp(printed)).toEqual(timestampOf(atMs));
      }),
    );
  });

  test('the instants of offsets are in order', () => {
    const offsets = fc.integer({ min: -1439, max: 1439 });
    fc.assert(
      fc.property(instants, instants, offsets, (a, b, offset) => {
        const elsewhere = new Timestamp({ ...timestampOf(a + offset * 60_000), offset });
        expect(compareTimestamps(elsewhere, timestampOf(a))).toBe(0);
        expect(Math.sign(compareTimestamps(elsewhere, timestampOf(b)))).toBe(Math.sign(a - b));
      }),
    );
  });
});
