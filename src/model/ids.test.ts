import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  newArchiveId,
  newBlobId,
  newCapacityId,
  newJobId,
  newLockId,
  newRequestId,
  newUploadId,
  positionOfTimedId,
} from './ids.ts';

const MANY = 2000;
/** The largest instant that six bytes hold, about the year 10889. */
const INSTANT_MAX = 2 ** 48 - 1;
const BASE64URL = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';

describe('ids', () => {
  test.each([
    ['archive', newArchiveId, 138],
    ['S-03 lock', newLockId, 24],
    ['job', () => newJobId(Date.now()), 92],
    ['upload', () => newUploadId(Date.now()), 92],
    ['capacity unit', newCapacityId, 24],
  ])('of the kind %s have their length and alphabet, never begin with a dash and never repeat', (_, make, length) => {
    const ids = Array.from({ length: MANY }, make);
    for (const id of ids) {
      expect(id).toMatch(/^[A-Za-z0-9_][A-Za-z0-9_-]*$/);
      expect(id).toHaveLength(length);
      expect(Buffer.from(id, 'base64url').toString('base64url')).toBe(id);
    }
    expect(new Set(ids).size).toBe(MANY);
  });

  test('of a request have 47 characters, of a blob 32 hexadecimal digits', () => {
    for (let made = 0; made < MANY; made += 1) expect(newRequestId()).toMatch(/^[A-Za-z0-9_][A-Za-z0-9_-]{46}$/);
    expect(newBlobId()).toMatch(/^[0-9a-f]{32}$/);
  });

  test('S-44 made at the same instant have nothing in common that shows', () => {
    const tails = new Set(Array.from({ length: 100 }, () => newJobId(1000).slice(-8)));
    expect(tails.size).toBe(100);
  });
});

describe('the position of a job or an upload', () => {
  test('is that of its making', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: INSTANT_MAX }), (createdAtMs) => {
        const id = newJobId(createdAtMs);
        expect(positionOfTimedId(id)).toEqual({ createdAtMs, id });
      }),
    );
  });

  test('is none when a single character is another one', () => {
    const id = newUploadId(Date.UTC(2026, 0, 1));
    fc.assert(
      fc.property(fc.nat(id.length - 1), fc.constantFrom(...BASE64URL), (index, character) => {
        fc.pre(id[index] !== character);
        expect(positionOfTimedId(id.slice(0, index) + character + id.slice(index + 1))).toBeUndefined();
      }),
    );
  });

  test('is none for a text that was never an id', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...BASE64URL), minLength: 92, maxLength: 92 }), (text) => {
        expect(positionOfTimedId(text)).toBeUndefined();
      }),
    );
    for (const text of ['', 'x', newArchiveId(), newRequestId(), `${newJobId(1)}=`, ` ${newJobId(1)}`.slice(0, 92)]) {
      expect(positionOfTimedId(text)).toBeUndefined();
    }
  });
});
