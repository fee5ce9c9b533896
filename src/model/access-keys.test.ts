import { describe, expect, test } from 'vitest';
import {
  newAccessKeyId,
  newAccountId,
  newSecretAccessKey,
  newSessionToken,
  newUserId,
  PERMANENT,
  TEMPORARY,
} from './access-keys.ts';

const MANY = 10_000;

const KINDS: [string, () => string, RegExp][] = [
  ['permanent access key ids', () => newAccessKeyId(PERMANENT), /^AKIA[A-Z2-7]{16}$/],
  ['temporary access key ids', () => newAccessKeyId(TEMPORARY), /^ASIA[A-Z2-7]{16}$/],
  ['user ids', newUserId, /^AIDA[A-Z2-7]{16}$/],
  ['secret access keys', newSecretAccessKey, /^[A-Za-z0-9+/]{40}$/],
  ['session tokens', newSessionToken, /^[A-Za-z0-9+/]{128}$/],
];

describe('S-44', () => {
  test.each(KINDS)('%s have their form, never repeat, and show no order', (_, make, form) => {
    const made = Array.from({ length: MANY }, make);
    expect(made.filter((text) => !form.test(text))).toEqual([]);
    expect(new Set(made).size).toBe(MANY);
    const rising = made.filter((text, index) => text > (made[index - 1] ?? '')).length;
    expect(Math.abs(rising / MANY - 0.5)).toBeLessThan(0.05);
  });

  test.each(KINDS)('every place of %s takes every letter alike', (_, make) => {
    const made = Array.from({ length: MANY }, make);
    const length = made[0]?.length ?? 0;
    for (let place = 4; place < length; place += 1) {
      const counts = new Map<string, number>();
      for (const text of made) counts.set(text[place] ?? '', (counts.get(text[place] ?? '') ?? 0) + 1);
      expect(counts.size).toBeGreaterThanOrEqual(32);
      // Far above what chance makes of an even draw, 313 of 10,000 for 32 letters, and far below a bias that helps.
      expect(Math.max(...counts.values())).toBeLessThan(450);
    }
  });
});

test('account ids are twelve digits, the first of which may be 0', () => {
  const made = Array.from({ length: 2000 }, newAccountId);
  expect(made.filter((id) => !/^\d{12}$/.test(id))).toEqual([]);
  expect(new Set(made.map((id) => id[0])).size).toBe(10);
});
