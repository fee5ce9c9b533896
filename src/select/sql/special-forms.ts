import type { Place } from '../select-error.ts';
import type { Parsing } from './parsing.ts';
import { DATE_PARTS, type DatePart, type Expression } from './syntax.ts';
import type { TokenReader } from './token-reader.ts';
import { typeName } from './type-names.ts';

/** Functions with words between their arguments. Each is read from after its opening parenthesis up to the closing one. */
export const SPECIAL_FORMS: ReadonlyMap<string, (parsing: Parsing, place: Place) => Expression> = new Map([
  ['CAST', castForm],
  ['EXTRACT', extractForm],
  ['SUBSTRING', substringForm],
  ['TRIM', trimForm],
  ['DATE_ADD', dateAddForm],
  ['DATE_DIFF', dateDiffForm],
]);

function castForm(parsing: Parsing, place: Place): Expression {
  const operand = parsing.expression();
  parsing.reader.expectWord('AS');
  return { kind: 'cast', operand, type: typeName(parsing), place };
}

function extractForm({ reader, expression }: Parsing, place: Place): Expression {
  const part = datePart(reader, DATE_PARTS);
  reader.expectWord('FROM');
  return { kind: 'extract', part, operand: expression(), place };
}

/** `SUBSTRING(text FROM start FOR length)` or with commas; the length may be left out. */
function substringForm({ reader, expression }: Parsing, place: Place): Expression {
  const found = [expression()];
  const withWords = reader.takeWord('FROM');
  if (!withWords && !reader.takeSymbol(',')) throw reader.expected('FROM or a comma', 'ParseExpected2TokenTypes');
  found.push(expression());
  if (withWords ? reader.takeWord('FOR') : reader.takeSymbol(',')) found.push(expression());
  return { kind: 'call', name: 'SUBSTRING', arguments: found, place };
}

/** `TRIM(text)`, `TRIM([LEADING | TRAILING | BOTH] [characters] FROM text)`; FROM may also come first. */
function trimForm({ reader, expression }: Parsing, place: Place): Expression {
  const side = trimSide(reader);
  if (reader.takeWord('FROM')) {
    return { kind: 'trim', side: side ?? 'both', characters: null, operand: expression(), place };
  }
  const first = expression();
  if (side === null && !reader.isWord('FROM')) {
    return { kind: 'trim', side: 'both', characters: null, operand: first, place };
  }
  reader.expectWord('FROM');
  return { kind: 'trim', side: side ?? 'both', characters: first, operand: expression(), place };
}

function trimSide(reader: TokenReader): 'leading' | 'trailing' | 'both' | null {
  if (reader.takeWord('LEADING')) return 'leading';
  if (reader.takeWord('TRAILING')) return 'trailing';
  return reader.takeWord('BOTH') ? 'both' : null;
}

function dateAddForm({ reader, expression }: Parsing, place: Place): Expression {
  const part = datePart(reader, COUNTED_PARTS);
  comma(reader);
  const quantity = expression();
  comma(reader);
  return { kind: 'date-add', part, quantity, operand: expression(), place };
}

function dateDiffForm({ reader, expression }: Parsing, place: Place): Expression {
  const part = datePart(reader, COUNTED_PARTS);
  comma(reader);
  const from = expression();
  comma(reader);
  return { kind: 'date-diff', part, from, to: expression(), place };
}

/** What dates can be so many of apart. */
const COUNTED_PARTS = DATE_PARTS.filter((part) => !part.startsWith('timezone'));

function datePart(reader: TokenReader, parts: readonly DatePart[]): DatePart {
  const { kind, value } = reader.token;
  const part = parts.find((known) => kind === 'word' && known.toUpperCase() === value);
  if (part === undefined) throw reader.expected(`a part of dates (${parts.join(', ')})`, 'ParseExpectedDatePart');
  reader.next();
  return part;
}

function comma(reader: TokenReader): void {
  if (!reader.takeSymbol(',')) throw reader.expected('a comma', 'ParseExpectedArgumentDelimiter');
}
