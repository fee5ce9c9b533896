import { errorAt, type Place } from '../select-error.ts';
import type { Expression } from './syntax.ts';
import type { TokenReader } from './token-reader.ts';

/** What the parts of the grammar share. */
export interface Parsing {
  reader: TokenReader;
  /** Only what the SQL reference of Glacier Select has. */
  strict: boolean;
  /** Reads a whole expression, whatever its operators; the parts that call it stand within it. */
  expression: () => Expression;
}

/** For what S3 Select or we have beyond Glacier Select; throws SelectError where that is refused. */
export function beyondGlacier({ strict }: Pick<Parsing, 'strict'>, what: string, place: Place): void {
  if (strict) throw errorAt('UnsupportedSyntax', `${what} is refused by --select-strict`, place);
}

/** One or more expressions with commas between them. */
export function expressionList({ reader, expression }: Parsing): Expression[] {
  const found = [expression()];
  while (reader.takeSymbol(',')) found.push(expression());
  return found;
}

export function refuseSubquery(reader: TokenReader): void {
  if (reader.isWord('SELECT')) {
    throw errorAt('UnsupportedSqlStructure', 'a query within a query is not supported', reader.place);
  }
}
