import { errorAt, type SelectError } from '../select-error.ts';
import { call, isFunction } from './calls.ts';
import { caseExpression } from './case-expression.ts';
import type { Parsing } from './parsing.ts';
import { RESERVED_WORDS } from './reserved-words.ts';
import type { Expression } from './syntax.ts';
import type { TokenReader } from './token-reader.ts';

const CONSTANTS = new Map<string, boolean | null | undefined>([
  ['TRUE', true],
  ['FALSE', false],
  ['NULL', null],
  ['MISSING', undefined],
]);

/** Symbols that are no operators. */
const PUNCTUATION = new Set('()[],.;');

/** What stands between operators and is no expression in parentheses. */
export function operand(parsing: Parsing): Expression {
  const { reader } = parsing;
  const { kind, value, place } = reader.token;
  switch (kind) {
    case 'string':
      reader.next();
      return { kind, value, place };
    case 'number':
    case 'ion':
      reader.next();
      return { kind, text: value, place };
    case 'quoted':
      return column(reader);
    case 'word':
      return named(parsing, value);
    case 'symbol':
      throw reader.expected(
        'an expression',
        PUNCTUATION.has(value) ? 'ParseUnexpectedTerm' : 'ParseUnexpectedOperator',
      );
    case 'end':
      throw reader.expected('an expression', 'ParseUnexpectedTerm');
  }
}

function named(parsing: Parsing, word: string): Expression {
  const { reader } = parsing;
  const { place } = reader;
  if (CONSTANTS.has(word)) {
    reader.next();
    return { kind: 'constant', value: CONSTANTS.get(word), place };
  }
  if (word === 'CASE') return caseExpression(parsing);
  const next = reader.following;
  if (next.kind === 'symbol' && next.value === '(') return call(parsing, word);
  if (RESERVED_WORDS.has(word)) throw reserved(reader, word);
  return column(reader);
}

function reserved(reader: TokenReader, word: string): SelectError {
  if (!isFunction(word)) {
    const message = `expected an expression, found the keyword ${reader.shown()}, which is no column unless in double quotes`;
    return errorAt('ParseUnexpectedKeyword', message, reader.place);
  }
  const code = word === 'CAST' ? 'ParseExpectedLeftParenAfterCast' : 'ParseExpectedLeftParenBuiltinFunctionCall';
  const message = `expected ( after ${reader.shown()}, which is no column unless in double quotes`;
  return errorAt(code, message, reader.place);
}

function column(reader: TokenReader): Expression {
  const { place } = reader;
  const first = nameHere(reader, 'a column');
  if (!reader.takeSymbol('.')) {
    refusePath(reader);
    return { kind: 'column', qualifier: null, name: first, place };
  }
  if (reader.isSymbol('*')) {
    const message = 'a column is expected after the dot; * stands for all of them in the SELECT list only';
    throw errorAt('ParseInvalidContextForWildcardInSelectList', message, reader.place);
  }
  const name = nameHere(reader, 'a column after the dot');
  refusePath(reader);
  return { kind: 'column', qualifier: first, name, place };
}

function nameHere(reader: TokenReader, what: string): { text: string; quoted: boolean } {
  const name = reader.takeName();
  if (name === null) throw reader.expected(what, 'ParseInvalidPathComponent');
  return name;
}

/** A record of CSV is flat: a column has nothing in it that a path could go on to. */
function refusePath(reader: TokenReader): void {
  const { kind, value } = reader.token;
  const goesOn = reader.isSymbol('.', '[') || (kind === 'number' && value.startsWith('.'));
  if (goesOn) throw reader.expected('no path beyond a column', 'ParseInvalidPathComponent');
}
