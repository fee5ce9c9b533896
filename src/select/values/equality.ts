import { compareNumeric, isNumeric } from './numbers.ts';
import { compareText } from './text.ts';
import { compareTimestamps, Timestamp } from './timestamp.ts';
import type { Value } from './value.ts';

/**
 * Values of known kinds: numbers are compared by their exact value, whatever kinds they are of, texts by code points,
 * timestamps by instant, and false is before true. A value is never equal to one of another kind, and not before it either.
 * Nothing is known of NULL and MISSING.
 */

/** Null: nothing is known. */
export function equal(a: Value, b: Value): boolean | null {
  if (isAbsent(a) || isAbsent(b)) return null;
  if (typeof a === 'string' || typeof a === 'boolean') return a === b;
  return order(a, b) === 0;
}

/** Negative, zero or positive; null: nothing is known, which is also so of different kinds. */
export function order(a: Value, b: Value): number | null {
  if (typeof a === 'string') return typeof b === 'string' ? compareText(a, b) : null;
  if (isNumeric(a)) return isNumeric(b) ? compareNumeric(a, b) : null;
  if (a instanceof Timestamp) return b instanceof Timestamp ? compareTimestamps(a, b) : null;
  return typeof a === 'boolean' && typeof b === 'boolean' ? Number(a) - Number(b) : null;
}

const isAbsent = (value: Value): boolean => value === null || value === undefined;
