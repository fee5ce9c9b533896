import { limits } from '../../model/limits.ts';
import { errorAt, SelectError } from '../select-error.ts';
import { statementOf } from './statement.ts';
import type { Statement } from './syntax.ts';
import { TokenReader } from './token-reader.ts';
import { BEGINNING, placeAfter } from './tokens.ts';

const HALF_A_CHARACTER = /\p{Surrogate}/u;

/**
 * Reads a query; SelectError for everything that is none. It takes time and memory in proportion to the text, whatever is in
 * it, and the tree is no deeper than `selectNestingMax`. `strict` refuses what Glacier Select is not documented to have.
 */
export function parseStatement(text: string, { strict }: { strict: boolean }): Statement {
  if (Buffer.byteLength(text) > limits.selectExpressionBytesMax) {
    throw new SelectError(
      'ExpressionTooLong',
      `the expression is longer than ${limits.selectExpressionBytesMax} bytes`,
    );
  }
  const half = HALF_A_CHARACTER.exec(text);
  if (half !== null) throw errorAt('LexerInvalidChar', 'half a character', placeAfter(text, BEGINNING, half.index));
  return statementOf({ reader: new TokenReader(text), strict });
}
