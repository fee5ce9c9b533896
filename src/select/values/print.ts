import { Decimal, printDecimal } from './decimal.ts';
import { printTimestamp } from './timestamp.ts';
import type { Value } from './value.ts';

/**
 * A value as a field of the results and as the text that CAST makes of it; null where there is none. A float is as short as
 * it may be and still the same number, and has an exponent from 1e+21 and below 1e-6.
 */
export function printValue(value: Value): string | null {
  if (value === null || value === undefined) return null;
  if (typeof value === 'string') return value;
  if (typeof value === 'boolean' || typeof value === 'bigint') return value.toString();
  if (typeof value === 'number') return Object.is(value, -0) ? '-0' : value.toString();
  return value instanceof Decimal ? printDecimal(value) : printTimestamp(value);
}
