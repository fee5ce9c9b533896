import { expect, test } from 'vitest';
import { parseKey, readEncryptionKeys } from './keys.ts';

const [ONE, OTHER] = [Buffer.alloc(32, 1), Buffer.alloc(32, 2)];
const [base64, hexadecimal] = [ONE.toString('base64'), OTHER.toString('hex')];

test.each([base64, base64.replace('=', ''), ONE.toString('hex'), ONE.toString('hex').toUpperCase()])(
  'the key %s is read',
  (text) => {
    expect(parseKey(text)).toEqual(ONE);
  },
);

test.each(['', 'x', base64.slice(1), `${base64}=`, hexadecimal.slice(2), ` ${base64}`])('%j is no key', (text) => {
  expect(parseKey(text)).toBeUndefined();
});

test.each([`${base64},${hexadecimal}`, `${base64}\n${hexadecimal}\n`, ` ${base64} , ${hexadecimal},\r\n`])(
  'several are read in their order: %j',
  (text) => {
    expect(readEncryptionKeys(text)).toEqual({ keys: [ONE, OTHER] });
  },
);

test.each([
  ['', 'must hold a key'],
  [' ,\n', 'must hold a key'],
  [`${base64},secret`, 'must be keys of 32 bytes in base64 or hexadecimal'],
  [`${base64},${ONE.toString('hex')}`, 'must not repeat a key'],
  [Array(17).fill(base64).join(), 'must hold at most 16 keys'],
])('%j is refused without repeating it', (text, problem) => {
  expect(readEncryptionKeys(text)).toEqual({ problem });
});
