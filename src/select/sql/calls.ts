import { errorAt, type Place } from '../select-error.ts';
import { beyondGlacier, expressionList, type Parsing } from './parsing.ts';
import { SPECIAL_FORMS } from './special-forms.ts';
import { AGGREGATES, type AggregateName, type Expression, FUNCTIONS, type FunctionName } from './syntax.ts';

const SYNONYMS = new Map<string, FunctionName>([['CHARACTER_LENGTH', 'CHAR_LENGTH']]);

/** These keywords are never meant as functions, whatever follows them. */
const CLAUSE_WORDS = new Set(
  'SELECT FROM WHERE AND OR IN BETWEEN LIKE IS AS ON BY GROUP ORDER HAVING LIMIT UNION WHEN THEN ELSE END ESCAPE'.split(
    ' ',
  ),
);

export const isFunction = (word: string): boolean =>
  SPECIAL_FORMS.has(word) || isAggregate(word) || plainFunction(word) !== undefined;

const isAggregate = (word: string): word is AggregateName => (AGGREGATES as readonly string[]).includes(word);

function plainFunction(word: string): FunctionName | undefined {
  return SYNONYMS.get(word) ?? (Object.hasOwn(FUNCTIONS, word) ? (word as FunctionName) : undefined);
}

/** A word, in upper case, with a parenthesis after it; throws SelectError for functions that there are not. */
export function call(parsing: Parsing, word: string): Expression {
  const { reader } = parsing;
  if (CLAUSE_WORDS.has(word)) throw reader.expected('an expression', 'ParseUnexpectedKeyword');
  const form = SPECIAL_FORMS.get(word);
  const plain = plainFunction(word);
  if (form === undefined && plain === undefined && !isAggregate(word)) {
    throw errorAt('UnsupportedFunction', `there is no function ${reader.shown()}`, reader.place);
  }
  const { place } = reader.next();
  reader.expectSymbol('(');
  if (form !== undefined) return closed(parsing, form(parsing, place));
  return plain === undefined ? aggregate(parsing, word as AggregateName, place) : plainCall(parsing, plain, place);
}

function closed({ reader }: Parsing, expression: Expression): Expression {
  reader.expectSymbol(')', 'ParseExpectedRightParenBuiltinFunctionCall');
  return expression;
}

function plainCall(parsing: Parsing, name: FunctionName, place: Place): Expression {
  const { reader } = parsing;
  if (reader.isSymbol('*')) throw starred(name, place);
  const found = reader.isSymbol(')') ? [] : expressionList(parsing);
  if (!reader.takeSymbol(')')) throw reader.expected('a comma or )', 'ParseExpectedArgumentDelimiter');
  const { min, max } = FUNCTIONS[name];
  if (found.length < min || found.length > max) {
    const wanted = min === max ? `${min}` : max === Number.POSITIVE_INFINITY ? `at least ${min}` : `${min} to ${max}`;
    const message = `${name} takes ${wanted} ${max === 1 ? 'argument' : 'arguments'}, not ${found.length}`;
    throw errorAt('EvaluatorInvalidArguments', message, place);
  }
  return { kind: 'call', name, arguments: found, place };
}

function aggregate(parsing: Parsing, name: AggregateName, place: Place): Expression {
  const { reader } = parsing;
  beyondGlacier(parsing, name, place);
  if (reader.isWord('DISTINCT', 'ALL')) {
    throw errorAt('UnsupportedSyntax', `${reader.shown()} within ${name} is not supported`, reader.place);
  }
  if (reader.isSymbol('*') && name !== 'COUNT') throw starred(name, place);
  if (reader.takeSymbol('*')) return closed(parsing, { kind: 'aggregate', name, operand: null, place });
  const [operand, ...more] = reader.isSymbol(')') ? [] : expressionList(parsing);
  if (operand === undefined || more.length > 0) {
    throw errorAt('ParseNonUnaryAgregateFunctionCall', `${name} takes one argument`, place);
  }
  return closed(parsing, { kind: 'aggregate', name, operand, place });
}

const starred = (name: string, place: Place) =>
  errorAt('ParseUnsupportedCallWithStar', `${name} takes no *, only COUNT does`, place);
