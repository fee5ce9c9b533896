import { PolicyFault, shown } from './fault.ts';
import { foldAscii } from './fold.ts';
import {
  addressOperator,
  arnOperator,
  binaryOperator,
  DATES,
  FLAGS,
  NUMBERS,
  type Operator,
  orderedOperators,
  parsedOperator,
  stringOperator,
} from './operator-kinds.ts';
import { didYouMean } from './suggestion.ts';

/** The condition operators by name, and the words that may stand before and after one. Case does not matter. */
const OPERATORS: readonly Operator[] = [
  stringOperator('StringEquals'),
  stringOperator('StringNotEquals', { negated: true }),
  stringOperator('StringEqualsIgnoreCase', { fold: true }),
  stringOperator('StringNotEqualsIgnoreCase', { fold: true, negated: true }),
  stringOperator('StringLike', { wild: true }),
  stringOperator('StringNotLike', { wild: true, negated: true }),
  ...orderedOperators('Numeric', NUMBERS),
  ...orderedOperators('Date', DATES),
  parsedOperator('Bool', FLAGS, { holds: (found, wanted) => found === wanted }),
  binaryOperator,
  addressOperator('IpAddress', false),
  addressOperator('NotIpAddress', true),
  arnOperator('ArnEquals'),
  arnOperator('ArnLike'),
  arnOperator('ArnNotEquals', true),
  arnOperator('ArnNotLike', true),
];

export const NULL_OPERATOR = 'Null';
const byName = new Map(OPERATORS.map((operator) => [foldAscii(operator.name), operator]));

/** What stands before and after the name of an operator. */
export interface OperatorUse {
  /** Undefined for Null, which tests no value. */
  operator: Operator | undefined;
  /** How a request's several values count. */
  over: 'all' | 'any' | 'one';
  /** An absent key satisfies it. */
  ifExists: boolean;
}

const PREFIXES = { all: 'forallvalues:', any: 'foranyvalue:', one: '' } as const;
const IF_EXISTS = 'ifexists';

/** Takes apart a name such as `ForAnyValue:StringLikeIfExists`, in any case. PolicyFault when there is no such operator. */
export function findOperator(text: string, place: string): OperatorUse {
  const folded = foldAscii(text);
  const over = folded.startsWith(PREFIXES.all) ? 'all' : folded.startsWith(PREFIXES.any) ? 'any' : 'one';
  const ifExists = folded.endsWith(IF_EXISTS);
  const base = text.slice(PREFIXES[over].length, ifExists ? -IF_EXISTS.length : undefined);
  if (foldAscii(base) === foldAscii(NULL_OPERATOR)) {
    if (ifExists || over !== 'one')
      throw new PolicyFault(place, `the operator Null stands alone, not as ${shown(text)}.`);
    return { operator: undefined, over, ifExists };
  }
  const operator = byName.get(foldAscii(base));
  if (operator === undefined) {
    const known = [...OPERATORS.map(({ name }) => name), NULL_OPERATOR];
    throw new PolicyFault(place, `the operator ${shown(text)} is not known${didYouMean(base, known)}`);
  }
  return { operator, over, ifExists };
}
