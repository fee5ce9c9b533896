import { limits } from '../../model/limits.ts';
import { operand } from './operands.ts';
import { beyondGlacier, expressionList, type Parsing, refuseSubquery } from './parsing.ts';
import type { Arithmetic, Comparison, Expression } from './syntax.ts';
import { type TokenReader, tooDeep } from './token-reader.ts';

/**
 * Operators, from the weakest to the strongest, as the table of the SQL reference has them. What is not in that table: IS
 * stands with the equalities, as in SQL, and `||` is weaker than `+`, as in PartiQL. NOT before IN, BETWEEN and LIKE belongs
 * to them.
 */
const LEVELS = {
  or: 1,
  and: 2,
  not: 3,
  equality: 4,
  order: 5,
  like: 6,
  between: 7,
  in: 8,
  joining: 9,
  sum: 10,
  product: 11,
  sign: 12,
} as const;
type Level = (typeof LEVELS)[keyof typeof LEVELS];

const WORD_LEVELS = new Map<string, Level>([
  ['OR', LEVELS.or],
  ['AND', LEVELS.and],
  ['IS', LEVELS.equality],
  ['LIKE', LEVELS.like],
  ['BETWEEN', LEVELS.between],
  ['IN', LEVELS.in],
]);
const COMPARISON_SYMBOLS = new Map<string, { level: Level; operator: Comparison }>([
  ['=', { level: LEVELS.equality, operator: '=' }],
  ['<>', { level: LEVELS.equality, operator: '<>' }],
  ['!=', { level: LEVELS.equality, operator: '<>' }],
  ['<', { level: LEVELS.order, operator: '<' }],
  ['<=', { level: LEVELS.order, operator: '<=' }],
  ['>', { level: LEVELS.order, operator: '>' }],
  ['>=', { level: LEVELS.order, operator: '>=' }],
]);
const ARITHMETIC_SYMBOLS = new Map<string, { level: Level; operator: Arithmetic }>([
  ['||', { level: LEVELS.joining, operator: '||' }],
  ['+', { level: LEVELS.sum, operator: '+' }],
  ['-', { level: LEVELS.sum, operator: '-' }],
  ['*', { level: LEVELS.product, operator: '*' }],
  ['/', { level: LEVELS.product, operator: '/' }],
  ['%', { level: LEVELS.product, operator: '%' }],
]);

/** Reads an expression whose operators are of the level or stronger; throws SelectError. */
function climb(parsing: Parsing, weakest: number): Expression {
  let left = prefixed(parsing);
  // Each turn puts what there is within another expression.
  for (let turns = 1; ; turns += 1) {
    const level = levelHere(parsing.reader);
    if (level === undefined || level < weakest) return left;
    if (turns > limits.selectNestingMax) throw tooDeep(parsing.reader.place);
    left = continued(parsing, left, level);
  }
}

/** Reads an expression; throws SelectError. */
export function expressionOf(reader: TokenReader, strict: boolean): Expression {
  const parsing: Parsing = { reader, strict, expression: () => within(parsing, LEVELS.or) };
  return parsing.expression();
}

const within = (parsing: Parsing, weakest: number): Expression =>
  parsing.reader.nested('expressions', () => climb(parsing, weakest));

function prefixed(parsing: Parsing): Expression {
  const { reader } = parsing;
  const { place } = reader;
  if (reader.takeWord('NOT')) return { kind: 'not', operand: within(parsing, LEVELS.not), place };
  if (reader.isSymbol('+', '-')) {
    const operator = reader.next().value === '-' ? '-' : '+';
    return { kind: 'sign', operator, operand: within(parsing, LEVELS.sign), place };
  }
  if (!reader.takeSymbol('(')) return operand(parsing);
  refuseSubquery(reader);
  const inner = reader.nested('parentheses', () => climb(parsing, LEVELS.or));
  reader.expectSymbol(')');
  return inner;
}

function levelHere(reader: TokenReader): Level | undefined {
  const { kind, value } = reader.token;
  if (kind === 'symbol') return (COMPARISON_SYMBOLS.get(value) ?? ARITHMETIC_SYMBOLS.get(value))?.level;
  if (kind !== 'word') return undefined;
  if (value !== 'NOT') return WORD_LEVELS.get(value);
  const next = reader.following;
  const negated = next.kind === 'word' && ['IN', 'BETWEEN', 'LIKE'].includes(next.value);
  return negated ? WORD_LEVELS.get(next.value) : undefined;
}

