import { expect, test } from 'vitest';
import { parseIon } from './ion.ts';
import { printValue } from './print.ts';

const KINDS = { bigint: 'int', number: 'float', string: 'text', boolean: 'bool' } as Record<string, string>;

test.each([
  ['12', 'int', '12'],
  ['-0', 'int', '0'],
  ['1_000_000', 'int', '1000000'],
  ['0xFf', 'int', '255'],
  ['-0x1_0', 'int', '-16'],
  ['0b101', 'int', '5'],
  ['-9223372036854775808', 'int', '-9223372036854775808'],
  ['1.50', 'Decimal', '1.50'],
  ['-1_0.5', 'Decimal', '-10.5'],
  ['1.', 'Decimal', '1'],
  ['1d3', 'Decimal', '1000'],
  ['1.5D-2', 'Decimal', '0.015'],
  ['1e0', 'float', '1'],
  ['-1.5E2', 'float', '-150'],
  ['true', 'bool', 'true'],
  ['false', 'bool', 'false'],
  ['TRUE', 'text', 'TRUE'],
  ['abc_$1', 'text', 'abc_$1'],
  ["'a b'", 'text', 'a b'],
  ["''", 'text', ''],
  ['"100"', 'text', '100'],
  ['""', 'text', ''],
  [String.raw`"a\"\\\n\x41\u00e9\U0001F469\'"`, 'text', 'a"\\\nAé👩\''],
  [`"it's"`, 'text', "it's"],
  ['"a\\\nb"', 'text', 'ab'],
  ['2007T', 'Timestamp', '2007T'],
  ['2007-02-23', 'Timestamp', '2007-02-23'],
  ['2007-02-23T12:14:33.079-08:00', 'Timestamp', '2007-02-23T12:14:33.079-08:00'],
  ['  12\n', 'int', '12'],
])('%j is %s %j', (text, kind, printed) => {
  const value = parseIon(text);
  expect(KINDS[typeof value] ?? value?.constructor.name).toBe(kind);
  expect(printValue(value)).toBe(printed);
});

test.each(['null', 'null.int', 'null.timestamp'])('%s is NULL', (text) => {
  expect(parseIon(text)).toBeNull();
});

test.each(['[1, 2]', '(1)', '{a: 1}', '{{ aGk= }}', 'degrees::12', '{}'])('%s is no scalar', (text) => {
  expect(() => parseIon(text)).toThrow(expect.objectContaining({ code: 'UnsupportedSyntax' }));
});

test.each([
  '',
  '007',
  '+1',
  '1__0',
  '_1x y',
  '1.5.6',
  '0xG',
  'nan',
  '+inf',
  'null.thing',
  '2007-13T',
  '2007-02-23T12:14',
  '"a',
  '"a"b"',
  String.raw`"\q"`,
  String.raw`"\U00110000"`,
  '"a\nb"',
  'a b',
  '1e400',
])('%j is no Ion', (text) => {
  expect(() => parseIon(text)).toThrow(expect.objectContaining({ code: 'LexerInvalidIONLiteral' }));
});

test('a whole number has 64 bits', () => {
  expect(() => parseIon('9223372036854775808')).toThrow(expect.objectContaining({ code: 'IntegerOverflow' }));
});
