import { describe, test } from 'vitest';
import { refuses } from '../../../test/support/select-refusal.ts';

describe('calls', () => {
  test.each([
    [
      "SELECT * FROM archive s WHERE read_text('/etc/passwd')",
      'UnsupportedFunction',
      'there is no function read_text at line 1, column 31',
    ],
    [
      'SELECT * FROM archive s WHERE UPPER',
      'ParseExpectedLeftParenBuiltinFunctionCall',
      'expected ( after UPPER, which is no column unless in double quotes at line 1, column 31',
    ],
    [
      'SELECT * FROM archive s WHERE BIT_LENGTH(a) = 1',
      'UnsupportedFunction',
      'there is no function BIT_LENGTH at line 1, column 31',
    ],
    [
      'SELECT * FROM archive s WHERE WHERE (a)',
      'ParseUnexpectedKeyword',
      'expected an expression, found WHERE at line 1, column 31',
    ],
    [
      'SELECT * FROM archive s WHERE LOWER()',
      'EvaluatorInvalidArguments',
      'LOWER takes 1 argument, not 0 at line 1, column 31',
    ],
    [
      'SELECT * FROM archive s WHERE LOWER(a, b)',
      'EvaluatorInvalidArguments',
      'LOWER takes 1 argument, not 2 at line 1, column 31',
    ],
    [
      'SELECT * FROM archive s WHERE NULLIF(a)',
      'EvaluatorInvalidArguments',
      'NULLIF takes 2 arguments, not 1 at line 1, column 31',
    ],
    [
      'SELECT * FROM archive s WHERE COALESCE()',
      'EvaluatorInvalidArguments',
      'COALESCE takes at least 1 arguments, not 0 at line 1, column 31',
    ],
    [
      'SELECT * FROM archive s WHERE UTCNOW(1)',
      'EvaluatorInvalidArguments',
      'UTCNOW takes 0 arguments, not 1 at line 1, column 31',
    ],
    [
      'SELECT * FROM archive s WHERE TO_STRING(a)',
      'EvaluatorInvalidArguments',
      'TO_STRING takes 2 arguments, not 1 at line 1, column 31',
    ],
    [
      'SELECT * FROM archive s WHERE LOWER(*)',
      'ParseUnsupportedCallWithStar',
      'LOWER takes no *, only COUNT does at line 1, column 31',
    ],
    [
      'SELECT * FROM archive s WHERE LOWER(a b)',
      'ParseExpectedArgumentDelimiter',
      'expected a comma or ), found b at line 1, column 39',
    ],
    [
      'SELECT * FROM archive s WHERE LOWER(a',
      'ParseExpectedArgumentDelimiter',
      'expected a comma or ), found the end at line 1, column 38',
    ],
    [
      'SELECT * FROM archive s WHERE SUM(*)',
      'ParseUnsupportedCallWithStar',
      'SUM takes no *, only COUNT does at line 1, column 31',
    ],
    [
      'SELECT COUNT() FROM archive',
      'ParseNonUnaryAgregateFunctionCall',
      'COUNT takes one argument at line 1, column 8',
    ],
    [
      'SELECT COUNT(a, b) FROM archive',
      'ParseNonUnaryAgregateFunctionCall',
      'COUNT takes one argument at line 1, column 8',
    ],
    [
      'SELECT COUNT(DISTINCT a) FROM archive',
      'UnsupportedSyntax',
      'DISTINCT within COUNT is not supported at line 1, column 14',
    ],
    ['SELECT SUM(ALL a) FROM archive', 'UnsupportedSyntax', 'ALL within SUM is not supported at line 1, column 12'],
    [
      'SELECT SUM(MAX(a)) FROM archive',
      'IllegalSqlFunctionArgument',
      'MAX is not supported within an aggregate at line 1, column 12',
    ],
    [
      'SELECT MAX(a) + 1, AVG(1 + COUNT(*)) FROM archive',
      'IllegalSqlFunctionArgument',
      'COUNT is not supported within an aggregate at line 1, column 28',
    ],
    [
      'SELECT * FROM archive s WHERE COUNT(*) > 1',
      'UnsupportedSqlStructure',
      'COUNT is not supported in WHERE at line 1, column 31',
    ],
    [
      'SELECT * FROM archive s WHERE a = 1 OR MAX(b) = 2',
      'UnsupportedSqlStructure',
      'MAX is not supported in WHERE at line 1, column 40',
    ],
    [
      'SELECT COUNT(*), a FROM archive',
      'UnsupportedSqlStructure',
      'a column is not supported beside an aggregate at line 1, column 18',
    ],
    [
      'SELECT a, COUNT(*) FROM archive',
      'UnsupportedSqlStructure',
      'a column is not supported beside an aggregate at line 1, column 8',
    ],
    [
      'SELECT SUM(a) + b FROM archive',
      'UnsupportedSqlStructure',
      'a column is not supported beside an aggregate at line 1, column 17',
    ],
    ['SELECT * FROM archive s WHERE CAST(a)', 'ParseExpectedKeyword', 'expected AS, found ) at line 1, column 37'],
    [
      'SELECT * FROM archive s WHERE CAST a',
      'ParseExpectedLeftParenAfterCast',
      'expected ( after CAST, which is no column unless in double quotes at line 1, column 31',
    ],
    ['SELECT * FROM archive s WHERE CAST(a, INT)', 'ParseExpectedKeyword', 'expected AS, found , at line 1, column 37'],
    [
      'SELECT * FROM archive s WHERE CAST(a AS)',
      'ParseExpectedTypeName',
      'expected a type, found ) at line 1, column 40',
    ],
    [
      'SELECT * FROM archive s WHERE CAST(a AS LIST)',
      'ParseExpectedTypeName',
      'expected a type, found LIST at line 1, column 41',
    ],
    [
      'SELECT * FROM archive s WHERE CAST(a AS DATE)',
      'ParseExpectedTypeName',
      'expected a type, found DATE at line 1, column 41',
    ],
    [
      'SELECT * FROM archive s WHERE CAST(a AS foo)',
      'ParseExpectedTypeName',
      'expected a type, found foo at line 1, column 41',
    ],
    [
      'SELECT * FROM archive s WHERE CAST(a AS INT(5))',
      'ParseCastArity',
      'INT takes no parameters at line 1, column 41',
    ],
    [
      'SELECT * FROM archive s WHERE CAST(a AS DECIMAL(1,2,3))',
      'ParseCastArity',
      'DECIMAL takes at most 2 parameters at line 1, column 41',
    ],
    [
      "SELECT * FROM archive s WHERE CAST(a AS DECIMAL('1'))",
      'ParseInvalidTypeParam',
      "expected a whole number, found '1' at line 1, column 49",
    ],
    [
      'SELECT * FROM archive s WHERE CAST(a AS DECIMAL(-1))',
      'ParseInvalidTypeParam',
      'expected a whole number, found - at line 1, column 49',
    ],
    [
      'SELECT * FROM archive s WHERE CAST(a AS DECIMAL(1)',
      'ParseExpectedRightParenBuiltinFunctionCall',
      'expected ), found the end at line 1, column 51',
    ],
    [
      'SELECT * FROM archive s WHERE CAST(a AS INT',
      'ParseExpectedRightParenBuiltinFunctionCall',
      'expected ), found the end at line 1, column 44',
    ],
    [
      'SELECT * FROM archive s WHERE EXTRACT(week FROM a)',
      'ParseExpectedDatePart',
      'expected a part of dates (year, month, day, hour, minute, second, timezone_hour, timezone_minute), found week at line 1, column 39',
    ],
    [
      "SELECT * FROM archive s WHERE EXTRACT('year' FROM a)",
      'ParseExpectedDatePart',
      "expected a part of dates (year, month, day, hour, minute, second, timezone_hour, timezone_minute), found 'year' at line 1, column 39",
    ],
    [
      'SELECT * FROM archive s WHERE EXTRACT(year, a)',
      'ParseExpectedKeyword',
      'expected FROM, found , at line 1, column 43',
    ],
    [
      'SELECT * FROM archive s WHERE DATE_ADD(timezone_hour, 1, a)',
      'ParseExpectedDatePart',
      'expected a part of dates (year, month, day, hour, minute, second), found timezone_hour at line 1, column 40',
    ],
    [
      'SELECT * FROM archive s WHERE DATE_ADD(1, 1, a)',
      'ParseExpectedDatePart',
      'expected a part of dates (year, month, day, hour, minute, second), found 1 at line 1, column 40',
    ],
    [
      'SELECT * FROM archive s WHERE DATE_ADD(year 1, a)',
      'ParseExpectedArgumentDelimiter',
      'expected a comma, found 1 at line 1, column 45',
    ],
    [
      'SELECT * FROM archive s WHERE DATE_DIFF(year, a)',
      'ParseExpectedArgumentDelimiter',
      'expected a comma, found ) at line 1, column 48',
    ],
    [
      'SELECT * FROM archive s WHERE DATE_DIFF(year, a, b, c)',
      'ParseExpectedRightParenBuiltinFunctionCall',
      'expected ), found , at line 1, column 51',
    ],
    [
      'SELECT * FROM archive s WHERE SUBSTRING(a)',
      'ParseExpected2TokenTypes',
      'expected FROM or a comma, found ) at line 1, column 42',
    ],
    [
      'SELECT * FROM archive s WHERE SUBSTRING(a FROM 1, 2)',
      'ParseExpectedRightParenBuiltinFunctionCall',
      'expected ), found , at line 1, column 49',
    ],
    [
      'SELECT * FROM archive s WHERE SUBSTRING(a, 1 FOR 2)',
      'ParseExpectedRightParenBuiltinFunctionCall',
      'expected ), found FOR at line 1, column 46',
    ],
    [
      'SELECT * FROM archive s WHERE TRIM()',
      'ParseUnexpectedTerm',
      'expected an expression, found ) at line 1, column 36',
    ],
    [
      'SELECT * FROM archive s WHERE TRIM(LEADING a)',
      'ParseExpectedKeyword',
      'expected FROM, found ) at line 1, column 45',
    ],
    [
      'SELECT * FROM archive s WHERE TRIM(FROM FROM a)',
      'ParseUnexpectedKeyword',
      'expected an expression, found the keyword FROM, which is no column unless in double quotes at line 1, column 41',
    ],
    [
      "SELECT * FROM archive s WHERE TRIM(a, 'x')",
      'ParseExpectedRightParenBuiltinFunctionCall',
      'expected ), found , at line 1, column 37',
    ],
  ])('%s', refuses);
});
