import { limits } from '../../model/limits.ts';
import { type Place, SelectError } from '../select-error.ts';
import type { Arithmetic } from '../sql/syntax.ts';
import { arithmetic, negate } from '../values/numbers.ts';
import type { Value } from '../values/value.ts';
import { absence, isPresent, numberReader, requireKind, textReader } from './reading.ts';
import { computed, type Kinds, NUMBER, TEXT, type Term } from './term.ts';

/** The next operand of a chain, and what joins it to what is before it. */
export interface Link {
  operator: Arithmetic;
  operand: Term;
  place: Place;
}

type Combination = (left: Value, right: Value) => Value;

/** From left to right, without nesting: a chain may have tens of thousands of links. */
export function chain(first: Term, links: readonly Link[]): Term {
  let kinds = first.kinds;
  const steps = links.map(({ operator, operand, place }) => {
    const needed = operator === '||' ? 'text' : 'number';
    requireKind(kinds, needed, { what: operator, place });
    requireKind(operand.kinds, needed, { what: operator, place });
    const combine = operator === '||' ? joining : calculating(operator, kinds, operand.kinds);
    kinds = operator === '||' ? TEXT : NUMBER;
    return { combine, evaluate: operand.evaluate };
  });
  const evaluate = (): Value => {
    let value = first.evaluate();
    for (const step of steps) value = step.combine(value, step.evaluate());
    return value;
  };
  return computed(kinds, [first, ...links.map(({ operand }) => operand)], evaluate);
}

function calculating(operator: Exclude<Arithmetic, '||'>, left: Kinds, right: Kinds): Combination {
  const readLeft = numberReader(left, operator);
  const readRight = numberReader(right, operator);
  return (a, b) => {
    const [from, by] = [readLeft(a), readRight(b)];
    return isPresent(from) && isPresent(by) ? arithmetic(operator, from, by) : absence(from, by);
  };
}

const readText = textReader('||');

/** No record of the results can hold a text that is longer than a record. */
function joining(left: Value, right: Value): Value {
  const [before, after] = [readText(left), readText(right)];
  if (!isPresent(before) || !isPresent(after)) return absence(before, after);
  if (before.length + after.length <= limits.selectRecordBytesMax) return `${before}${after}`;
  throw new SelectError('OverMaxRecordSize', `A text has more than ${limits.selectRecordBytesMax} bytes`);
}

/** A sign before an operand. */
export function signed(operator: '+' | '-', operand: Term, place: Place): Term {
  requireKind(operand.kinds, 'number', { what: operator, place });
  const read = numberReader(operand.kinds, operator);
  const evaluate = (): Value => {
    const value = read(operand.evaluate());
    return isPresent(value) && operator === '-' ? negate(value) : value;
  };
  return computed(NUMBER, [operand], evaluate);
}
