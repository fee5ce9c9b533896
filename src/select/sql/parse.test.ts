import { describe, expect, test } from 'vitest';
import { expressionText, statementText } from '../../../test/support/sql-text.ts';
import { parseStatement } from './parse.ts';
import type { Expression } from './syntax.ts';

const parsed = (text: string) => parseStatement(text, { strict: false });

function expressionIn(text: string): Expression {
  const [item] = parsed(`SELECT ${text} FROM archive s`).items;
  if (item?.kind !== 'expression') throw new Error('not an expression');
  return item.expression;
}

describe('a statement', () => {
  test.each([
    ['select * from archive', 'SELECT * FROM archive'],
    ['SELECT * FROM Object', 'SELECT * FROM archive'],
    ['SELECT * FROM S3OBJECT s', 'SELECT * FROM archive AS s'],
    ['SELECT s.* FROM archive s', 'SELECT * FROM archive AS s'],
    ['SELECT Archive.* FROM archive', 'SELECT * FROM archive'],
    ['SELECT "s".* FROM archive s', 'SELECT * FROM archive AS s'],
    ['SELECT a FROM archive LIMIT 0', 'SELECT a FROM archive LIMIT 0'],
    ['SELECT a FROM archive LIMIT 9223372036854775807', 'SELECT a FROM archive LIMIT 9223372036854775807'],
    ['SELECT a b, c AS "d e" FROM archive', 'SELECT a AS b, c AS "d e" FROM archive'],
    ["SELECT\ta\r\nFROM\narchive\fWHERE\va='\n'", "SELECT a FROM archive WHERE (a = '\n')"],
    ['SELECT a FROM archive;', 'SELECT a FROM archive'],
    ['SELECT a FROM archive WHERE b LIMIT 5 ; ', 'SELECT a FROM archive WHERE b LIMIT 5'],
    ['SELECT a,b FROM archive AS "S" WHERE "S".c', 'SELECT a, b FROM archive AS "S" WHERE "S".c'],
    ['SELECT S.a FROM archive s', 'SELECT S.a FROM archive AS s'],
    ['SELECT s.a FROM archive "S"', 'SELECT s.a FROM archive AS "S"'],
    ['SELECT object._1 FROM OBJECT WHERE Object._2', 'SELECT object._1 FROM archive WHERE Object._2'],
    ["SELECT COUNT(*), SUM(a) + 1, 'x' FROM archive", "SELECT COUNT(*), (SUM(a) + 1), 'x' FROM archive"],
  ])('%s', (text, understood) => {
    expect(statementText(parsed(text))).toBe(understood);
  });
});

describe('precedence', () => {
  test.each([
    ['a OR b AND c OR d', '(a OR (b AND c) OR d)'],
    ['NOT a AND b', '((NOT a) AND b)'],
    ['NOT a = b', '(NOT (a = b))'],
    ['NOT NOT a', '(NOT (NOT a))'],
    ['a = NOT b = c AND d', '((a = (NOT (b = c))) AND d)'],
    ['1<2 = true', '((1 < 2) = TRUE)'],
    ['true = 1<2', '(TRUE = (1 < 2))'],
    ['a = b <> c != d', '(((a = b) <> c) <> d)'],
    ['a < b <= c > d >= e', '((((a < b) <= c) > d) >= e)'],
    ["a LIKE 'x' < b", "((a LIKE 'x') < b)"],
    ["a NOT LIKE b || 'x' ESCAPE '!' = TRUE", "((a NOT LIKE (b || 'x') ESCAPE '!') = TRUE)"],
    ["a LIKE b LIKE 'c'", "((a LIKE b) LIKE 'c')"],
    ['a BETWEEN 1 AND 2 AND b', '((a BETWEEN 1 AND 2) AND b)'],
    ['a BETWEEN 1 + 2 AND 3 OR b', '((a BETWEEN (1 + 2) AND 3) OR b)'],
    ['a NOT BETWEEN b AND c BETWEEN d AND e', '((a NOT BETWEEN b AND c) BETWEEN d AND e)'],
    ["a BETWEEN b AND c LIKE 'd'", "((a BETWEEN b AND c) LIKE 'd')"],
    ['a + 1 IN (2, b * 3) = c', '(((a + 1) IN (2, (b * 3))) = c)'],
    ['a BETWEEN b IN (1) AND c', '(a BETWEEN (b IN (1)) AND c)'],
    ['a NOT IN [1, 2]', '(a NOT IN (1, 2))'],
    ['a = b IS NULL', '((a = b) IS NULL)'],
    ['a < b IS NOT MISSING = c', '(((a < b) IS NOT MISSING) = c)'],
    ['NOT a IS NULL AND b', '((NOT (a IS NULL)) AND b)'],
    ['a - b - c * d / e % f + g', '(a - b - (c * d / e % f) + g)'],
    ['a || b + c || d', '(a || (b + c) || d)'],
    ['-a * - -b', '((- a) * (- (- b)))'],
    ['+1 - -1', '((+ 1) - (- 1))'],
    ['- a IN (1)', '((- a) IN (1))'],
    ['a=-1', '(a = (- 1))'],
    ['a<-1', '(a < (- 1))'],
    ['(a OR b) AND (c)', '((a OR b) AND c)'],
    ['a - (b - c)', '(a - (b - c))'],
  ])('%s', (text, understood) => {
    expect(expressionText(expressionIn(text))).toBe(understood);
  });
});

