import { expect, test } from 'vitest';
import { limits } from '../model/limits.ts';
import { safeEqual } from './safe-equal.ts';
import { deriveSigningKey, SigningKeyCache } from './signing-key.ts';

const SCOPE = { date: '20260301', region: 'us-east-1', service: 'glacier' };
const REQUEST = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'first', scope: SCOPE };

test('derives the key that the AWS documentation prints', () => {
  const scope = { date: '20120215', region: 'us-east-1', service: 'iam' };
  expect(deriveSigningKey('wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY', scope).toString('hex')).toBe(
    'f4780e2d9f65fa895f9c67b32ce1baf0b0d8a43505a000a1a9e090d414db404d',
  );
});

test('gives the same key again without deriving it', () => {
  const cache = new SigningKeyCache();
  const key = cache.keyFor(REQUEST);
  expect(key.equals(deriveSigningKey('first', SCOPE))).toBe(true);
  expect(cache.keyFor({ ...REQUEST, scope: { ...SCOPE } })).toBe(key);
  expect(cache.size).toBe(1);
});

test('S-07 a rotated secret does not meet the key of the old one, in either direction', () => {
  const cache = new SigningKeyCache();
  cache.keyFor(REQUEST);
  const rotated = cache.keyFor({ ...REQUEST, secretAccessKey: 'second' });
  expect(rotated.equals(deriveSigningKey('second', SCOPE))).toBe(true);
  expect(cache.keyFor(REQUEST).equals(deriveSigningKey('first', SCOPE))).toBe(true);
  expect(cache.size).toBe(1);
});

test.each([
  { accessKeyId: 'AKIDOTHER' },
  { scope: { ...SCOPE, date: '20260302' } },
  { scope: { ...SCOPE, region: 'eu-west-1' } },
  { scope: { ...SCOPE, service: 's3' } },
])('keeps apart %j', (difference) => {
  const cache = new SigningKeyCache();
  const key = cache.keyFor(REQUEST);
  const other = { ...REQUEST, ...difference };
  expect(cache.keyFor(other).equals(deriveSigningKey('first', other.scope))).toBe(true);
  expect(cache.keyFor(REQUEST)).toBe(key);
  expect(cache.size).toBe(2);
});

test('holds so many and drops the one used longest ago', () => {
  const cache = new SigningKeyCache(2);
  const [a, b, c] = ['a', 'b', 'c'].map((accessKeyId) => ({ ...REQUEST, accessKeyId }));
  const keyOfA = cache.keyFor(a!);
  const keyOfB = cache.keyFor(b!);
  cache.keyFor(a!);
  cache.keyFor(c!);
  expect(cache.size).toBe(2);
  expect(cache.keyFor(a!)).toBe(keyOfA);
  expect(cache.keyFor(b!)).not.toBe(keyOfB);
});

test('the limit has a name', () => {
  const cache = new SigningKeyCache();
  for (let day = 0; day < limits.signingKeysCachedMax + 10; day += 1) {
    cache.keyFor({ ...REQUEST, scope: { ...SCOPE, date: String(20_000_000 + day) } });
  }
  expect(cache.size).toBe(limits.signingKeysCachedMax);
});

test.each([
  ['', '', true],
  ['abc', 'abc', true],
  ['abc', 'abd', false],
  ['abc', 'abcd', false],
  ['', 'a', false],
  ['é', 'e', false],
  ['abc', Buffer.from('abc'), true],
  [Buffer.from([0, 255]), Buffer.from([0, 255]), true],
  [Buffer.from([0, 255]), Buffer.from([0, 254]), false],
])('S-03 safeEqual %j %j', (a, b, same) => {
  expect(safeEqual(a, b)).toBe(same);
  expect(safeEqual(b, a)).toBe(same);
});
