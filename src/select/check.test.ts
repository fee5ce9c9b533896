import { expect, test } from 'vitest';
import { codeOf } from '../../test/support/select-on-texts.ts';
import { type CsvInput, DEFAULT_CSV_INPUT, DEFAULT_CSV_OUTPUT } from '../model/select.ts';
import { checkQuery } from './check.ts';

const check = (expression: string, fileHeaderInfo: CsvInput['fileHeaderInfo'] = 'NONE', strict = false): void =>
  checkQuery({ expression, input: { ...DEFAULT_CSV_INPUT, fileHeaderInfo }, output: DEFAULT_CSV_OUTPUT }, { strict });

test.each([
  'SELECT * FROM archive',
  "SELECT a._1 FROM archive a WHERE a._2 LIKE 'x!%' ESCAPE '!' LIMIT 0",
  "SELECT _1 FROM archive WHERE _2 > 5 AND CAST(_3 AS INT) < 1 OR TO_STRING(TO_TIMESTAMP(_4), 'yyyy') = '2010'",
  'SELECT DATE_ADD(year, -3000, UTCNOW()) FROM archive',
  // What cannot be reached cannot fail.
  'SELECT 1 FROM archive WHERE FALSE AND 1 / 0 = 1',
  'SELECT 1 FROM archive WHERE _1 = 1 OR TRUE OR 1 / 0 = 1',
  "SELECT COALESCE(1, CAST('x' AS INT)) FROM archive",
  'SELECT CASE WHEN FALSE THEN 1 / 0 WHEN TRUE THEN 2 WHEN 1 / 0 = 1 THEN 3 ELSE 1 / 0 END FROM archive',
  'SELECT LOWER(NULL), NULL + 1, - MISSING FROM archive WHERE NULL',
])('%s is fine', (expression) => {
  expect(codeOf(() => check(expression))).toBe('nothing was thrown');
});

test.each([
  ['SELECT FROM archive', 'ParseEmptySelect'],
  ["SELECT CAST('abc' AS INT) FROM archive", 'CastFailed'],
  ["SELECT CAST('' AS INT) FROM archive", 'CastFailed'],
  ["SELECT * FROM archive WHERE _1 = '' OR _2 = CAST('x' AS FLOAT)", 'CastFailed'],
  ["SELECT * FROM archive WHERE TRUE AND CAST('x' AS INT) = 1", 'CastFailed'],
  ["SELECT TO_TIMESTAMP('yesterday') FROM archive", 'ValueParseFailure'],
  ['SELECT 1 / 0 FROM archive', 'EvaluatorInvalidArguments'],
  ['SELECT 9223372036854775808 FROM archive', 'IntegerOverflow'],
  ['SELECT 9223372036854775807 + 1 FROM archive', 'IntegerOverflow'],
  ['SELECT 1e999999 FROM archive', 'LexerInvalidLiteral'],
  ["SELECT * FROM archive WHERE _1 LIKE 'a!b' ESCAPE '!'", 'EvaluatorLikePatternInvalidEscapeSequence'],
  ["SELECT * FROM archive WHERE _1 LIKE 'a' ESCAPE 'bc'", 'EvaluatorLikePatternInvalidEscapeSequence'],
  ['SELECT * FROM archive WHERE _1 LIKE 5', 'LikeInvalidInputs'],
  ['SELECT * FROM archive WHERE CAST(_1 AS INT) LIKE _2', 'LikeInvalidInputs'],
  ["SELECT * FROM archive WHERE _1 LIKE 'a' ESCAPE CAST(_2 AS INT)", 'LikeInvalidInputs'],
  ["SELECT TO_STRING(TO_TIMESTAMP(_1), 'b') FROM archive", 'EvaluatorInvalidTimestampFormatPatternToken'],
  ['SELECT `not ion` FROM archive', 'LexerInvalidIONLiteral'],
  ['SELECT _0 FROM archive', 'InvalidColumnIndex'],
  ['SELECT * FROM archive WHERE _1 = "true"', 'InvalidColumnIndex'],
  ['SELECT * FROM archive WHERE FALSE AND name = 1', 'InvalidColumnIndex'],
  ['SELECT b._1 FROM archive a', 'InvalidTableAlias'],
  ['SELECT _1, COUNT(*) FROM archive', 'UnsupportedSqlStructure'],
  // What is never of the kind that is needed.
  ['SELECT LOWER(5) FROM archive', 'IncorrectSqlFunctionArgumentType'],
  ["SELECT SUBSTRING('abc', 'b') FROM archive", 'IncorrectSqlFunctionArgumentType'],
  ['SELECT SUBSTRING(_1, 1.5) FROM archive', 'IncorrectSqlFunctionArgumentType'],
  ['SELECT LOWER(_1) + 1 FROM archive', 'IncorrectSqlFunctionArgumentType'],
  ["SELECT - 'a' FROM archive", 'IncorrectSqlFunctionArgumentType'],
  ['SELECT 1 || _1 FROM archive', 'IncorrectSqlFunctionArgumentType'],
  ["SELECT EXTRACT(YEAR FROM '2010T') FROM archive", 'IncorrectSqlFunctionArgumentType'],
  ['SELECT TRIM(BOTH 1 FROM _1) FROM archive', 'IncorrectSqlFunctionArgumentType'],
  ['SELECT * FROM archive WHERE 5', 'IncorrectSqlFunctionArgumentType'],
  ["SELECT * FROM archive WHERE _1 = 'a' AND 'b'", 'IncorrectSqlFunctionArgumentType'],
  ['SELECT * FROM archive WHERE NOT UTCNOW()', 'IncorrectSqlFunctionArgumentType'],
  ['SELECT CASE WHEN LOWER(_1) THEN 1 END FROM archive', 'IncorrectSqlFunctionArgumentType'],
])('%s is refused: %s', (expression, code) => {
  expect(codeOf(() => check(expression))).toBe(code);
});