function continued(parsing: Parsing, left: Expression, level: Level): Expression {
  switch (level) {
    case LEVELS.or:
      return logic(parsing, left, 'or');
    case LEVELS.and:
      return logic(parsing, left, 'and');
    case LEVELS.equality:
      return parsing.reader.isWord('IS') ? is(parsing, left) : comparison(parsing, left, level);
    case LEVELS.like:
      return like(parsing, left);
    case LEVELS.between:
      return between(parsing, left);
    case LEVELS.in:
      return isIn(parsing, left);
    case LEVELS.joining:
    case LEVELS.sum:
    case LEVELS.product:
      return chain(parsing, left, level);
    default:
      return comparison(parsing, left, level);
  }
}

function logic(parsing: Parsing, left: Expression, operator: 'and' | 'or'): Expression {
  const operands = [left];
  while (parsing.reader.takeWord(operator.toUpperCase())) operands.push(within(parsing, LEVELS[operator] + 1));
  return { kind: 'logic', operator, operands, place: left.place };
}

function chain(parsing: Parsing, first: Expression, level: Level): Expression {
  const { reader } = parsing;
  const rest: Extract<Expression, { kind: 'chain' }>['rest'] = [];
  for (;;) {
    const found = reader.token.kind === 'symbol' ? ARITHMETIC_SYMBOLS.get(reader.token.value) : undefined;
    if (found?.level !== level) return { kind: 'chain', first, rest, place: first.place };
    const { operator } = found;
    const { place } = reader.next();
    if (operator === '||') beyondGlacier(parsing, '||', place);
    rest.push({ operator, operand: within(parsing, level + 1), place });
  }
}

function comparison(parsing: Parsing, left: Expression, level: Level): Expression {
  const operator = COMPARISON_SYMBOLS.get(parsing.reader.next().value)?.operator ?? '=';
  return { kind: 'comparison', operator, left, right: within(parsing, level + 1), place: left.place };
}

const STATES = ['null', 'missing', 'true', 'false'] as const;

function is(parsing: Parsing, operand: Expression): Expression {
  const { reader } = parsing;
  reader.expectWord('IS');
  const negated = reader.takeWord('NOT');
  const what = STATES.find((known) => reader.isWord(known.toUpperCase()));
  if (what === undefined) throw reader.expected('NULL, MISSING, TRUE or FALSE', 'ParseExpectedKeyword');
  const { place } = reader.next();
  if (what === 'true' || what === 'false') beyondGlacier(parsing, `IS ${what.toUpperCase()}`, place);
  return { kind: 'is', negated, operand, what, place: operand.place };
}

function like(parsing: Parsing, operand: Expression): Expression {
  const { reader } = parsing;
  const negated = reader.takeWord('NOT');
  reader.expectWord('LIKE');
  const pattern = within(parsing, LEVELS.like + 1);
  const escaping = reader.takeWord('ESCAPE') ? within(parsing, LEVELS.like + 1) : null;
  return { kind: 'like', negated, operand, pattern, escape: escaping, place: operand.place };
}

/** The AND of BETWEEN is never that of two conditions: the limits are of a stronger level. */
function between(parsing: Parsing, operand: Expression): Expression {
  const { reader } = parsing;
  const negated = reader.takeWord('NOT');
  reader.expectWord('BETWEEN');
  const low = within(parsing, LEVELS.between + 1);
  reader.expectWord('AND');
  const high = within(parsing, LEVELS.between + 1);
  return { kind: 'between', negated, operand, low, high, place: operand.place };
}

function isIn(parsing: Parsing, operand: Expression): Expression {
  const { reader } = parsing;
  const negated = reader.takeWord('NOT');
  reader.expectWord('IN');
  const { place } = reader;
  const inBrackets = reader.takeSymbol('[');
  if (inBrackets) beyondGlacier(parsing, 'a list in brackets', place);
  else if (!reader.takeSymbol('(')) throw reader.expected('( after IN', 'ParseExpectedLeftParenValueConstructor');
  refuseSubquery(reader);
  const end = inBrackets ? ']' : ')';
  if (reader.isSymbol(end)) throw reader.expected('a value after IN', 'ParseExpectedExpression');
  const choices = expressionList(parsing);
  if (!reader.takeSymbol(end)) throw reader.expected(`a comma or ${end}`, 'ParseExpectedArgumentDelimiter');
  return { kind: 'in', negated, operand, choices, place: operand.place };
}
