import type { Comparison } from '../sql/syntax.ts';
import type { Value } from '../values/value.ts';
import type { Row } from './row.ts';
import { type Scaled, scaledWith } from './scaled.ts';
import type { Condition, Term } from './term.ts';

/**
 * Comparisons of a field with constants on the record's bytes: most of the work of most queries. Each shape is a small
 * function of its own, which the engine can keep apart from the others. `exact` is the long way.
 */

type Test = () => boolean;
type Exact = () => Value;

/** Null where the bytes do not tell. */
export function fieldComparison(
  operator: Comparison,
  { tested, constant, row, exact }: { tested: Term; constant: Term; row: Row; exact: Exact },
): Condition | null {
  if (!constant.constant || tested.origin === null) return null;
  const value = constant.evaluate();
  if (typeof value === 'string' && tested.origin.castTo === null) {
    return textCondition(operator, { row, field: tested.origin.field, bytes: Buffer.from(value) });
  }
  const scaled = scaledWith(tested, [value]);
  return scaled === null ? null : scaledCondition(operator, { row, scaled, exact });
}

interface TextTest {
  row: Row;
  field: number;
  bytes: Uint8Array;
}

const NEGATED: Record<Comparison, Comparison> = { '=': '<>', '<>': '=', '<': '>=', '<=': '>', '>': '<=', '>=': '<' };

/** It fails where the opposite holds; for a missing field neither does. */
const textCondition = (operator: Comparison, test: TextTest): Condition => ({
  holds: textTest(operator, test),
  fails: textTest(NEGATED[operator], test),
});

function textTest(operator: Comparison, { row, field, bytes }: TextTest): Test {
  switch (operator) {
    case '=':
      return () => row.equals(field, bytes);
    case '<>':
      return () => field < row.fieldCount && !row.equals(field, bytes);
    case '<':
      return () => field < row.fieldCount && row.compare(field, bytes) < 0;
    case '<=':
      return () => field < row.fieldCount && row.compare(field, bytes) <= 0;
    case '>':
      return () => field < row.fieldCount && row.compare(field, bytes) > 0;
    case '>=':
      return () => field < row.fieldCount && row.compare(field, bytes) >= 0;
  }
}

function scaledCondition(
  operator: Comparison,
  { row, scaled, exact }: { row: Row; scaled: Scaled; exact: Exact },
): Condition {
  return {
    holds: scaledTest(operator, { row, scaled, otherwise: () => exact() === true }),
    fails: scaledTest(NEGATED[operator], { row, scaled, otherwise: () => exact() === false }),
  };
}

/** NaN says that the text must be looked at. */
function scaledTest(
  operator: Comparison,
  { row, scaled, otherwise }: { row: Row; scaled: Scaled; otherwise: Test },
): Test {
  const { field, decimals } = scaled;
  const constant = scaled.constants[0] ?? Number.NaN;
  switch (operator) {
    case '=':
      return () => {
        const number = row.scaled(field, decimals);
        return number === constant || (Number.isNaN(number) && otherwise());
      };
    case '<>':
      return () => {
        const number = row.scaled(field, decimals);
        return Number.isNaN(number) ? otherwise() : number !== constant;
      };
    case '<':
      return () => {
        const number = row.scaled(field, decimals);
        return number < constant || (Number.isNaN(number) && otherwise());
      };
    case '<=':
      return () => {
        const number = row.scaled(field, decimals);
        return number <= constant || (Number.isNaN(number) && otherwise());
      };
    case '>':
      return () => {
        const number = row.scaled(field, decimals);
        return number > constant || (Number.isNaN(number) && otherwise());
      };
    case '>=':
      return () => {
        const number = row.scaled(field, decimals);
        return number >= constant || (Number.isNaN(number) && otherwise());
      };
  }
}
