import { describe, expect, test } from 'vitest';
import { parseDecimal } from './decimal.ts';
import { equal, order } from './equality.ts';
import { parseTimestamp } from './timestamp.ts';
import type { Value } from './value.ts';

const decimal = (text: string): Value => parseDecimal(text);
const timestamp = (text: string): Value => parseTimestamp(text);

/** One or two equal values of each kind, and one that is greater. */
const KINDS: Record<string, { equals: Value[]; greater: Value }> = {
  bool: { equals: [false, false], greater: true },
  number: {
    equals: [1n, 1, decimal('1.0'), decimal('1.00')],
    greater: decimal('1.0000000000000003'),
  },
  text: { equals: ['\uffff', '\uffff'], greater: '👩' },
  timestamp: {
    equals: [timestamp('2007T'), timestamp('2007-01-01T01:00:00.000+01:00')],
    greater: timestamp('2007-01-01T00:00:00.001-00:00'),
  },
};

describe.each(Object.entries(KINDS))('%s', (kind, { equals, greater }) => {
  test('equal values', () => {
    for (const a of equals) {
      for (const b of equals) {
        expect(equal(a, b)).toBe(true);
        expect(order(a, b)).toBe(0);
      }
    }
  });

  test('a greater value', () => {
    for (const a of equals) {
      expect(equal(a, greater)).toBe(false);
      expect(order(a, greater)).toBeLessThan(0);
      expect(order(greater, a)).toBeGreaterThan(0);
    }
  });

  test('values of other kinds are never equal, and in no order', () => {
    for (const other of Object.keys(KINDS).filter((name) => name !== kind)) {
      for (const b of KINDS[other]?.equals ?? []) {
        expect(equal(greater, b)).toBe(false);
        expect(order(greater, b)).toBeNull();
      }
    }
    expect(equal(1n, '1')).toBe(false);
  });

  test.each([null, undefined])('nothing is known of %s', (absent) => {
    expect([equal(absent, greater), equal(greater, absent), equal(absent, absent)]).toEqual([null, null, null]);
    expect([order(absent, greater), order(greater, absent), order(absent, absent)]).toEqual([null, null, null]);
  });
});
