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

const made = (make: () => string): readonly string[] => Array.from({ length: MANY }, make);
const KINDS: [string, readonly string[], RegExp][] = [
  ['permanent access key ids', made(() => newAccessKeyId(PERMANENT)), /^AKIA[A-Z2-7]{16}$/],
  ['temporary access key ids', made(() => newAccessKeyId(TEMPORARY)), /^ASIA[A-Z2-7]{16}$/],
  ['user ids', made(newUserId), /^AIDA[A-Z2-7]{16}$/],
  ['secret access keys', made(newSecretAccessKey), /^[A-Za-z0-9+/]{40}$/],
  ['session tokens', made(newSessionToken), /^[A-Za-z0-9+/]{128}$/],
];

describe('S-44', () => {
  test.each(KINDS)('%s have their form, never repeat, and show no order', (_, texts, form) => {
    expect(texts.filter((text) => !form.test(text))).toEqual([]);
    expect(new Set(texts).size).toBe(MANY);
    const rising = texts.filter((text, index) => text > (texts[index - 1] ?? '')).length;
    expect(Math.abs(rising / MANY - 0.5)).toBeLessThan(0.05);
  });

  test.each(KINDS)('every place of %s takes every letter alike', (_, texts) => {
    const length = texts[0]?.length ?? 0;
    for (let place = 4; place < length; place += 1) {
      const counts = new Map<string, number>();
      for (const text of texts) counts.set(text[place] ?? '', (counts.get(text[place] ?? '') ?? 0) + 1);
      expect(counts.size).toBeGreaterThanOrEqual(32);
      // Far above what chance makes of an even draw, 313 of 10,000 for 32 letters, and far below a bias that helps.
      expect(Math.max(...counts.values())).toBeLessThan(450);
    }
  });
});

test('account ids are twelve digits, the first of which may be 0', () => {
  const accountIds = Array.from({ length: 2000 }, newAccountId);
  expect(accountIds.filter((id) => !/^\d{12}$/.test(id))).toEqual([]);
  expect(new Set(accountIds.map((id) => id[0])).size).toBe(10);
});
