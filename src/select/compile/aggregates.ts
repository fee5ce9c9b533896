import { type Place, SelectError } from '../select-error.ts';
import type { AggregateName } from '../sql/syntax.ts';
import { Decimal } from '../values/decimal.ts';
import { order } from '../values/equality.ts';
import type { Numeric } from '../values/numbers.ts';
import type { Value } from '../values/value.ts';
import { isPresent, numberOf, numberReader, type Present, requireKind } from './reading.ts';
import type { Row } from './row.ts';
import { FLOAT_DECIMALS } from './scaled.ts';
import { type Kinds, NUMBER, type Term } from './term.ts';
import { Total } from './total.ts';

/**
 * Aggregates over all records that are kept. Null and MISSING are passed over; of nothing, COUNT is 0 and the others are
 * null. A field is a number to all of them but COUNT: text is compared after CAST(... AS STRING).
 */
export interface Accumulator {
  /** Takes in the record that the row stands for. Throws SelectError. */
  add: () => void;
  /** Throws IntegerOverflow. */
  value: () => Value;
}

/** Decimals with more digits behind the point are added one by one. */
const SUM_DECIMALS_MAX = 6;

export function accumulatorOf(
  name: AggregateName,
  { operand, row, place }: { operand: Term; row: Row; place: Place },
): Accumulator {
  switch (name) {
    case 'COUNT':
      return countOf(operand, row);
    case 'SUM':
    case 'AVG': {
      requireKind(operand.kinds, 'number', { what: name, place });
      const total = new Total();
      const value = (): Value => (name === 'SUM' ? total.sum() : total.average());
      return { add: totalling({ name, operand, row, total }), value };
    }
    case 'MIN':
    case 'MAX':
      return extreme(name, operand, row);
  }
}

/** COUNT(*). */
export function countOfRecords(): Accumulator {
  let count = 0;
  return {
    add: () => {
      count += 1;
    },
    value: () => BigInt(count),
  };
}

function countOf({ origin, evaluate }: Term, row: Row): Accumulator {
  let count = 0;
  const field = origin?.castTo === null ? origin.field : null;
  return {
    add:
      field === null
        ? () => {
            if (isPresent(evaluate())) count += 1;
          }
        : () => {
            if (field < row.fieldCount) count += 1;
          },
    value: () => BigInt(count),
  };
}

function totalling({ name, operand, row, total }: { name: string; operand: Term; row: Row; total: Total }): () => void {
  const read = numberReader(operand.kinds, name);
  const take = (): Numeric | null | undefined => {
    const number = read(operand.evaluate());
    if (isPresent(number)) total.add(number);
    return number;
  };
  const { origin } = operand;
  if (origin === null) return take;
  const { field, castTo } = origin;
  return castTo === 'float'
    ? totallingFloats({ field, row, total, take })
    : totallingDigits({ field, row, total, take });
}

interface Totalling {
  field: number;
  row: Row;
  total: Total;
  /** Adds what the bytes do not tell, and says what it was. */
  take: () => Numeric | null | undefined;
}

const totallingFloats =
  ({ field, row, total, take }: Totalling): (() => void) =>
  () => {
    const number = row.scaled(field, FLOAT_DECIMALS);
    if (Number.isNaN(number)) take();
    else total.addFloat(number / 10 ** FLOAT_DECIMALS);
  };

/**
 * Adds digits once it is known from a value what they are: whole numbers or decimals, and with how many digits behind the
 * point. So the sum is of the kind, and has the zeros at its end, that adding the values one by one gives.
 */
function totallingDigits({ field, row, total, take }: Totalling): () => void {
  let decimals = Number.NaN;
  let areDecimals = false;
  const learn = (value: Numeric | null | undefined): void => {
    if (!isPresent(value)) return;
    const scale = value instanceof Decimal && value.scale <= SUM_DECIMALS_MAX ? value.scale : 0;
    decimals = Math.max(scale, Number.isNaN(decimals) ? 0 : decimals);
    areDecimals ||= value instanceof Decimal;
  };
  return () => {
    const number = Number.isNaN(decimals) ? Number.NaN : row.scaled(field, decimals);
    if (Number.isNaN(number)) learn(take());
    else if (areDecimals) total.addScaled(number, decimals);
    else total.addSmall(number);
  };
}

function extreme(name: 'MIN' | 'MAX', operand: Term, row: Row): Accumulator {
  const sign = name === 'MIN' ? 1 : -1;
  const { origin, evaluate } = operand;
  const mayBeField = operand.kinds.has('field');
  let best: Present | null = null;
  const take = (): void => {
    const found = evaluate();
    if (!isPresent(found)) return;
    const value = mayBeField && typeof found === 'string' ? numberOf(found) : found;
    const compared = best === null ? -1 : order(value, best);
    if (compared === null)
      throw new SelectError('IncorrectSqlFunctionArgumentType', `${name} needs values of one kind`);
    if (sign * compared < 0 || best === null) best = value;
  };
  return { add: origin === null ? take : passing({ origin, row, sign, take }), value: () => best };
}

/** Passes over what is told by its bytes not to be better than the best of those that they told. */
function passing({
  origin,
  row,
  sign,
  take,
}: {
  origin: NonNullable<Term['origin']>;
  row: Row;
  sign: 1 | -1;
  take: () => void;
}): () => void {
  const { field, castTo } = origin;
  const decimals = castTo === 'int' ? 0 : FLOAT_DECIMALS;
  let best = Number.NaN;
  return () => {
    const number = sign * row.scaled(field, decimals);
    if (number >= best) return;
    take();
    if (!Number.isNaN(number)) best = number;
  };
}

/** What comes of an aggregate: MIN and MAX give back one of the values. */
export const kindsOfAggregate = (name: AggregateName, operand: Kinds): Kinds =>
  name === 'MIN' || name === 'MAX' ? new Set([...operand].map((kind) => (kind === 'field' ? 'number' : kind))) : NUMBER;
