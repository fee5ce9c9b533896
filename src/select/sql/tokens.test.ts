import { describe, test } from 'vitest';
import { refuses } from '../../../test/support/select-refusal.ts';

describe('characters that mean nothing', () => {
  test.each([
    ["SELECT 'a FROM archive", 'LexerInvalidLiteral', 'a text begins here and does not end at line 1, column 8'],
    ["SELECT 'a'' FROM archive", 'LexerInvalidLiteral', 'a text begins here and does not end at line 1, column 8'],
    [
      'SELECT "a FROM archive',
      'LexerInvalidLiteral',
      'a name in quotes begins here and does not end at line 1, column 8',
    ],
    [
      'SELECT `2010T FROM archive',
      'LexerInvalidIONLiteral',
      'an Ion literal begins here and does not end at line 1, column 8',
    ],
    [
      'SELECT a # b FROM archive',
      'LexerInvalidChar',
      'the character # (U+0023) means nothing outside quotes at line 1, column 10',
    ],
    [
      'SELECT ’a’ FROM archive',
      'LexerInvalidChar',
      'the character ’ (U+2019) means nothing outside quotes at line 1, column 8',
    ],
    [
      'SELECT a\u0000 FROM archive',
      'LexerInvalidChar',
      'the character \\u{0} (U+0000) means nothing outside quotes at line 1, column 9',
    ],
    [
      'SELECT \u00a0a FROM archive',
      'LexerInvalidChar',
      'the character \u00a0 (U+00A0) means nothing outside quotes at line 1, column 8',
    ],
    [
      'SELECT größe FROM archive',
      'LexerInvalidChar',
      'the character ö (U+00F6) means nothing outside quotes at line 1, column 10',
    ],
    ['SELECT a == b FROM archive', 'LexerInvalidOperator', '== is no operator; equality is = at line 1, column 10'],
    ['SELECT !a FROM archive', 'LexerInvalidOperator', '! alone is no operator at line 1, column 8'],
    ['SELECT a | b FROM archive', 'LexerInvalidOperator', '| alone is no operator at line 1, column 10'],
    [
      'SELECT a & b FROM archive',
      'LexerInvalidChar',
      'the character & (U+0026) means nothing outside quotes at line 1, column 10',
    ],
    ['SELECT 1a FROM archive', 'LexerInvalidLiteral', 'this is no number at line 1, column 8'],
    ['SELECT 0x1F FROM archive', 'LexerInvalidLiteral', 'this is no number at line 1, column 8'],
    ['SELECT 1.2.3 FROM archive', 'LexerInvalidLiteral', 'this is no number at line 1, column 8'],
    ['SELECT 1e FROM archive', 'LexerInvalidLiteral', 'this is no number at line 1, column 8'],
    ['SELECT 1..2 FROM archive', 'LexerInvalidLiteral', 'this is no number at line 1, column 8'],
    ['SELECT a -- b FROM archive', 'UnsupportedSyntax', 'comments are not supported at line 1, column 10'],
    ['SELECT /* c */ a FROM archive', 'UnsupportedSyntax', 'comments are not supported at line 1, column 8'],
    ["SELECT '\ud800' FROM archive", 'LexerInvalidChar', 'half a character at line 1, column 9'],
    [
      'SELECT a @ b FROM archive',
      'LexerInvalidChar',
      'the character @ (U+0040) means nothing outside quotes at line 1, column 10',
    ],
    [
      'SELECT {a} FROM archive',
      'LexerInvalidChar',
      'the character { (U+007B) means nothing outside quotes at line 1, column 8',
    ],
    [
      'SELECT ? FROM archive',
      'LexerInvalidChar',
      'the character ? (U+003F) means nothing outside quotes at line 1, column 8',
    ],
  ])('%s', refuses);
});

describe('what is shown of a text', () => {
  test('is short, and one line', () => {
    const long = 'a'.repeat(40_000);
    refuses(
      `SELECT ${long} ${long} ${long} FROM archive`,
      'ParseUnexpectedToken',
      `expected FROM, found ${'a'.repeat(40)}... at line 1, column 80010`,
    );
    refuses(
      "SELECT a b '\n\r\u2028\u202e' FROM archive",
      'ParseUnexpectedToken',
      "expected FROM, found '\\u{a}\\u{d}\\u{2028}\\u{202e}' at line 1, column 12",
    );
    refuses(
      `SELECT a b '${'𝒂'.repeat(50)}'`,
      'ParseUnexpectedToken',
      `expected FROM, found '${'𝒂'.repeat(39)}... at line 1, column 12`,
    );
  });
});
