import { errorAt, type Place, type SelectError } from '../select-error.ts';
import { printable, SYMBOLS, type Token } from './token.ts';

/**
 * The text of a query becomes tokens, one at a time, so that a query is refused before the rest of it is looked at. Names
 * without quotes are ASCII, as at Amazon. Comments are refused: no client writes them, and they hide text from a reader.
 */
const BLANKS = /[ \t\n\v\f\r]*/y;
const WORD = /[A-Za-z_$][A-Za-z0-9_$]*/y;
const NUMBER = /(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?/y;
/** After a number, these would make it another one, or a word of it. */
const MORE_OF_A_NUMBER = /[A-Za-z0-9_$.]/y;

/** Where the first token is looked for. */
export const BEGINNING: Pick<Token, 'end' | 'place' | 'start'> = { start: 0, end: 0, place: { line: 1, column: 1 } };

interface Piece {
  kind: Token['kind'];
  value: string;
  end: number;
}

/** What begins with one of the characters: a text, a name or Ion, which end with the same one. */
const QUOTES = new Map<string, { kind: Token['kind']; code: string; what: string }>([
  ["'", { kind: 'string', code: 'LexerInvalidLiteral', what: 'a text begins here and does not end' }],
  ['"', { kind: 'quoted', code: 'LexerInvalidLiteral', what: 'a name in quotes begins here and does not end' }],
  ['`', { kind: 'ion', code: 'LexerInvalidIONLiteral', what: 'an Ion literal begins here and does not end' }],
]);

/** The token that begins at or after the end of the one before. SelectError with a code that begins with Lexer. */
export function tokenAfter(text: string, before: Pick<Token, 'end' | 'place' | 'start'>): Token {
  const start = endOf(BLANKS, text, before.end);
  const place = placeAfter(text, before, start);
  const first = text[start];
  if (first === undefined) return { kind: 'end', value: '', start, end: start, place };
  return { start, place, ...pieceAt(text, start, (code, message) => errorAt(code, message, place)) };
}

type Fault = (code: string, message: string) => SelectError;

function pieceAt(text: string, start: number, fault: Fault): Piece {
  const wordEnd = endOf(WORD, text, start);
  if (wordEnd > start) return { kind: 'word', value: text.slice(start, wordEnd).toUpperCase(), end: wordEnd };
  const numberEnd = endOf(NUMBER, text, start);
  if (numberEnd > start) return numberPiece(text, { start, end: numberEnd }, fault);
  const first = text[start] ?? '';
  const quotes = QUOTES.get(first);
  if (quotes !== undefined) {
    const end = closingQuote(text, start, first);
    if (end === undefined) throw fault(quotes.code, quotes.what);
    const inner = text.slice(start + 1, end - 1);
    return { kind: quotes.kind, value: first === '`' ? inner : inner.replaceAll(first + first, first), end };
  }
  for (const comment of ['--', '/*']) {
    if (text.startsWith(comment, start)) throw fault('UnsupportedSyntax', 'comments are not supported');
  }
  return symbolPiece(text, start, fault);
}

/** A number runs on to a blank or to a symbol: `1a`, `0x1F` and `1.2.3` are mistakes, not two tokens. */
function numberPiece(text: string, { start, end }: { start: number; end: number }, fault: Fault): Piece {
  if (endOf(MORE_OF_A_NUMBER, text, end) > end) throw fault('LexerInvalidLiteral', 'this is no number');
  return { kind: 'number', value: text.slice(start, end), end };
}

function symbolPiece(text: string, start: number, fault: Fault): Piece {
  if (text.startsWith('==', start)) throw fault('LexerInvalidOperator', '== is no operator; equality is =');
  const symbol = SYMBOLS.find((known) => text.startsWith(known, start));
  if (symbol !== undefined) return { kind: 'symbol', value: symbol, end: start + symbol.length };
  const point = String.fromCodePoint(text.codePointAt(start) ?? 0);
  if (point === '!' || point === '|') throw fault('LexerInvalidOperator', `${point} alone is no operator`);
  const number = (point.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0');
  throw fault('LexerInvalidChar', `the character ${printable(point)} (U+${number}) means nothing outside quotes`);
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
