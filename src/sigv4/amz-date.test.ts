import fc from 'fast-check';
import { expect, test } from 'vitest';
import { formatAmzDate, parseAmzDate, signatureExpiredMessage } from './amz-date.ts';

const SKEW_MS = 300_000;

test('reads and writes instants', () => {
  expect(parseAmzDate('20120525T002453Z')).toBe(Date.UTC(2012, 4, 25, 0, 24, 53));
  expect(formatAmzDate(Date.UTC(2012, 4, 25, 0, 24, 53, 999))).toBe('20120525T002453Z');
  expect(parseAmzDate('20240229T235959Z')).toBe(Date.UTC(2024, 1, 29, 23, 59, 59));
});

test('what it writes it reads', () => {
  const seconds = fc.integer({ min: -62_167_219_200, max: 253_402_300_799 });
  fc.assert(
    fc.property(seconds, (second) => {
      expect(parseAmzDate(formatAmzDate(second * 1000))).toBe(second * 1000);
    }),
  );
});

test.each([
  '',
  '20120525',
  '20120525T002453',
  '20120525T002453z',
  '20120525t002453Z',
  '20120525T002453.1Z',
  '20120525T002453Z ',
  ' 20120525T002453Z',
  '20120525T002453Z\n',
  '20120525T002453+0000',
  '2012-05-25T00:24:53Z',
  '20230229T000000Z',
  '20260230T000000Z',
  '20260431T000000Z',
  '20261301T000000Z',
  '20260001T000000Z',
  '20260100T000000Z',
  '20260101T240000Z',
  '20260101T006000Z',
  '20260101T000060Z',
  '٢٠١٢٠٥٢٥T002453Z',
  'Fri, 25 May 2012 00:24:53 GMT',
])('refuses %j', (text) => {
  expect(parseAmzDate(text)).toBeUndefined();
});

const at = (text: string): number => parseAmzDate(text)!;

test('a signature too old is answered in the words of the real service', () => {
  const [signedAtMs, nowMs] = [at('20120831T062211Z'), at('20120831T063633Z') + 400];
  expect(signatureExpiredMessage({ signedAtMs, nowMs, skewMs: SKEW_MS })).toBe(
    'Signature expired: 20120831T062211Z is now earlier than 20120831T063133Z (20120831T063633Z - 5 min.)',
  );
});

test('a signature from the future is answered in the words of the real service', () => {
  const [signedAtMs, nowMs] = [at('20131120T113529Z'), at('20131120T104038Z')];
  expect(signatureExpiredMessage({ signedAtMs, nowMs, skewMs: SKEW_MS })).toBe(
    'Signature not yet current: 20131120T113529Z is still later than 20131120T104538Z (20131120T104038Z + 5 min.)',
  );
});

test.each([
  [-301, true],
  [-300, false],
  [0, false],
  [300, false],
  [301, true],
])('a clock that is %i s apart: refused %s', (apartSeconds, refused) => {
  const signedAtMs = at('20260101T000000Z');
  for (const fractionMs of [0, 999]) {
    const nowMs = signedAtMs - apartSeconds * 1000 + fractionMs;
    expect(signatureExpiredMessage({ signedAtMs, nowMs, skewMs: SKEW_MS }) !== undefined).toBe(refused);
  }
});
