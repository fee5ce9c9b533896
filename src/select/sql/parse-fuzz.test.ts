import fc from 'fast-check';
import { expect, test } from 'vitest';
import { placeless, statementText } from '../../../test/support/sql-text.ts';
import { statements } from '../../../test/support/sql-trees.ts';
import { tries } from '../../../test/support/tries.ts';
import { SelectError } from '../select-error.ts';
import { parseStatement } from './parse.ts';
import { RESERVED_WORDS } from './reserved-words.ts';
import type { Statement } from './syntax.ts';
import { SYMBOLS } from './token.ts';

/** Undefined for a text that is refused; whatever else is thrown fails the test. */
function understood(text: string): Statement | undefined {
  try {
    return parseStatement(text, { strict: false });
  } catch (error) {
    if (!(error instanceof SelectError)) throw error;
    expect(error.message).toMatch(/^[^\n]{1,200} at line \d+, column \d+$/);
    return undefined;
  }
}

test('a tree that is printed is read as the same tree', () => {
  fc.assert(
    fc.property(statements, (statement) => {
      const read = parseStatement(statementText(statement), { strict: false });
      expect(placeless(read)).toEqual(placeless(statement));
    }),
    { numRuns: tries(150) },
  );
});

const pieces = fc.oneof(
  fc.constantFrom(...SYMBOLS, ...'"\'`-!|#', '--', '/*'),
  fc.constantFrom('SELECT', 'FROM', 'archive', 'WHERE', 'LIMIT', 'AND', 'NOT', 'IN', 'LIKE', 'BETWEEN', 'IS', 'NULL'),
  fc.constantFrom(...RESERVED_WORDS, 'DATE_ADD', 'DATE_DIFF', 'UTCNOW', 'TO_STRING', 'S3Object'),
  fc.constantFrom('a', 's', '_1', "'x'", '"n"', '`2010T`', '1', '1.5', '.5'),
);

test('words in any order are read, and what is read stays as it is, or they are refused', () => {
  fc.assert(
    fc.property(fc.array(pieces, { maxLength: 15 }), fc.constantFrom('', ' ', '\n'), (soup, blank) => {
      for (const text of [
        soup.join(blank),
        `SELECT a FROM archive WHERE ${soup.join(blank)}`,
        `SELECT ${soup.join(blank)} FROM archive`,
      ]) {
        const statement = understood(text);
        if (statement === undefined) continue;
        const again = understood(statementText(statement));
        expect(placeless(again)).toEqual(placeless(statement));
      }
    }),
    { numRuns: tries(150) },
  );
});

test('any text at all is read or refused', () => {
  const bytes = fc.uint8Array({ maxLength: 60 }).map((found) => Buffer.from(found).toString('latin1'));
  const units = fc.uint16Array({ maxLength: 60 }).map((found) => String.fromCharCode(...found));
  const text = fc.oneof(bytes, units, fc.string({ maxLength: 60 }));
  fc.assert(
    fc.property(text, (found) => {
      understood(found);
      understood(`SELECT ${found} FROM archive`);
      understood(`SELECT '${found}' FROM archive`);
    }),
    { numRuns: tries(150) },
  );
});

test('a query with something taken out of it, or put in, is read or refused', () => {
  const query =
    "SELECT s.a, CAST(b AS INT) c FROM archive AS s WHERE a NOT LIKE 'x%' ESCAPE '!' AND b IN (1, -2.5) LIMIT 3";
  fc.assert(
    fc.property(fc.nat(query.length), fc.nat(10), pieces, (at, length, piece) => {
      understood(query.slice(0, at) + query.slice(at + length));
      understood(query.slice(0, at) + piece + query.slice(at));
    }),
    { numRuns: tries(150) },
  );
});