test('an error names its place in the query', () => {
  expect(() => check("SELECT _1,\n  CAST('abc' AS INT) + 1 FROM archive")).toThrow(/ at line 2, column 3$/);
  expect(() => check("SELECT * FROM archive WHERE _1 = 'a' AND _2 LIKE 'a%' ESCAPE '%'")).toThrow(
    / at line 1, column 42$/,
  );
  expect(() => check('SELECT _1 FROM archive WHERE name = 1')).toThrow(/'name' .* at line 1, column 30$/);
});

test('names wait for the header, and nothing else does', () => {
  expect(() => check('SELECT name, "City" FROM archive WHERE user_id > 5', 'USE')).not.toThrow();
  expect(codeOf(() => check('SELECT name FROM archive', 'IGNORE'))).toBe('InvalidColumnIndex');
  expect(codeOf(() => check("SELECT name FROM archive WHERE id = CAST('x' AS INT)", 'USE'))).toBe('CastFailed');
  expect(codeOf(() => check('SELECT name, _2 FROM archive', 'USE'))).toBe('InvalidColumnIndex');
});

test('where only what is documented is allowed, the rest is refused', () => {
  expect(() => check('SELECT _1 FROM archive WHERE _2 > 5', 'NONE', true)).not.toThrow();
  expect(() => check('SELECT COUNT(*) FROM archive', 'NONE', true)).toThrow();
});

test.each([
  ['AND', Array.from({ length: 10_000 }, () => "_1<>'x'").join(' AND ')],
  ['OR', Array.from({ length: 2000 }, (_, index) => `_1=${index}`).join(' OR ')],
  ['plus', `_1${'+1'.repeat(20_000)}>5`],
  ['plus of constants', `1${'+1'.repeat(10_000)}>5`],
  ['text', `_1${'||_1'.repeat(10_000)}>'a'`],
  ['IN', `_1 IN (${Array.from({ length: 10_000 }, (_, index) => index).join()})`],
  ['large numbers', `_1 IN (${Array.from({ length: 10_000 }, (_, index) => `1e${index % 6000}`).join()})`],
  ['CASE', `CASE ${'WHEN _1=1 THEN 1 '.repeat(2_000)} END = 1`],
  ['COALESCE', `COALESCE(${Array(20_000).fill('_1').join()}) = 1`],
  ['NOT', `${'NOT '.repeat(190)}_1 = 1`],
  ['comparisons', `${'('.repeat(90)}_1 = 1${') = TRUE'.repeat(90)}`],
  ['casts', `${'CAST('.repeat(95)}_1${' AS INT)'.repeat(95)} = 1`],
])('a condition may be as long and as deep as the parser lets it be: %s', (_, condition) => {
  expect(() => check(`SELECT * FROM archive WHERE ${condition}`)).not.toThrow();
});
