import type { Comparison } from '../sql/syntax.ts';
import type { Value } from '../values/value.ts';
import { predicate } from './condition.ts';
import { fieldBetween } from './field-between.ts';
import { fieldComparison } from './field-comparison.ts';
import { equalityOf, orderOf } from './pair.ts';
import type { Row } from './row.ts';
import type { Term } from './term.ts';

/** The same question with its sides exchanged. */
const MIRRORED: Record<Comparison, Comparison> = { '=': '=', '<>': '<>', '<': '>', '<=': '>=', '>': '<', '>=': '<=' };

export function comparison(operator: Comparison, { left, right, row }: { left: Term; right: Term; row: Row }): Term {
  const evaluate = exactComparison(operator, left, right);
  const condition = left.constant
    ? fieldComparison(MIRRORED[operator], { tested: right, constant: left, row, exact: evaluate })
    : fieldComparison(operator, { tested: left, constant: right, row, exact: evaluate });
  return predicate([left, right], evaluate, condition);
}

function exactComparison(operator: Comparison, left: Term, right: Term): () => Value {
  switch (operator) {
    case '=':
      return equality(left, right);
    case '<>': {
      const equals = equality(left, right);
      return () => {
        const value = equals();
        return typeof value === 'boolean' ? !value : value;
      };
    }
    case '<':
      return ordering({ left, right, test: (order) => order < 0 });
    case '<=':
      return ordering({ left, right, test: (order) => order <= 0 });
    case '>':
      return ordering({ left, right, test: (order) => order > 0 });
    case '>=':
      return ordering({ left, right, test: (order) => order >= 0 });
  }
}

function equality(left: Term, right: Term): () => Value {
  const compare = equalityOf(left.kinds, right.kinds);
  return () => compare(left.evaluate(), right.evaluate());
}

function ordering({ left, right, test }: { left: Term; right: Term; test: (order: number) => boolean }): () => Value {
  const compare = orderOf(left.kinds, right.kinds);
  return () => {
    const order = compare(left.evaluate(), right.evaluate());
    return typeof order === 'number' ? test(order) : order;
  };
}

/** At least the low and at most the high value; the operand is worked out once. */
export function between({ operand, low, high, row }: { operand: Term; low: Term; high: Term; row: Row }): Term {
  const compareLow = orderOf(operand.kinds, low.kinds);
  const compareHigh = orderOf(operand.kinds, high.kinds);
  const evaluate = (): Value => {
    const value = operand.evaluate();
    const fromLow = compareLow(value, low.evaluate());
    if (typeof fromLow === 'number' && fromLow < 0) return false;
    const fromHigh = compareHigh(value, high.evaluate());
    if (typeof fromHigh === 'number' && fromHigh > 0) return false;
    return typeof fromLow === 'number' && typeof fromHigh === 'number' ? true : null;
  };
  return predicate([operand, low, high], evaluate, fieldBetween({ tested: operand, low, high, row, exact: evaluate }));
}
