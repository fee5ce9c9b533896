import { errorAt, type Place } from '../select-error.ts';
import { printable, SYMBOLS, type Token } from './token.ts';

/**
 * The text of a query becomes tokens, one at a time, so that a query is refused before the rest of it is looked at. Names
 * without quotes are ASCII, as in PartiQL. Comments are refused: they hide a part of the query from whoever reads it.
 */
const BLANKS = /[ \t\n\v\f\r]*/y;
const WORD = /[A-Za-z_$][A-Za-z0-9_$]*/y;
const NUMBER = /(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?/y;
/** After a number, these would make it another one, or a word of it. */
const MORE_OF_A_NUMBER = /[A-Za-z0-9_$.]/y;

/** Where the first token is looked for. */
export const BEGINNING: Pick<Token, 'end' | 'place' | 'start'> = { start: 0, end: 0, place: { line: 1, column: 1 } };

interface Quotes {
  kind: Token['kind'];
  /** Of a text, a name or Ion that does not end. */
  code: string;
  what: string;
}

/** What begins with one of the characters ends with the same one. */
const QUOTES = new Map<string, Quotes>([
  ["'", { kind: 'string', code: 'LexerInvalidLiteral', what: 'a text' }],
  ['"', { kind: 'quoted', code: 'LexerInvalidLiteral', what: 'a name in quotes' }],
  ['`', { kind: 'ion', code: 'LexerInvalidIONLiteral', what: 'an Ion literal' }],
]);

/** The token that begins at or after the end of the one before; throws SelectError where there is none. */
export function tokenAfter(text: string, before: Pick<Token, 'end' | 'place' | 'start'>): Token {
  const start = endOf(BLANKS, text, before.end);
  const place = placeAfter(text, before, start);
  const first = text[start];
  if (first === undefined) return { kind: 'end', value: '', start, end: start, place };
  const wordEnd = endOf(WORD, text, start);
  if (wordEnd > start) {
    return { kind: 'word', value: text.slice(start, wordEnd).toUpperCase(), start, end: wordEnd, place };
  }
  const numberEnd = endOf(NUMBER, text, start);
  if (numberEnd > start) return numberToken(text, { start, end: numberEnd, place });
  const quotes = QUOTES.get(first);
  if (quotes !== undefined) return quotedToken(text, { start, place }, { quote: first, ...quotes });
  return symbolToken(text, { start, place });
}

type Beginning = Pick<Token, 'start' | 'place'>;

/** A number runs on to a blank or to a symbol: `1a`, `0x1F` and `1.2.3` are mistakes, not two tokens. */
function numberToken(text: string, { start, end, place }: Beginning & { end: number }): Token {
  if (endOf(MORE_OF_A_NUMBER, text, end) > end) throw errorAt('LexerInvalidLiteral', 'this is no number', place);
  return { kind: 'number', value: text.slice(start, end), start, end, place };
}

function quotedToken(
  text: string,
  { start, place }: Beginning,
  { quote, kind, code, what }: Quotes & { quote: string },
): Token {
  const end = closingQuote(text, start, quote);
  if (end === undefined) throw errorAt(code, `${what} begins here and does not end`, place);
  const inner = text.slice(start + 1, end - 1);
  return { kind, value: kind === 'ion' ? inner : inner.replaceAll(quote + quote, quote), start, end, place };
}

function symbolToken(text: string, { start, place }: Beginning): Token {
  const two = text.slice(start, start + 2);
  if (two === '--' || two === '/*') throw errorAt('UnsupportedSyntax', 'comments are not supported', place);
  if (two === '==') throw errorAt('LexerInvalidOperator', '== is no operator; equality is =', place);
  const value = [two, two.slice(0, 1)].find((known) => SYMBOLS.has(known));
  if (value !== undefined) return { kind: 'symbol', value, start, end: start + value.length, place };
  const point = String.fromCodePoint(text.codePointAt(start) ?? 0);
  if (point === '!' || point === '|') throw errorAt('LexerInvalidOperator', `${point} alone is no operator`, place);
  const number = (point.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0');
  const message = `the character ${printable(point)} (U+${number}) means nothing outside quotes`;
  throw errorAt('LexerInvalidChar', message, place);
}

/** The offset after the quote that ends what begins at `start`; a doubled quote ends nothing, but in Ion. */
function closingQuote(text: string, start: number, quote: string): number | undefined {
  let end = text.indexOf(quote, start + 1);
  while (end !== -1 && quote !== '`' && text[end + 1] === quote) end = text.indexOf(quote, end + 2);
  return end === -1 ? undefined : end + 1;
}

/** Where the match that begins at the offset ends; the offset itself where there is none. */
function endOf(pattern: RegExp, text: string, at: number): number {
  pattern.lastIndex = at;
  return pattern.test(text) ? pattern.lastIndex : at;
}

/** Counts on from the beginning of an earlier token, so that all tokens together cost one pass over the text. */
export function placeAfter(text: string, from: Pick<Token, 'start' | 'place'>, offset: number): Place {
  let { line, column } = from.place;
  for (let at = from.start; at < offset; at += (text.codePointAt(at) ?? 0) > 0xffff ? 2 : 1) {
    if (text[at] === '\n') {
      line += 1;
      column = 1;
    } else column += 1;
  }
  return { line, column };
}
