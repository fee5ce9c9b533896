import { describe, test } from 'vitest';
import { refuses } from '../../../test/support/select-refusal.ts';

describe('a statement', () => {
  test.each([
    ['', 'ParseEmptySelect', 'the expression is empty at line 1, column 1'],
    [' \n', 'ParseEmptySelect', 'the expression is empty at line 2, column 1'],
    [';', 'ParseUnexpectedToken', 'expected SELECT, found ; at line 1, column 1'],
    ['(SELECT 1)', 'ParseUnexpectedToken', 'expected SELECT, found ( at line 1, column 1'],
    ["COPY a TO 'b'", 'UnsupportedSqlOperation', 'expected SELECT, found COPY at line 1, column 1'],
    [
      'WITH a AS (SELECT 1) SELECT * FROM archive',
      'UnsupportedSqlStructure',
      'WITH is not supported at line 1, column 1',
    ],
    ['DELETE FROM archive', 'UnsupportedSqlOperation', 'expected SELECT, found DELETE at line 1, column 1'],
    ['SELECT', 'ParseEmptySelect', 'nothing is selected at line 1, column 7'],
    ['SELECT FROM archive', 'ParseEmptySelect', 'nothing is selected at line 1, column 8'],
    ['SELECT DISTINCT a FROM archive', 'UnsupportedSqlStructure', 'DISTINCT is not supported at line 1, column 8'],
    ['SELECT ALL a FROM archive', 'UnsupportedSqlStructure', 'ALL is not supported at line 1, column 8'],
    ['SELECT a', 'ParseSelectMissingFrom', 'expected FROM, found the end at line 1, column 9'],
    [
      'SELECT a, FROM archive',
      'ParseUnexpectedKeyword',
      'expected an expression, found the keyword FROM, which is no column unless in double quotes at line 1, column 11',
    ],
    ['SELECT a b c FROM archive', 'ParseUnexpectedToken', 'expected FROM, found c at line 1, column 12'],
    [
      'SELECT a AS FROM archive',
      'ParseExpectedIdentForAlias',
      'expected a name after AS that is no keyword or is in double quotes, found FROM at line 1, column 13',
    ],
    [
      "SELECT a AS 'b' FROM archive",
      'ParseExpectedIdentForAlias',
      "expected a name after AS that is no keyword or is in double quotes, found 'b' at line 1, column 13",
    ],
    [
      'SELECT a AS date FROM archive',
      'ParseExpectedIdentForAlias',
      'expected a name after AS that is no keyword or is in double quotes, found date at line 1, column 13',
    ],
    [
      'SELECT *, a FROM archive',
      'ParseAsteriskIsNotAloneInSelectList',
      '* stands for all columns and must be alone at line 1, column 8',
    ],
    [
      'SELECT a, * FROM archive',
      'ParseAsteriskIsNotAloneInSelectList',
      '* stands for all columns and must be alone at line 1, column 11',
    ],
    [
      'SELECT s.*, a FROM archive s',
      'ParseAsteriskIsNotAloneInSelectList',
      '* stands for all columns and must be alone at line 1, column 8',
    ],
    [
      'SELECT a + s.* FROM archive s',
      'ParseInvalidContextForWildcardInSelectList',
      'a column is expected after the dot; * stands for all of them in the SELECT list only at line 1, column 14',
    ],
    ['SELECT * AS b FROM archive', 'ParseUnexpectedToken', 'expected FROM, found AS at line 1, column 10'],
    [
      'SELECT 5 * FROM archive',
      'ParseUnexpectedKeyword',
      'expected an expression, found the keyword FROM, which is no column unless in double quotes at line 1, column 12',
    ],
    [
      'SELECT x.* FROM archive s',
      'InvalidTableAlias',
      'x is not what FROM calls the archive, which is s at line 1, column 8',
    ],
    [
      'SELECT VALUE a FROM archive',
      'ParseUnexpectedKeyword',
      'expected an expression, found the keyword VALUE, which is no column unless in double quotes at line 1, column 8',
    ],
    ['SELECT a FROM', 'InvalidDataSource', 'expected archive or object after FROM, found the end at line 1, column 14'],
    [
      'SELECT a FROM users',
      'InvalidDataSource',
      'expected archive or object after FROM, found users at line 1, column 15',
    ],
    [
      "SELECT a FROM '/etc/passwd'",
      'InvalidDataSource',
      "expected archive or object after FROM, found '/etc/passwd' at line 1, column 15",
    ],
    [
      "SELECT a FROM read_csv('/etc/passwd')",
      'InvalidDataSource',
      'expected archive or object after FROM, found read_csv at line 1, column 15',
    ],
    [
      'SELECT a FROM (SELECT 1 FROM archive)',
      'UnsupportedSqlStructure',
      'expected archive or object, found ( at line 1, column 15',
    ],
    ['SELECT a FROM archive[*]', 'InvalidKeyPath', 'an archive of CSV has no paths, found [ at line 1, column 22'],
    ['SELECT a FROM archive.b', 'InvalidKeyPath', 'an archive of CSV has no paths, found . at line 1, column 22'],
    [
      'SELECT a FROM archive AS date',
      'ParseExpectedIdentForAlias',
      'expected a name after AS that is no keyword or is in double quotes, found date at line 1, column 26',
    ],
    ['SELECT a FROM archive date', 'ParseUnexpectedToken', 'expected the end, found date at line 1, column 23'],
    [
      'SELECT a FROM archive, object',
      'MultipleDataSourcesUnsupported',
      'there is only one archive to select from at line 1, column 22',
    ],
    [
      'SELECT a FROM archive s JOIN object o ON s.a = o.a',
      'UnsupportedSqlStructure',
      'JOIN is not supported at line 1, column 25',
    ],
    ['SELECT a FROM archive GROUP BY a', 'UnsupportedSqlStructure', 'GROUP is not supported at line 1, column 23'],
    [
      'SELECT a FROM archive WHERE a ORDER BY a',
      'UnsupportedSqlStructure',
      'ORDER is not supported at line 1, column 31',
    ],
    ['SELECT a FROM archive s HAVING a', 'UnsupportedSqlStructure', 'HAVING is not supported at line 1, column 25'],
    [
      'SELECT a FROM archive UNION SELECT a FROM archive',
      'UnsupportedSqlStructure',
      'UNION is not supported at line 1, column 23',
    ],
    [
      'SELECT a FROM archive LIMIT 5 OFFSET 2',
      'UnsupportedSqlStructure',
      'OFFSET is not supported at line 1, column 31',
    ],
    [
      'SELECT a FROM archive LIMIT 5 WHERE a',
      'ParseUnexpectedToken',
      'expected the end, found WHERE at line 1, column 31',
    ],
    [
      'SELECT a FROM archive LIMIT',
      'ParseExpectedNumber',
      'expected a whole number after LIMIT, found the end at line 1, column 28',
    ],
    ['SELECT a FROM archive LIMIT -1', 'EvaluatorNegativeLimit', 'LIMIT is negative at line 1, column 29'],
    [
      'SELECT a FROM archive LIMIT 1.5',
      'ParseExpectedNumber',
      'expected a whole number after LIMIT, found 1.5 at line 1, column 29',
    ],
    [
      "SELECT a FROM archive LIMIT '1'",
      'ParseExpectedNumber',
      "expected a whole number after LIMIT, found '1' at line 1, column 29",
    ],
    [
      'SELECT a FROM archive LIMIT 9223372036854775808',
      'IntegerOverflow',
      'expected at most 9223372036854775807 after LIMIT, found 9223372036854775808 at line 1, column 29',
    ],
    ['SELECT a FROM archive LIMIT 1 + 1', 'ParseUnexpectedToken', 'expected the end, found + at line 1, column 31'],
    [
      'SELECT a FROM archive; SELECT a FROM archive',
      'UnsupportedSyntax',
      'there is more than one statement at line 1, column 24',
    ],
    ['SELECT a FROM archive;;', 'UnsupportedSyntax', 'there is more than one statement at line 1, column 23'],
    [
      'SELECT a FROM archive WHERE',
      'ParseUnexpectedTerm',
      'expected an expression, found the end at line 1, column 28',
    ],
    ['SELECT a FROM archive WHERE a b', 'ParseUnexpectedToken', 'expected the end, found b at line 1, column 31'],
  ])('%s', refuses);
});

