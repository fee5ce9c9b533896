import { SelectError } from '../select-error.ts';
import { parseDecimal } from './decimal.ts';
import { parseFloatText, parseInteger } from './numbers.ts';
import { shown } from './shown.ts';
import { parseTimestamp } from './timestamp.ts';
import type { Value } from './value.ts';

/**
 * What stands between backticks: one scalar value of Amazon's Ion, as text. A symbol is a text here: that is what S3 Select
 * compares fields with.
 */
const NULL = /^null(?:\.(?:null|bool|int|float|decimal|timestamp|symbol|string|clob|blob|list|sexp|struct))?$/;
const INTEGER = /^-?(?:(?:0|[1-9](?:_?\d)*)|0[xX][\dA-Fa-f](?:_?[\dA-Fa-f])*|0[bB][01](?:_?[01])*)$/;
/** With `e` a float, with `d` or only a point a decimal. */
const REAL = /^-?(?:0|[1-9](?:_?\d)*)(?:\.(?:\d(?:_?\d)*)?)?(?:[eEdD][+-]?\d+)?$/;
const SYMBOL = /^[A-Za-z_$][\w$]*$/;
const QUOTED = /^(?:"((?:[^"\\\n\r]|\\[\s\S])*)"|'((?:[^'\\\n\r]|\\[\s\S])*)')$/;
const CONTAINER = /^(?:\[|\(|\{|.*::)/s;

/** Throws SelectError: LexerInvalidIONLiteral, or UnsupportedSyntax for what is Ion but no scalar value. */
export function parseIon(text: string): Value {
  const trimmed = text.trim();
  const value = parseWord(trimmed) ?? parseNumber(trimmed) ?? parseTimestamp(trimmed) ?? parseQuoted(trimmed);
  if (value !== undefined) return value;
  if (NULL.test(trimmed)) return null;
  if (CONTAINER.test(trimmed)) throw new SelectError('UnsupportedSyntax', `Not a scalar Ion value: ${shown(text)}`);
  throw new SelectError('LexerInvalidIONLiteral', `Not an Ion value: ${shown(text)}`);
}

function parseWord(text: string): boolean | string | undefined {
  if (text === 'true' || text === 'false') return text === 'true';
  // These are floats, but not numbers.
  return SYMBOL.test(text) && !NULL.test(text) && text !== 'nan' ? text : undefined;
}

function parseNumber(text: string): Value {
  if (INTEGER.test(text)) return parseInteger(text.replaceAll('_', ''));
  if (!REAL.test(text)) return undefined;
  const digits = text.replaceAll('_', '');
  return /[eE]/.test(digits) ? parseFloatText(digits) : parseDecimal(digits.replace(/[dD]/, 'e'));
}

const ESCAPE = /\\(?:x([\dA-Fa-f]{2})|u([\dA-Fa-f]{4})|U([\dA-Fa-f]{8})|(\r\n|[\s\S]))/g;

const ESCAPED: ReadonlyMap<string, string> = new Map([
  ['0', '\0'],
  ['a', '\x07'],
  ['b', '\b'],
  ['t', '\t'],
  ['n', '\n'],
  ['f', '\f'],
  ['r', '\r'],
  ['v', '\v'],
  ['"', '"'],
  ["'", "'"],
  ['?', '?'],
  ['/', '/'],
  ['\\', '\\'],
  ['\n', ''],
  ['\r', ''],
  ['\r\n', ''],
]);

function parseQuoted(text: string): string | undefined {
  const match = QUOTED.exec(text);
  if (match === null) return undefined;
  let valid = true;
  const value = (match[1] ?? match[2] ?? '').replace(ESCAPE, (_, x, u, U, other) => {
    const code = Number.parseInt(x ?? u ?? U ?? '', 16);
    const character = other === undefined && code <= 0x10ffff ? String.fromCodePoint(code) : ESCAPED.get(other);
    valid &&= character !== undefined;
    return character ?? '';
  });
  return valid ? value : undefined;
}
