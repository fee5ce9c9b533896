import { expect, test } from 'vitest';
import { parseStatement } from './parse.ts';

const strictly = (text: string) => parseStatement(text, { strict: true });

test.each([
  ['SELECT * FROM archive LIMIT 5', 'LIMIT is refused by --select-strict at line 1, column 23'],
  ['SELECT COUNT(*) FROM archive', 'COUNT is refused by --select-strict at line 1, column 8'],
  ['SELECT avg(a) FROM archive', 'AVG is refused by --select-strict at line 1, column 8'],
  ['SELECT CASE WHEN a THEN b END FROM archive', 'CASE is refused by --select-strict at line 1, column 8'],
  ['SELECT a || b FROM archive', '|| is refused by --select-strict at line 1, column 10'],
  ['SELECT a FROM S3Object', 'S3Object is refused by --select-strict at line 1, column 15'],
  ['SELECT a IN [1] FROM archive', 'a list in brackets is refused by --select-strict at line 1, column 13'],
  ['SELECT CAST(a AS VARCHAR) FROM archive', 'VARCHAR is refused by --select-strict at line 1, column 18'],
])('strict refuses %s', (text, message) => {
  expect(() => strictly(text)).toThrow(expect.objectContaining({ code: 'UnsupportedSyntax', message }));
  expect(() => parseStatement(text, { strict: false })).not.toThrow();
});

test('strict takes what Glacier Select has', () => {
  for (const text of [
    'SELECT * FROM archive',
    'SELECT s.* FROM object AS s;',
    "SELECT s._1 AS a, -s._2 % 5 FROM archive s WHERE NOT s._3 IN ('a') AND s._4 LIKE 'b%' OR s._5 IS NOT MISSING",
    'SELECT CAST(a AS DECIMAL(5, 2)), CAST(b AS NUMERIC), CAST(c AS FLOAT), CAST(d AS BOOL) FROM archive',
    "SELECT COALESCE(a, 'b'), NULLIF(a, b), UTCNOW(), TO_STRING(TO_TIMESTAMP(a), 'y') FROM archive",
    'SELECT DATE_ADD(day, 1, a), EXTRACT(hour FROM b), TRIM(c), SUBSTRING(d, 1, 2), CHAR_LENGTH(e) FROM archive',
  ]) {
    expect(() => strictly(text), text).not.toThrow();
  }
});
