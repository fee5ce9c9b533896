import { describe, expect, test } from 'vitest';
import { SelectError } from '../select-error.ts';
import { parseStatement } from './parse.ts';
import { RESERVED_WORDS } from './reserved-words.ts';

const parsed = (text: string) => parseStatement(text, { strict: false });
/** Words that are expressions by themselves. */
const CONSTANTS = ['TRUE', 'FALSE', 'NULL', 'MISSING'];

describe('reserved words', () => {
  test('are the 242 of the list', () => {
    expect(RESERVED_WORDS.size).toBe(242);
    for (const word of ['ABSOLUTE', 'DATE', 'END-EXEC', 'LANGUAGE', 'TIMEZONE_MINUTE', 'VALUE', 'ZONE']) {
      expect(RESERVED_WORDS).toContain(word);
    }
    for (const word of ['NAME', 'ARCHIVE', 'OBJECT', 'DATE_ADD', 'UTCNOW', 'OFFSET']) {
      expect(RESERVED_WORDS).not.toContain(word);
    }
  });

  test('are columns and aliases in double quotes only', () => {
    for (const word of [...RESERVED_WORDS].filter((found) => !CONSTANTS.includes(found))) {
      const quoted = `"${word.toLowerCase()}"`;
      const text = `SELECT ${quoted} AS ${quoted} FROM archive AS ${quoted} WHERE ${quoted}.${quoted} = 1`;
      expect(parsed(text).alias).toEqual({ text: word.toLowerCase(), quoted: true });
      for (const wrong of [
        `SELECT a FROM archive WHERE a = ${word}`,
        `SELECT a FROM archive s WHERE s.${word} = 1`,
        `SELECT a AS ${word} FROM archive`,
        `SELECT a FROM archive AS ${word}`,
        `SELECT ${word}, a FROM archive`,
      ]) {
        expect(() => parsed(wrong), wrong).toThrow(SelectError);
      }
    }
  });
});
