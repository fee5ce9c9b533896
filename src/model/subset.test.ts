import { randomBytes } from 'node:crypto';
import { expect, test } from 'vitest';
import { bytesOf, partOf } from './subset.ts';

const ids = Array.from({ length: 5000 }, () => randomBytes(20).toString('base64url'));

test.each([1, 2, 3, 12, 1000])(
  'each archive is in exactly one of %i parts, always the same one, and none is much larger',
  (of) => {
    const sizes = new Map<number, number>();
    for (const id of ids) {
      const part = partOf(id, of);
      expect(partOf(id, of)).toBe(part);
      sizes.set(part, (sizes.get(part) ?? 0) + 1);
    }
    expect([...sizes.keys()].every((part) => part >= 1 && part <= of)).toBe(true);
    if (of <= 12) expect(Math.max(...sizes.values())).toBeLessThan((ids.length / of) * 1.5);
  },
);

test('a share is so much of all, a size what it says, and the others have no size', () => {
  expect(bytesOf({ kind: 'share', percent: 5 }, 1000)).toBe(50);
  expect(bytesOf({ kind: 'share', percent: 0.1 }, 10)).toBe(1);
  expect(bytesOf({ kind: 'size', bytes: 7 }, 1000)).toBe(7);
  expect(bytesOf({ kind: 'all' }, 1000)).toBeUndefined();
  expect(bytesOf({ kind: 'part', part: 1, of: 2 }, 1000)).toBeUndefined();
});
