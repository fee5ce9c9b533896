import { describe, expect, test } from 'vitest';
import { TYPE_NAMES, type TypeName } from '../sql/syntax.ts';
import { cast } from './cast.ts';
import { parseDecimal } from './decimal.ts';
import { printValue } from './print.ts';
import { parseTimestamp } from './timestamp.ts';
import type { Value } from './value.ts';

const DAY = parseTimestamp('2007-02-23T');
const decimal = (text: string): Value => parseDecimal(text);

/** What CAST makes of it, as it is printed, or the code of the error. */
function printed(value: Value, type: TypeName): string | null {
  try {
    return printValue(cast(value, type));
  } catch (error) {
    return (error as { code: string }).code;
  }
}

const FAILS = 'CastFailed';
const TOO_LARGE = 'IntegerOverflow';

describe('each kind to each type', () => {
  // bool, int, string, float, decimal, timestamp
  const rows: [Value, ...string[]][] = [
    [true, 'true', '1', 'true', '1', '1', FAILS],
    [false, 'false', '0', 'false', '0', '0', FAILS],
    [0n, 'false', '0', '0', '0', '0', FAILS],
    [-12n, 'true', '-12', '-12', '-12', '-12', FAILS],
    [9007199254740993n, 'true', '9007199254740993', '9007199254740993', '9007199254740992', '9007199254740993', FAILS],
    [0, 'false', '0', '0', '0', '0', FAILS],
    [1.9, 'true', '1', '1.9', '1.9', '1.9', FAILS],
    [-1.9, 'true', '-1', '-1.9', '-1.9', '-1.9', FAILS],
    [1e21, 'true', TOO_LARGE, '1e+21', '1e+21', '1000000000000000000000', FAILS],
    [1e-7, 'true', '0', '1e-7', '1e-7', '0.0000001', FAILS],
    [decimal('0.00'), 'false', '0', '0.00', '0', '0.00', FAILS],
    [decimal('1.50'), 'true', '1', '1.50', '1.5', '1.50', FAILS],
    [decimal('-1.9'), 'true', '-1', '-1.9', '-1.9', '-1.9', FAILS],
    [
      decimal('9223372036854775807.9'),
      'true',
      '9223372036854775807',
      '9223372036854775807.9',
      '9223372036854776000',
      '9223372036854775807.9',
      FAILS,
    ],
    [decimal('1e400'), 'true', TOO_LARGE, '1E+400', FAILS, '1E+400', FAILS],
    [DAY, FAILS, FAILS, '2007-02-23', FAILS, FAILS, '2007-02-23'],
    ['1', FAILS, '1', '1', '1', '1', FAILS],
    [' 1\t', FAILS, '1', ' 1\t', '1', '1', FAILS],
    ['+01', FAILS, '1', '+01', '1', '1', FAILS],
    ['0xA', FAILS, '10', '0xA', FAILS, FAILS, FAILS],
    ['1.50', FAILS, FAILS, '1.50', '1.5', '1.50', FAILS],
    ['.5', FAILS, FAILS, '.5', '0.5', '0.5', FAILS],
    ['1e3', FAILS, FAILS, '1e3', '1000', '1000', FAILS],
    ['1e400', FAILS, FAILS, '1e400', FAILS, '1E+400', FAILS],
    ['1e-400', FAILS, FAILS, '1e-400', '0', '1E-400', FAILS],
    [
      '9223372036854775808',
      FAILS,
      TOO_LARGE,
      '9223372036854775808',
      '9223372036854776000',
      '9223372036854775808',
      FAILS,
    ],
    ['', FAILS, FAILS, '', FAILS, FAILS, FAILS],
    ['nan', FAILS, FAILS, 'nan', FAILS, FAILS, FAILS],
    ['Infinity', FAILS, FAILS, 'Infinity', FAILS, FAILS, FAILS],
    ['TRUE', 'true', FAILS, 'TRUE', FAILS, FAILS, FAILS],
    ['False', 'false', FAILS, 'False', FAILS, FAILS, FAILS],
    ['yes', FAILS, FAILS, 'yes', FAILS, FAILS, FAILS],
    ['2007T', FAILS, FAILS, '2007T', FAILS, FAILS, '2007T'],
    ['2007-04-05T14:30Z', FAILS, FAILS, '2007-04-05T14:30Z', FAILS, FAILS, '2007-04-05T14:30Z'],
    ['2007-04-05 14:30', FAILS, FAILS, '2007-04-05 14:30', FAILS, FAILS, FAILS],
  ];

  test.each(rows.map(([value, ...expected]) => ({ name: `${typeof value} ${printValue(value)}`, value, expected })))(
    '$name',
    ({ value, expected }) => {
      expect(TYPE_NAMES.map((type) => printed(value, type))).toEqual(expected);
    },
  );

  test.each(TYPE_NAMES)('NULL and MISSING stay what they are as %s', (type) => {
    expect(cast(null, type)).toBeNull();
    expect(cast(undefined, type)).toBeUndefined();
  });
});

test('more than 38 digits are rounded', () => {
  expect(printed(`0.${'1'.repeat(38)}5`, 'decimal')).toBe(`0.${'1'.repeat(37)}2`);
  expect(printed(`${'9'.repeat(38)}.5`, 'decimal')).toBe(`1${'0'.repeat(38)}`);
});

test('a float may have more digits than a decimal', () => {
  expect(cast('1'.repeat(309), 'float')).toBe(1.1111111111111112e308);
  expect(cast('0.1', 'float')).toBe(0.1);
  expect(printValue(cast('-0', 'float'))).toBe('-0');
});

test.each([
  ['ab\n\u001b[31m\u202e', 'int', String.raw`CAST of type STRING to INT failed: 'ab\u{a}\u{1b}[31m\u{202e}'`],
  ['👩'.repeat(41), 'bool', `CAST of type STRING to BOOL failed: '${'👩'.repeat(40)}...'`],
  ['x'.repeat(40), 'decimal', `CAST of type STRING to DECIMAL failed: '${'x'.repeat(40)}'`],
  [true, 'timestamp', "CAST of type BOOL to TIMESTAMP failed: 'true'"],
  [12n, 'timestamp', "CAST of type INT to TIMESTAMP failed: '12'"],
  [1.5, 'timestamp', "CAST of type FLOAT to TIMESTAMP failed: '1.5'"],
  [decimal('1.5'), 'timestamp', "CAST of type DECIMAL to TIMESTAMP failed: '1.5'"],
  [DAY, 'int', "CAST of type TIMESTAMP to INT failed: '2007-02-23'"],
] as const)('the message shows the value: %s as %s', (value, type, message) => {
  expect(() => cast(value, type)).toThrow(expect.objectContaining({ code: 'CastFailed', message }));
});

test('texts as long as a record fail at once', () => {
  for (const text of ['1'.repeat(1_000_000), ' '.repeat(1_000_000), `0x${'F'.repeat(1_000_000)}`]) {
    for (const type of TYPE_NAMES.filter((name) => name !== 'string')) expect(printed(text, type)).toBe(FAILS);
  }
});
