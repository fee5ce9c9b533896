import { equal, order } from '../values/equality.ts';
import type { Value } from '../values/value.ts';
import { type Present, readLike } from './reading.ts';
import { isTextual, type Kinds } from './term.ts';

/**
 * How two values are compared, decided once by what is known of them: as texts when both are, by their code points; a field
 * as what it meets (see `reading.ts`); and values of different kinds are not equal, and neither is the smaller one. With
 * MISSING the answer is MISSING, and with null it is null. Throws CastFailed.
 */
export type Pairing<Answer> = (left: Value, right: Value) => Answer | null | undefined;

export const equalityOf = (left: Kinds, right: Kinds): Pairing<boolean> =>
  pairing({ left, right, compare: isTextual(left) && isTextual(right) ? (a, b) => a === b : equal });

/** Negative, zero or positive; null where neither comes first. */
export const orderOf = (left: Kinds, right: Kinds): Pairing<number> => pairing({ left, right, compare: order });

function pairing<Answer>({
  left,
  right,
  compare,
}: {
  left: Kinds;
  right: Kinds;
  compare: Comparing<Answer>;
}): Pairing<Answer> {
  // A field that only meets texts is never read.
  const leftIsRead = left.has('field') && !isTextual(right);
  const rightIsRead = right.has('field') && !isTextual(left);
  return (a, b) => {
    if (a === undefined || b === undefined) return undefined;
    if (a === null || b === null) return null;
    if (leftIsRead && typeof a === 'string' && typeof b !== 'string') return compare(readLike(a, b), b);
    if (rightIsRead && typeof b === 'string' && typeof a !== 'string') return compare(a, readLike(b, a));
    return compare(a, b);
  };
}

type Comparing<Answer> = (left: Present, right: Present) => Answer | null;
