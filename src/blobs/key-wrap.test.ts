import { expect, test } from 'vitest';
import { masterKeyId, unwrapKey, wrapKey, wrappedBy } from './key-wrap.ts';
import { DATA_KEY_BYTES, KeyDamagedError, WRAPPED_KEY_BYTES } from './master-keys.ts';

const MASTER_KEY = Buffer.from(Array.from({ length: 32 }, (_, index) => index));
const DATA_KEY = Buffer.from(Array.from({ length: 32 }, (_, index) => 255 - index));

/** Made with another implementation of AES-GCM (pyca/cryptography), with the nonce 404142434445464748494a4b. */
const KNOWN = Buffer.from(
  '630dcd2966c43366404142434445464748494a4b1d4753dfddc67efb3a32e2c26896e2ab9628bfb05cdfe6cb90a1ab0174f10c3b48e1eb9a6ac303e34cd5e67efd7b6dcb',
  'hex',
);

test('a master key is known by the beginning of its SHA-256', () => {
  expect(masterKeyId(MASTER_KEY)).toBe('630dcd2966c43366');
  expect(wrappedBy(KNOWN)).toBe('630dcd2966c43366');
});

test('what another implementation has wrapped is unwrapped', () => {
  expect(unwrapKey(KNOWN, MASTER_KEY)).toEqual(DATA_KEY);
});

test('what is wrapped has the form that is described, and never looks alike', () => {
  const [one, other] = [wrapKey(DATA_KEY, MASTER_KEY), wrapKey(DATA_KEY, MASTER_KEY)];
  expect(one).toHaveLength(WRAPPED_KEY_BYTES);
  expect(one.subarray(0, 8)).toEqual(KNOWN.subarray(0, 8));
  expect(one.subarray(8)).not.toEqual(other.subarray(8));
  expect(one.includes(DATA_KEY)).toBe(false);
  expect(unwrapKey(one, MASTER_KEY)).toEqual(DATA_KEY);
  expect(unwrapKey(other, MASTER_KEY)).toEqual(DATA_KEY);
});

test('a change of any byte behind the id is noticed, and so is another key', () => {
  for (let at = 8; at < WRAPPED_KEY_BYTES; at += 1) {
    const changed = Buffer.from(KNOWN);
    changed[at] = (changed[at] ?? 0) ^ 1;
    expect(() => unwrapKey(changed, MASTER_KEY)).toThrow(KeyDamagedError);
  }
  expect(() => unwrapKey(KNOWN.subarray(0, -1), MASTER_KEY)).toThrow(KeyDamagedError);
  expect(() => unwrapKey(KNOWN, DATA_KEY)).toThrow(
    'a key that the master key 630dcd2966c43366 has wrapped was changed',
  );
});

test('only keys of blobs are wrapped', () => {
  expect(() => wrapKey(Buffer.alloc(DATA_KEY_BYTES + 1), MASTER_KEY)).toThrow(RangeError);
});
