import { SelectError } from '../select-error.ts';
import type { TypeName } from '../sql/syntax.ts';
import { Decimal, parseDecimal, wholeOf } from './decimal.ts';
import { decimalOf, inRange, isNumeric, type Numeric, parseFloatText, parseInteger, toFloat } from './numbers.ts';
import { printValue } from './print.ts';
import { shown } from './shown.ts';
import { parseTimestamp, Timestamp } from './timestamp.ts';
import type { Value } from './value.ts';

/**
 * CAST. Numbers may have spaces around them in a text; those with a fraction are cut towards zero where a whole number is
 * wanted, but a text must be a whole number for that. NULL and MISSING stay what they are.
 */
type Present = Exclude<Value, null | undefined>;

/** Undefined: there is no such conversion, of this value or of its kind. Numbers beyond the range throw IntegerOverflow. */
const CONVERSIONS: { [type in TypeName]: (value: Present) => Value } = {
  bool: toBool,
  int: toInt,
  string: printValue,
  float: toFloatOrNot,
  decimal: toDecimal,
  timestamp: toTimestamp,
};

/** Throws CastFailed or IntegerOverflow. */
export function cast(value: Value, type: TypeName): Value {
  if (value === null || value === undefined) return value;
  const result = CONVERSIONS[type](value);
  if (result !== undefined) return result;
  const text = printValue(value) ?? '';
  throw new SelectError('CastFailed', `CAST of type ${typeOf(value)} to ${type.toUpperCase()} failed: ${shown(text)}`);
}

/** Texts by their letters in any case; zero is false and every other number true. */
function toBool(value: Present): boolean | undefined {
  if (typeof value === 'boolean') return value;
  if (isNumeric(value)) return value instanceof Decimal ? value.coefficient !== 0n : Number(value) !== 0;
  // Not folded first: the text may be long.
  if (typeof value !== 'string' || value.length > 'false'.length) return undefined;
  const folded = value.toLowerCase();
  return folded === 'true' ? true : folded === 'false' ? false : undefined;
}

function toInt(value: Present): bigint | undefined {
  if (typeof value === 'string') return parseInteger(value);
  if (typeof value === 'boolean') return value ? 1n : 0n;
  return isNumeric(value) ? inRange(cut(value)) : undefined;
}

function cut(value: Numeric): bigint {
  if (typeof value === 'bigint') return value;
  return typeof value === 'number' ? BigInt(Math.trunc(value)) : wholeOf(value);
}

function toFloatOrNot(value: Present): number | undefined {
  if (typeof value === 'string') return parseFloatText(value);
  if (typeof value === 'boolean') return Number(value);
  if (!isNumeric(value)) return undefined;
  const float = toFloat(value);
  return Number.isFinite(float) ? float : undefined;
}

/** A float as the decimal that is printed of it, not as the exact value of its bits. */
function toDecimal(value: Present): Decimal | undefined {
  if (typeof value === 'string') return parseDecimal(value);
  if (typeof value === 'number') return parseDecimal(value.toString());
  if (typeof value === 'boolean') return new Decimal(value ? 1n : 0n, 0);
  return isNumeric(value) ? decimalOf(value) : undefined;
}

function toTimestamp(value: Present): Timestamp | undefined {
  if (typeof value === 'string') return parseTimestamp(value);
  return value instanceof Timestamp ? value : undefined;
}

/** What messages call the kind of a value. */
function typeOf(value: Present): string {
  if (typeof value === 'string') return 'STRING';
  if (typeof value === 'boolean') return 'BOOL';
  if (typeof value === 'bigint') return 'INT';
  if (typeof value === 'number') return 'FLOAT';
  return value instanceof Decimal ? 'DECIMAL' : 'TIMESTAMP';
}