describe('names', () => {
  test.each([
    [
      'SELECT * FROM archive s WHERE t.a = 1',
      'InvalidTableAlias',
      't is not what FROM calls the archive, which is s at line 1, column 31',
    ],
    [
      'SELECT * FROM archive s WHERE archive.a = 1',
      'InvalidTableAlias',
      'archive is not what FROM calls the archive, which is s at line 1, column 31',
    ],
    [
      'SELECT s.a FROM archive',
      'InvalidTableAlias',
      's is not what FROM calls the archive, which is archive at line 1, column 8',
    ],
    [
      'SELECT object.a FROM archive',
      'InvalidTableAlias',
      'object is not what FROM calls the archive, which is archive at line 1, column 8',
    ],
    [
      'SELECT "S".a FROM archive s',
      'InvalidTableAlias',
      'S is not what FROM calls the archive, which is s at line 1, column 8',
    ],
    [
      "SELECT * FROM archive s WHERE s.'odd' = 1",
      'ParseInvalidPathComponent',
      "expected a column after the dot, found 'odd' at line 1, column 33",
    ],
    [
      'SELECT * FROM archive s WHERE s.date = 1',
      'ParseInvalidPathComponent',
      'expected a column after the dot, found date at line 1, column 33',
    ],
    [
      'SELECT * FROM archive s WHERE s. = 1',
      'ParseInvalidPathComponent',
      'expected a column after the dot, found = at line 1, column 34',
    ],
    [
      'SELECT * FROM archive s WHERE s.a.b = 1',
      'ParseInvalidPathComponent',
      'expected no path beyond a column, found . at line 1, column 34',
    ],
    [
      'SELECT * FROM archive s WHERE a[0] = 1',
      'ParseInvalidPathComponent',
      'expected no path beyond a column, found [ at line 1, column 32',
    ],
    [
      'SELECT * FROM archive s WHERE s.a[0] = 1',
      'ParseInvalidPathComponent',
      'expected no path beyond a column, found [ at line 1, column 34',
    ],
    [
      'SELECT * FROM archive s WHERE s.1 = 1',
      'ParseInvalidPathComponent',
      'expected no path beyond a column, found .1 at line 1, column 32',
    ],
    [
      'SELECT * FROM archive s WHERE date = 1',
      'ParseUnexpectedKeyword',
      'expected an expression, found the keyword date, which is no column unless in double quotes at line 1, column 31',
    ],
    [
      'SELECT * FROM archive s WHERE count = 1',
      'ParseExpectedLeftParenBuiltinFunctionCall',
      'expected ( after count, which is no column unless in double quotes at line 1, column 31',
    ],
    [
      'SELECT * FROM archive s WHERE cast = 1',
      'ParseExpectedLeftParenAfterCast',
      'expected ( after cast, which is no column unless in double quotes at line 1, column 31',
    ],
    [
      "SELECT * FROM archive s WHERE DATE '2010-01-01' = a",
      'ParseUnexpectedKeyword',
      'expected an expression, found the keyword DATE, which is no column unless in double quotes at line 1, column 31',
    ],
  ])('%s', refuses);
});
