import { expect, test } from 'vitest';
import { codeOf, selectOnTexts } from '../../../test/support/select-on-texts.ts';

const of = (list: string, ...values: string[]): string | undefined =>
  selectOnTexts(
    `SELECT ${list} FROM archive`,
    values.map((value) => (value === 'missing' ? [] : [value])),
  )[0];

test.each([
  ['COUNT(*), COUNT(_1), COUNT(CAST(_1 AS STRING))', ['1', '', 'missing'], '3,2,2'],
  ["COUNT(NULLIF(_1, '')), COUNT(NULL), COUNT(1)", ['1', '', 'missing'], '1,0,3'],
  [
    'SUM(_1), AVG(_1), MIN(_1), MAX(_1)',
    ['9', '10', 'missing', '-2'],
    '17,5.6666666666666666666666666666666666667,-2,10',
  ],
  ['SUM(_1), AVG(_1), MIN(_1), MAX(_1), COUNT(_1), COUNT(*)', ['missing'], ',,,,0,1'],
  ['SUM(_1), COUNT(*)', [], ',0'],
  ['SUM(_1), MIN(_1), MAX(_1)', ['1.50', '2', '1e0'], '4.50,1,2'],
  ['SUM(CAST(_1 AS INT)), AVG(CAST(_1 AS INT))', ['1', '2'], '3,1.5'],
  ['SUM(CAST(_1 AS DECIMAL)), AVG(CAST(_1 AS DECIMAL))', ['1.10', '2.30'], '3.40,1.70'],
  ['SUM(CAST(_1 AS DECIMAL)), SUM(CAST(_1 AS DECIMAL)) / 2', ['1', '2'], '3,1.5'],
  [
    'SUM(_1), SUM(CAST(_1 AS DECIMAL))',
    ['5', '1.50', '7', '-1.5', '2.250', '1', '0.00000001'],
    '15.25000001,15.25000001',
  ],
  ['SUM(_1), AVG(_1)', ['1.5', '-1.50', '0'], '0.00,0.00'],
  ['SUM(_1)', ['0.5', ...Array(20).fill('99999999999999.9')], '1999999999999998.5'],
  ['SUM(CAST(_1 AS FLOAT)), AVG(CAST(_1 AS FLOAT))', Array(10).fill('0.1'), '1,0.1'],
  ['SUM(CAST(_1 AS FLOAT))', ['1e100', '1', '-1e100'], '1'],
  ['SUM(_1)', ['9223372036854775807', '1', '-1'], '9223372036854775807'],
  ['SUM(_1)', Array(20).fill('999999999999999'), '19999999999999980'],
  ['AVG(_1)', ['9223372036854775807', '9223372036854775807'], '9223372036854775807'],
  ['SUM(_1) / COUNT(*), SUM(_1) * 1.0 / COUNT(*)', ['1', '2'], '1,1.5'],
  ["'n', COUNT(*) + 1, 2 > MIN(_1)", ['1', '2'], 'n,3,true'],
  ['SUM(CASE WHEN _1 > 5 THEN 1 ELSE 0 END)', ['1', '9', '7'], '2'],
  ['MIN(CAST(_1 AS STRING)), MAX(LOWER(_1))', ['9', '10', 'B'], '10,b'],
  ['MIN(CAST(_1 AS TIMESTAMP)), MAX(CAST(_1 AS TIMESTAMP))', ['2011T', '2010-05-01'], '2010-05-01,2011T'],
  ['MIN(_1), MAX(_1)', ['0.0000000001', '0.5', '123456789012345678', '-0.00000001'], '-0.00000001,123456789012345678'],
  ['MAX(CAST(_1 AS INT)), MIN(CAST(_1 AS INT))', ['12345678901234567', '5', '-6'], '12345678901234567,-6'],
])('%s of %j: %s', (list, values, expected) => {
  expect(of(list, ...values)).toBe(expected);
});

test.each([
  ['SUM(_1)', ['9223372036854775807', '1'], 'IntegerOverflow'],
  ['SUM(CAST(_1 AS FLOAT))', ['1e308', '1e308'], 'IntegerOverflow'],
  ['SUM(_1)', ['1', ''], 'CastFailed'],
  ['MIN(_1)', ['b', 'a'], 'CastFailed'],
  ['AVG(LOWER(_1))', [], 'IncorrectSqlFunctionArgumentType'],
  ["MAX(CASE WHEN _1 = 'a' THEN 1 ELSE 'b' END)", ['a', 'b'], 'IncorrectSqlFunctionArgumentType'],
])('%s of %j fails with %s', (list, values, code) => {
  expect(codeOf(() => of(list, ...values))).toBe(code);
});

test('only records that are kept count', () => {
  expect(selectOnTexts("SELECT COUNT(*), SUM(_1) FROM archive WHERE _1 <> ''", [['1'], [''], ['5']])).toEqual(['2,6']);
});
