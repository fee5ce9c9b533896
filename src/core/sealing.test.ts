import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isOfAnotherKey, SEAL_BEGINNING_LENGTH, seal, unseal } from './sealing.ts';

const KEY = Buffer.alloc(32, 'a');
const OTHER = Buffer.alloc(32, 'b');
const accessKeyId = 'AKIAEXAMPLE';
const secret = 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY';
const sealedSecret = seal(KEY, { accessKeyId, secret });

describe('a sealed secret', () => {
  test('opens with the same key and for the same access key', () => {
    expect(unseal(KEY, { accessKeyId, sealedSecret })).toBe(secret);
    expect(unseal(OTHER, { accessKeyId, sealedSecret })).toBeUndefined();
    expect(unseal(KEY, { accessKeyId: 'AKIAANOTHER', sealedSecret })).toBeUndefined();
  });

  test('of any text comes back as it was', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1, unit: 'binary' }), (text) => {
        expect(unseal(KEY, { accessKeyId, sealedSecret: seal(KEY, { accessKeyId, secret: text }) })).toBe(text);
      }),
    );
  });

  test('S-95 shows neither the secret nor the key, and never comes out twice the same', () => {
    const many = Array.from({ length: 1000 }, () => seal(KEY, { accessKeyId, secret }));
    expect(new Set(many).size).toBe(1000);
    const [, keyName = '', rest = ''] = sealedSecret.split('.');
    const bytes = Buffer.from(rest, 'base64');
    expect(bytes.includes(secret)).toBe(false);
    expect(KEY.toString('hex')).not.toContain(keyName);
  });

  test('does not open when any of it is changed', () => {
    for (let index = 0; index < sealedSecret.length; index += 1) {
      const other = sealedSecret[index] === 'A' ? 'B' : 'A';
      const changed = sealedSecret.slice(0, index) + other + sealedSecret.slice(index + 1);
      // The last letter before the padding holds bits that mean nothing.
      if (Buffer.from(changed.slice(20), 'base64').equals(Buffer.from(sealedSecret.slice(20), 'base64'))) continue;
      expect(unseal(KEY, { accessKeyId, sealedSecret: changed })).toBeUndefined();
    }
  });

  test.each(['', 'x', '1.', sealedSecret.slice(0, SEAL_BEGINNING_LENGTH), `${sealedSecret.slice(0, 40)}==`])(
    'that is cut short does not open: %j',
    (text) => {
      expect(unseal(KEY, { accessKeyId, sealedSecret: text })).toBeUndefined();
    },
  );
});

test('the beginning tells with which key it was sealed; damage is not taken for another key', () => {
  const beginning = sealedSecret.slice(0, SEAL_BEGINNING_LENGTH);
  expect(isOfAnotherKey(beginning, KEY)).toBe(false);
  expect(isOfAnotherKey(beginning, OTHER)).toBe(true);
  expect(isOfAnotherKey(beginning, undefined)).toBe(true);
  for (const text of ['', 'garbage', beginning.slice(1), beginning.toUpperCase().replace(/[A-F0-9]{16}/, 'Z')]) {
    expect(isOfAnotherKey(text, OTHER)).toBe(false);
  }
});
