import { describe, expect, test, vi } from 'vitest';
import { limits, MINUTE_MS, SECOND_MS } from '../model/limits.ts';
import { backOffMs, Rests } from './rests.ts';

describe('the wait after failures', () => {
  test.each([
    [1, SECOND_MS],
    [2, 2 * SECOND_MS],
    [5, 16 * SECOND_MS],
    [9, 256 * SECOND_MS],
    [10, 5 * MINUTE_MS],
    [10_000, 5 * MINUTE_MS],
  ])('is after %i of them at most %i ms, and at least half of it', (failures, longestMs) => {
    const random = vi.spyOn(Math, 'random');
    expect(random.mockReturnValueOnce(0) && backOffMs(failures)).toBe(longestMs);
    expect(random.mockReturnValueOnce(0.999_999) && backOffMs(failures)).toBeCloseTo(longestMs / 2, -2);
    random.mockRestore();
  });
});

describe('a receiver', () => {
  test('rests after a failure, longer after each, until it takes something', () => {
    const random = vi.spyOn(Math, 'random').mockReturnValue(0);
    const rests = new Rests();
    expect(rests.untilMs(7)).toBe(0);
    rests.failed(7, 0);
    expect(rests.untilMs(7)).toBe(1000);
    rests.failed(7, 999);
    expect(rests.untilMs(7)).toBe(1000);
    rests.failed(7, 1000);
    expect(rests.untilMs(7)).toBe(3000);
    expect(rests.untilMs(null)).toBe(0);
    rests.took(7);
    expect(rests.untilMs(7)).toBe(0);
    rests.failed(7, 5000);
    expect(rests.untilMs(7)).toBe(5000 + limits.deliveryRetryMinMs);
    random.mockRestore();
  });

  test('is well from when it takes something until it does not', () => {
    const rests = new Rests();
    expect(rests.isWell(7)).toBe(false);
    rests.took(7);
    expect(rests.isWell(7)).toBe(true);
    rests.failed(7, 0);
    expect(rests.isWell(7)).toBe(false);
    rests.took(7);
    rests.keepOnly(new Set());
    expect(rests.isWell(7)).toBe(false);
  });

  test('that nothing waits for is forgotten', () => {
    const rests = new Rests();
    for (const receiver of [1, 2, null]) rests.failed(receiver, 0);
    rests.keepOnly(new Set([2, null]));
    expect([1, 2, null].map((receiver) => rests.untilMs(receiver) > 0)).toEqual([false, true, true]);
  });
});
