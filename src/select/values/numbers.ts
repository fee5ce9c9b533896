import { limits } from '../../model/limits.ts';
import { SelectError } from '../select-error.ts';
import type { Arithmetic } from '../sql/syntax.ts';
import * as decimals from './decimal.ts';
import { Decimal } from './decimal.ts';
import type { Value } from './value.ts';

/**
 * Three kinds of numbers. A whole number has 64 bits and a sign; a result that does not fit is an error, and a quotient is
 * cut towards zero. With a float the result is a float, otherwise with a decimal a decimal.
 */
export type Numeric = bigint | number | Decimal;

export const isNumeric = (value: Value): value is Numeric =>
  typeof value === 'bigint' || typeof value === 'number' || value instanceof Decimal;

const INTEGER = /^[ \t\r\n]*([+-]?)(\d+|0[xX][\dA-Fa-f]+|0[bB][01]+)[ \t\r\n]*$/;
const NUMBER = /^[ \t\r\n]*[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?[ \t\r\n]*$/;
const WHOLE = /^[ \t\r\n]*[+-]?\d+[ \t\r\n]*$/;

/** Digits, also those of base 16 after `0x` and of base 2 after `0b`, a sign and spaces around; throws IntegerOverflow. */
export function parseInteger(text: string): bigint | undefined {
  const match = text.length > limits.selectNumberLengthMax ? null : INTEGER.exec(text);
  if (match === null) return undefined;
  const value = BigInt(match[2] ?? 0);
  return inRange(match[1] === '-' ? -value : value);
}

/** The nearest float; undefined where the text is no number, or one beyond the largest float. */
export function parseFloatText(text: string): number | undefined {
  // What has too many digits or too large an exponent for a decimal may still be a float.
  if (text.length > limits.selectNumberLengthMax || !NUMBER.test(text)) return undefined;
  const value = Number(text);
  return Number.isFinite(value) ? value : undefined;
}

/** A field's text as a number, by its value: whole numbers beyond 64 bits are decimals. */
export function parseNumeric(text: string): Numeric | undefined {
  if (text.length > limits.selectNumberLengthMax) return undefined;
  if (WHOLE.test(text)) {
    const value = BigInt(text.trim().replace(/^\+/, ''));
    if (BigInt.asIntN(64, value) === value) return value;
  }
  return decimals.parseDecimal(text);
}

/** Throws SelectError where the result is beyond its kind, or the divisor is zero. */
export function arithmetic(operator: Exclude<Arithmetic, '||'>, a: Numeric, b: Numeric): Numeric {
  if ((operator === '/' || operator === '%') && isZero(b)) {
    throw new SelectError('EvaluatorInvalidArguments', `Division by zero: ${operator}`);
  }
  if (typeof a === 'bigint' && typeof b === 'bigint') return inRange(ofIntegers(operator, a, b));
  if (typeof a !== 'number' && typeof b !== 'number') return ofDecimals(operator, decimalOf(a), decimalOf(b));
  const result = ofFloats(operator, toFloat(a), toFloat(b));
  if (!Number.isFinite(result)) throw new SelectError('IntegerOverflow', 'The result is beyond the largest float');
  return result;
}

/** Throws IntegerOverflow: the lowest whole number has no opposite. */
export function negate(value: Numeric): Numeric {
  if (typeof value === 'bigint') return inRange(-value);
  return typeof value === 'number' ? -value : new Decimal(-value.coefficient, value.scale);
}

/**
 * Negative, zero or positive, by the exact values; but a decimal beside a float as a float, so that `CAST('9.99' AS FLOAT)`
 * is equal to 9.99.
 */
export function compareNumeric(a: Numeric, b: Numeric): number {
  if (typeof a === 'number' || typeof b === 'number') return compareNatively(floatIfDecimal(a), floatIfDecimal(b));
  if (a instanceof Decimal || b instanceof Decimal) return decimals.compareDecimals(decimalOf(a), decimalOf(b));
  return compareNatively(a, b);
}

/** The language compares whole numbers with floats exactly. */
const compareNatively = (a: bigint | number, b: bigint | number): number => (a < b ? -1 : a > b ? 1 : 0);

const floatIfDecimal = (value: Numeric): bigint | number => (value instanceof Decimal ? toFloat(value) : value);

/** The nearest float. */
export const toFloat = (value: Numeric): number => (value instanceof Decimal ? decimals.floatOf(value) : Number(value));

/** Of a whole number, which always fits, or of a decimal. */
export const decimalOf = (value: bigint | Decimal): Decimal =>
  typeof value === 'bigint' ? new Decimal(value, 0) : value;

/** The value itself; throws IntegerOverflow where it has more than 64 bits. */
export function inRange(value: bigint): bigint {
  if (BigInt.asIntN(64, value) === value) return value;
  throw new SelectError('IntegerOverflow', 'A whole number is beyond the range of 64 bits');
}

const isZero = (value: Numeric): boolean => (value instanceof Decimal ? value.coefficient === 0n : Number(value) === 0);

function ofIntegers(operator: Exclude<Arithmetic, '||'>, a: bigint, b: bigint): bigint {
  switch (operator) {
    case '+':
      return a + b;
    case '-':
      return a - b;
    case '*':
      return a * b;
    case '/':
      return a / b;
    case '%':
      return a % b;
  }
}

function ofFloats(operator: Exclude<Arithmetic, '||'>, a: number, b: number): number {
  switch (operator) {
    case '+':
      return a + b;
    case '-':
      return a - b;
    case '*':
      return a * b;
    case '/':
      return a / b;
    case '%':
      return a % b;
  }
}

const DECIMAL_OPERATIONS = {
  '+': decimals.add,
  '-': (a: Decimal, b: Decimal) => decimals.add(a, new Decimal(-b.coefficient, b.scale)),
  '*': decimals.multiply,
  '/': decimals.divide,
  '%': decimals.remainder,
} as const;

function ofDecimals(operator: Exclude<Arithmetic, '||'>, a: Decimal, b: Decimal): Decimal {
  const result = DECIMAL_OPERATIONS[operator](a, b);
  if (result !== undefined) return result;
  throw new SelectError('IntegerOverflow', 'The result is beyond the range of a decimal');
}
