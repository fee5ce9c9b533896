import { describe, test } from 'vitest';
import { refuses } from '../../../test/support/select-refusal.ts';

describe('expressions', () => {
  test.each([
    [
      'SELECT * FROM archive s WHERE = 1',
      'ParseUnexpectedOperator',
      'expected an expression, found = at line 1, column 31',
    ],
    [
      'SELECT * FROM archive s WHERE a =',
      'ParseUnexpectedTerm',
      'expected an expression, found the end at line 1, column 34',
    ],
    [
      'SELECT * FROM archive s WHERE a AND',
      'ParseUnexpectedTerm',
      'expected an expression, found the end at line 1, column 36',
    ],
    [
      'SELECT * FROM archive s WHERE a = = 1',
      'ParseUnexpectedOperator',
      'expected an expression, found = at line 1, column 35',
    ],
    [
      'SELECT * FROM archive s WHERE (a = 1',
      'ParseExpectedTokenType',
      'expected ), found the end at line 1, column 37',
    ],
    ['SELECT * FROM archive s WHERE a = 1)', 'ParseUnexpectedToken', 'expected the end, found ) at line 1, column 36'],
    ['SELECT * FROM archive s WHERE ()', 'ParseUnexpectedTerm', 'expected an expression, found ) at line 1, column 32'],
    ['SELECT * FROM archive s WHERE (a, b) = 1', 'ParseExpectedTokenType', 'expected ), found , at line 1, column 33'],
    [
      'SELECT * FROM archive s WHERE a = (SELECT 1)',
      'UnsupportedSqlStructure',
      'a query within a query is not supported at line 1, column 36',
    ],
    [
      'SELECT * FROM archive s WHERE EXISTS (SELECT 1)',
      'UnsupportedFunction',
      'there is no function EXISTS at line 1, column 31',
    ],
    [
      'SELECT * FROM archive s WHERE a IN ()',
      'ParseExpectedExpression',
      'expected a value after IN, found ) at line 1, column 37',
    ],
    [
      'SELECT * FROM archive s WHERE a IN (1, 2',
      'ParseExpectedArgumentDelimiter',
      'expected a comma or ), found the end at line 1, column 41',
    ],
    [
      'SELECT * FROM archive s WHERE a IN (1 2)',
      'ParseExpectedArgumentDelimiter',
      'expected a comma or ), found 2 at line 1, column 39',
    ],
    [
      'SELECT * FROM archive s WHERE a IN b',
      'ParseExpectedLeftParenValueConstructor',
      'expected ( after IN, found b at line 1, column 36',
    ],
    [
      'SELECT * FROM archive s WHERE a IN (SELECT 1)',
      'UnsupportedSqlStructure',
      'a query within a query is not supported at line 1, column 37',
    ],
    [
      'SELECT * FROM archive s WHERE a IN []',
      'ParseExpectedExpression',
      'expected a value after IN, found ] at line 1, column 37',
    ],
    [
      'SELECT * FROM archive s WHERE a IN [1)',
      'ParseExpectedArgumentDelimiter',
      'expected a comma or ], found ) at line 1, column 38',
    ],
    [
      'SELECT * FROM archive s WHERE a BETWEEN 1',
      'ParseExpectedKeyword',
      'expected AND, found the end at line 1, column 42',
    ],
    [
      'SELECT * FROM archive s WHERE a BETWEEN 1 OR 2',
      'ParseExpectedKeyword',
      'expected AND, found OR at line 1, column 43',
    ],
    [
      'SELECT * FROM archive s WHERE a IS UNKNOWN',
      'ParseExpectedKeyword',
      'expected NULL, MISSING, TRUE or FALSE, found UNKNOWN at line 1, column 36',
    ],
    [
      'SELECT * FROM archive s WHERE a IS',
      'ParseExpectedKeyword',
      'expected NULL, MISSING, TRUE or FALSE, found the end at line 1, column 35',
    ],
    [
      'SELECT * FROM archive s WHERE a NOT b',
      'ParseUnexpectedToken',
      'expected the end, found NOT at line 1, column 33',
    ],
    [
      'SELECT * FROM archive s WHERE a NOT = b',
      'ParseUnexpectedToken',
      'expected the end, found NOT at line 1, column 33',
    ],
    [
      'SELECT * FROM archive s WHERE a LIKE',
      'ParseUnexpectedTerm',
      'expected an expression, found the end at line 1, column 37',
    ],
    [
      'SELECT * FROM archive s WHERE CASE a END',
      'ParseExpectedWhenClause',
      'expected WHEN, found END at line 1, column 38',
    ],
    [
      'SELECT * FROM archive s WHERE CASE ELSE 1 END',
      'ParseExpectedWhenClause',
      'expected WHEN, found ELSE at line 1, column 36',
    ],
    [
      'SELECT * FROM archive s WHERE CASE WHEN a END',
      'ParseExpectedKeyword',
      'expected THEN, found END at line 1, column 43',
    ],
    [
      'SELECT * FROM archive s WHERE CASE WHEN a THEN b',
      'ParseExpectedKeyword',
      'expected END, found the end at line 1, column 49',
    ],
    [
      'SELECT * FROM archive s WHERE CASE a WHEN 1 THEN 2 ELSE 3 WHEN',
      'ParseExpectedKeyword',
      'expected END, found WHEN at line 1, column 59',
    ],
  ])('%s', refuses);
});
