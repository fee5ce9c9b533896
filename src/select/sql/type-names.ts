import { errorAt, type Place } from '../select-error.ts';
import { beyondGlacier, type Parsing } from './parsing.ts';
import type { TypeName } from './syntax.ts';
import type { TokenReader } from './token-reader.ts';

/** The types of the SQL reference, and those of SQL that are the same thing to PartiQL. */
const TYPES = new Map<string, { type: TypeName; parametersMax: number; documented: boolean }>([
  ['BOOL', { type: 'bool', parametersMax: 0, documented: true }],
  ['BOOLEAN', { type: 'bool', parametersMax: 0, documented: false }],
  ['INT', { type: 'int', parametersMax: 0, documented: true }],
  ['INTEGER', { type: 'int', parametersMax: 0, documented: true }],
  ['STRING', { type: 'string', parametersMax: 0, documented: true }],
  ['VARCHAR', { type: 'string', parametersMax: 1, documented: false }],
  ['CHAR', { type: 'string', parametersMax: 1, documented: false }],
  ['CHARACTER', { type: 'string', parametersMax: 1, documented: false }],
  ['FLOAT', { type: 'float', parametersMax: 1, documented: true }],
  ['REAL', { type: 'float', parametersMax: 0, documented: false }],
  ['DOUBLE', { type: 'float', parametersMax: 0, documented: false }],
  ['DECIMAL', { type: 'decimal', parametersMax: 2, documented: true }],
  ['NUMERIC', { type: 'decimal', parametersMax: 2, documented: true }],
  ['DEC', { type: 'decimal', parametersMax: 2, documented: false }],
  ['TIMESTAMP', { type: 'timestamp', parametersMax: 0, documented: true }],
]);

/** The type that CAST names. Length, precision and scale are read and dropped, as Amazon does it. */
export function typeName(parsing: Parsing): TypeName {
  const { reader } = parsing;
  const { kind, value: name, place } = reader.token;
  const found = kind === 'word' ? TYPES.get(name) : undefined;
  if (found === undefined) throw reader.expected('a type', 'ParseExpectedTypeName');
  if (!found.documented) beyondGlacier(parsing, name, place);
  reader.next();
  if (name === 'DOUBLE') reader.takeWord('PRECISION');
  const given = reader.takeSymbol('(') ? parameters(reader) : 0;
  if (given > found.parametersMax) throw tooMany(name, found.parametersMax, place);
  return found.type;
}

function parameters(reader: TokenReader): number {
  let count = 0;
  do {
    const { kind, value } = reader.token;
    if (kind !== 'number' || !/^\d+$/.test(value)) throw reader.expected('a whole number', 'ParseInvalidTypeParam');
    reader.next();
    count += 1;
  } while (reader.takeSymbol(','));
  reader.expectSymbol(')');
  return count;
}

function tooMany(name: string, max: number, place: Place) {
  const wanted = max === 0 ? 'no parameters' : max === 1 ? 'one parameter' : `at most ${max} parameters`;
  return errorAt('ParseCastArity', `${name} takes ${wanted}`, place);
}
