import { Decimal } from '../values/decimal.ts';
import { decimalOf, isNumeric, type Numeric } from '../values/numbers.ts';
import type { Value } from '../values/value.ts';
import type { Term } from './term.ts';

/**
 * When numbers of a record can be told from its bytes. `Row.scaled` gives a field times a power of ten, exactly, or says
 * that the text must be looked at; so a constant is brought to the same power of ten once, and comparing costs no text
 * and no value.
 */

/** Decimals that fields are expected to have, where the constant has fewer: amounts and rates. */
const DECIMALS = 4;
/** As many as a constant may have. */
const DECIMALS_MAX = 9;
/** What is no zero and is brought further up than this is more than a float tells apart. */
const POWER_MAX = 15;

/**
 * Of fields that are floats: a float holds this power of ten, so the digits divided by it are the nearest float to what is
 * written.
 */
export const FLOAT_DECIMALS = 6;

/** A field and constants, all times 10 to the power of `decimals`. */
export interface Scaled {
  field: number;
  decimals: number;
  constants: readonly number[];
}

/** Null where the term is no number that a field's bytes tell, or a constant cannot be brought to the same power exactly. */
export function scaledWith({ origin }: Term, constants: readonly Value[]): Scaled | null {
  if (origin === null || !constants.every(isNumeric)) return null;
  const { field, castTo } = origin;
  if (castTo === 'int') {
    // Whatever is cut off by the CAST is not told by the bytes.
    return constants.every((constant) => typeof constant === 'bigint') ? scaledBy(0, { field, constants }) : null;
  }
  // Fields of 15 digits become floats in the order that they have as decimals, and so does a constant beside them.
  const decimals = constants.reduce<number>((most, constant) => Math.max(most, scaleOf(constant)), DECIMALS);
  return scaledBy(decimals, { field, constants });
}

const scaleOf = (constant: Numeric): number => (constant instanceof Decimal ? constant.scale : 0);

function scaledBy(
  decimals: number,
  { field, constants }: { field: number; constants: readonly Numeric[] },
): Scaled | null {
  if (decimals > DECIMALS_MAX) return null;
  const scaled = constants.map((constant) => scaledConstant(constant, decimals));
  return scaled.every((number) => number !== null) ? { field, decimals, constants: scaled } : null;
}

function scaledConstant(constant: Numeric, decimals: number): number | null {
  if (typeof constant === 'number') return null;
  const { coefficient, scale } = decimalOf(constant);
  if (decimals - scale > POWER_MAX) return null;
  const value = coefficient * 10n ** BigInt(decimals - scale);
  return Number.isSafeInteger(Number(value)) ? Number(value) : null;
}
