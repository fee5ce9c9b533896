import type { TypeName } from '../sql/syntax.ts';
import { cast } from '../values/cast.ts';
import type { Value } from '../values/value.ts';
import type { Row } from './row.ts';
import { FLOAT_DECIMALS } from './scaled.ts';
import { BOOL, computed, type Kinds, NUMBER, TEXT, type Term, TIMESTAMP } from './term.ts';

const KINDS: Record<TypeName, Kinds> = {
  bool: BOOL,
  int: NUMBER,
  string: TEXT,
  float: NUMBER,
  decimal: NUMBER,
  timestamp: TIMESTAMP,
};

/** A field's number is told by its bytes, where these are digits. */
export function casting(operand: Term, { type, row }: { type: TypeName; row: Row }): Term {
  const throughText = (): Value => cast(operand.evaluate(), type);
  const { origin } = operand;
  if (origin === null || origin.castTo !== null || type === 'bool' || type === 'string' || type === 'timestamp') {
    return computed(KINDS[type], [operand], throughText);
  }
  const { field } = origin;
  const evaluate = { int: integerOf, float: floatOf, decimal: () => throughText }[type]({ row, field, throughText });
  return { ...computed(NUMBER, [operand], evaluate), origin: { field, castTo: type } };
}

interface Digits {
  row: Row;
  field: number;
  throughText: () => Value;
}

const integerOf =
  ({ row, field, throughText }: Digits): (() => Value) =>
  () => {
    const number = row.scaled(field, 0);
    return Number.isNaN(number) ? throughText() : BigInt(number);
  };

/** Zero may have a sign, which the digits do not tell. */
const floatOf =
  ({ row, field, throughText }: Digits): (() => Value) =>
  () => {
    const number = row.scaled(field, FLOAT_DECIMALS);
    return Number.isNaN(number) || number === 0 ? throughText() : number / 10 ** FLOAT_DECIMALS;
  };
