import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { checkTagKey, checkTagValue } from './tags.ts';

const takes = (check: () => void): boolean => {
  try {
    check();
    return true;
  } catch {
    return false;
  }
};

describe('the key of a tag', () => {
  test.each([
    'a',
    'LegalHold',
    'cost center',
    '_./=+-@',
    '7',
    'größe',
    '費用',
    'Ⅷ',
    '𝒳',
    '__proto__',
    'constructor',
    'aws',
    'aws.x',
    ' ',
    'k'.repeat(128),
    '𝒳'.repeat(128),
  ])('may be %s', (key) => {
    expect(() => checkTagKey(key)).not.toThrow();
  });

  test.each<[key: string, message: string]>([
    ['', 'Invalid tag key: it has 0 characters, a key has 1 to 128.'],
    ['k'.repeat(129), 'Invalid tag key: it has 129 characters, a key has 1 to 128.'],
    ['𝒳'.repeat(129), 'Invalid tag key: it has 129 characters, a key has 1 to 128.'],
    ['aws:x', 'Invalid tag key: aws:x. Keys that begin with aws: are reserved.'],
    ['AwS:', 'Invalid tag key: AwS:. Keys that begin with aws: are reserved.'],
    ['a:b', 'Invalid tag key: a:b. A key may hold letters, digits, blanks and _ . / = + - @.'],
  ])('is not %j', (key, message) => {
    expect(() => checkTagKey(key)).toThrow(message);
  });
});

describe('characters that no key holds', () => {
  test.each([
    'a\nb',
    'a\tb',
    'a\u2028b',
    'a\0',
    'a\ud800',
    '\udfff',
    '🧊',
    'a!',
    'a*',
    'a,b',
    'a"',
    '\u200b',
    '\ufeff',
  ])('%j', (key) => {
    expect(() => checkTagKey(key)).toThrow(`Invalid tag key: ${key}. A key may hold`);
  });
});

describe('the value of a tag', () => {
  test.each(['', 'true', 'a:b', 'https://x.example/y', 'aws:x', 'v'.repeat(255), '𝒳'.repeat(255)])(
    'may be %s',
    (value) => {
      expect(() => checkTagValue('k', value)).not.toThrow();
    },
  );

  test.each([
    ['v'.repeat(256), 'Invalid value of the tag k: it has 256 characters, the limit is 255.'],
    ['𝒳'.repeat(256), 'Invalid value of the tag k: it has 256 characters, the limit is 255.'],
    ['a?', 'Invalid value of the tag k: a?. A value may hold letters, digits, blanks and _ . / = + - @ and the colon.'],
    ['a\r\n', 'Invalid value of the tag k: a\r\n. A value may hold'],
    ['\ud800', 'Invalid value of the tag k: \ud800. A value may hold'],
  ])('is not %j', (value, message) => {
    expect(() => checkTagValue('k', value)).toThrow(message);
  });
});

test('whatever is taken is well-formed text of one line', () => {
  const character = fc.oneof(
    fc.constantFrom('\ud800', '\udfff', ':', 'a'),
    fc.integer({ min: 0, max: 0x10ffff }).map((point) => String.fromCodePoint(point)),
  );
  const texts = fc.string({ unit: character, maxLength: 2 });
  fc.assert(
    fc.property(texts, (text) => {
      if (takes(() => checkTagKey(text))) expect(text.isWellFormed() && !/[:\p{C}\u2028\u2029]/u.test(text)).toBe(true);
      if (takes(() => checkTagValue('k', text))) expect(text.isWellFormed() && !/\p{C}/u.test(text)).toBe(true);
    }),
  );
});
