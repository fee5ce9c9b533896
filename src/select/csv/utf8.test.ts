import fc from 'fast-check';
import { expect, test } from 'vitest';
import { utf8End } from './utf8.ts';

test.each([
  ['whole characters', 'aé日👩', 0, 10, 10, true],
  ['a start without its end waits', 'aé日👩', 0, 9, 6, true],
  ['wherever it is cut', 'aé日👩', 0, 7, 6, true],
  ['from a place on', 'aé日👩', 3, 10, 10, true],
  ['nothing', 'a', 1, 1, 1, true],
  ['U+FFFD itself is a character', '\ufffd\ufffda', 0, 7, 7, true],
])('%s', (_, text, from, to, end, valid) => {
  expect(utf8End(Buffer.from(text), { from, to })).toEqual({ end, valid });
});

test('the first byte that cannot be is found, whatever is around it', () => {
  const character = fc.constantFrom('a', 'é', '\ufffd', '日', '👩');
  const texts = fc.string({ unit: character, maxLength: 20 });
  const fault = fc.constantFrom([0xff], [0x80], [0xc3, 0x61], [0xe2, 0x82, 0x61], [0xed, 0xa0, 0x80]);
  fc.assert(
    fc.property(texts, fault, texts, (before, bytes, after) => {
      const archive = Buffer.concat([Buffer.from(before), Buffer.from(bytes), Buffer.from(`${after}a`)]);
      const end = Buffer.byteLength(before);
      expect(utf8End(archive, { from: 0, to: archive.length })).toEqual({ end, valid: false });
    }),
  );
});