describe('operands', () => {
  test.each([
    ["'it''s'", "'it''s'"],
    ["''", "''"],
    ["''''", "''''"],
    [`'"\`--/*;\0'`, `'"\`--/*;\0'`],
    ['"a ""b"""', '"a ""b"""'],
    ['1', '1'],
    ['1.50', '1.50'],
    ['.5', '.5'],
    ['5.', '5.'],
    ['1e3', '1e3'],
    ['1.E-3', '1.E-3'],
    ['`2010-01-01T`', '`2010-01-01T`'],
    ['true', 'TRUE'],
    ['False', 'FALSE'],
    ['null', 'NULL'],
    ['missing', 'MISSING'],
    ['_1', '_1'],
    ['s._1', 's._1'],
    ['s . "Odd Name"', 's."Odd Name"'],
    ['$a_1', '$a_1'],
    ['cast(a as integer)', 'CAST(a AS int)'],
    ['CAST(a AS DECIMAL(5,2))', 'CAST(a AS decimal)'],
    ['CAST(a AS VARCHAR(5))', 'CAST(a AS string)'],
    ['CAST(a AS DOUBLE PRECISION)', 'CAST(a AS float)'],
    ['CAST(a AS Boolean)', 'CAST(a AS bool)'],
    ['CAST(a OR b AS TIMESTAMP)', 'CAST((a OR b) AS timestamp)'],
    ['EXTRACT(Timezone_Hour FROM a)', 'EXTRACT(timezone_hour FROM a)'],
    ['SUBSTRING(a FROM 1)', 'SUBSTRING(a, 1)'],
    ['SUBSTRING(a FROM 1 FOR 2)', 'SUBSTRING(a, 1, 2)'],
    ['SUBSTRING(a, 1 + 1, 2)', 'SUBSTRING(a, (1 + 1), 2)'],
    ['TRIM(a)', 'TRIM(BOTH FROM a)'],
    ["TRIM('x' FROM a)", "TRIM(BOTH 'x' FROM a)"],
    ['TRIM(LEADING FROM a)', 'TRIM(LEADING FROM a)'],
    ["TRIM(trailing 'x' || b FROM a)", "TRIM(TRAILING ('x' || b) FROM a)"],
    ['DATE_ADD(month, -1, `2010T`)', 'DATE_ADD(month, (- 1), `2010T`)'],
    ['date_diff(DAY, a, b)', 'DATE_DIFF(day, a, b)'],
    ['CASE a WHEN 1 THEN 2 WHEN 3 THEN 4 ELSE 5 END', 'CASE a WHEN 1 THEN 2 WHEN 3 THEN 4 ELSE 5 END'],
    ['CASE WHEN a AND b THEN c END', 'CASE WHEN (a AND b) THEN c END'],
    ['COALESCE(a, b, 1)', 'COALESCE(a, b, 1)'],
    ['Character_Length(a)', 'CHAR_LENGTH(a)'],
    ['UTCNOW()', 'UTCNOW()'],
    ["TO_STRING(TO_TIMESTAMP(a), 'y')", "TO_STRING(TO_TIMESTAMP(a), 'y')"],
    ['date_add', 'date_add'],
    ['count (*)', 'COUNT(*)'],
    ['MAX(a + b)', 'MAX((a + b))'],
  ])('%s', (text, understood) => {
    expect(expressionText(expressionIn(text))).toBe(understood);
  });

  test('stand where they begin', () => {
    expect(expressionIn('\n "𝒂" +\n c').place).toEqual({ line: 2, column: 2 });
    expect(expressionIn(" '\n𝒂𝒂' =\tb")).toMatchObject({ right: { place: { line: 2, column: 7 } } });
    expect(expressionIn('a + b\n  * c')).toMatchObject({ rest: [{ place: { line: 1, column: 10 } }] });
  });
});
