import { limits } from '../../model/limits.ts';

/**
 * Exact numbers of 38 digits. What has more is rounded to the nearest, and to an even last digit from the middle between
 * two. The scale is part of the value's writing: `1.50` stays `1.50`, sums have the longer scale of the two and products
 * both together.
 */

/** The coefficient divided by 10 to the power of the scale, which may be negative. */
export class Decimal {
  readonly coefficient: bigint;
  readonly scale: number;

  constructor(coefficient: bigint, scale: number) {
    this.coefficient = coefficient;
    this.scale = scale;
  }
}

/** The powers that everyday numbers need. */
const POWERS_OF_TEN = Array.from({ length: 80 }, (_, power) => 10n ** BigInt(power));

const powerOfTen = (power: number): bigint => POWERS_OF_TEN[power] ?? 10n ** BigInt(power);

/** The first number of more digits than a decimal has. */
const ROUND = powerOfTen(limits.selectDecimalDigitsMax);

const FORM = /^[ \t\r\n]*([+-]?)(?:(\d+)(?:\.(\d*))?|\.(\d+))(?:[eE]([+-]?\d{1,9}))?[ \t\r\n]*$/;

/** Written longer than this a decimal has an exponent instead. */
const PLAIN_LENGTH_MAX = 100;

/** Digits with or without a point, a sign and an exponent, and spaces around; undefined where the text is no such number. */
export function parseDecimal(text: string): Decimal | undefined {
  if (text.length > limits.selectNumberLengthMax) return undefined;
  const match = FORM.exec(text);
  if (match === null) return undefined;
  const [, sign, whole = '', after, alone, exponent] = match;
  const fraction = after ?? alone ?? '';
  const coefficient = BigInt(`${whole}${fraction}`);
  return rounded(sign === '-' ? -coefficient : coefficient, fraction.length - Number(exponent ?? 0));
}

/** Rounded to the digits there are; undefined where the number is too large or too close to zero. */
export function rounded(coefficient: bigint, scale: number): Decimal | undefined {
  const { selectDecimalDigitsMax: digitsMax, selectDecimalExponentMax: exponentMax } = limits;
  // Of everyday numbers it is plain without counting their digits.
  if (coefficient < ROUND && coefficient > -ROUND && Math.abs(scale) < exponentMax - digitsMax) {
    return new Decimal(coefficient, scale);
  }
  if (coefficient === 0n) return new Decimal(0n, Math.max(-exponentMax, Math.min(exponentMax, scale)));
  const digits = digitsOf(coefficient);
  if (digits > digitsMax) {
    const dropped = digits - digitsMax;
    return rounded(divideToNearest(coefficient, powerOfTen(dropped)), scale - dropped);
  }
  return Math.abs(digits - 1 - scale) > exponentMax ? undefined : new Decimal(coefficient, scale);
}

/** Undefined, here and below, as `rounded` has it. */
export function add(a: Decimal, b: Decimal): Decimal | undefined {
  if (areFarApart(a, b)) return a.scale < b.scale ? addTrace(a, b) : addTrace(b, a);
  const scale = Math.max(a.scale, b.scale);
  return rounded(coefficientAt(a, scale) + coefficientAt(b, scale), scale);
}

export const multiply = (a: Decimal, b: Decimal): Decimal | undefined =>
  rounded(a.coefficient * b.coefficient, a.scale + b.scale);

/**
 * Exact where 38 digits are enough, and then with the difference of the scales, or as much more as it takes. The divisor is
 * not zero.
 */
export function divide(a: Decimal, b: Decimal): Decimal | undefined {
  const scale = a.scale - b.scale;
  if (a.coefficient === 0n) return rounded(0n, scale);
  // One digit more than there will be, and another that says whether something was left over.
  const more = Math.max(0, limits.selectDecimalDigitsMax + 2 + digitsOf(b.coefficient) - digitsOf(a.coefficient));
  const dividend = a.coefficient * powerOfTen(more);
  const quotient = dividend / b.coefficient;
  const left = dividend % b.coefficient;
  if (left !== 0n)
    return rounded(quotient * 10n + (a.coefficient < 0n === b.coefficient < 0n ? 1n : -1n), scale + more + 1);
  return rounded(...shortened(quotient, scale + more, scale));
}

/** Has the sign of the dividend. The divisor is not zero. */
export function remainder(a: Decimal, b: Decimal): Decimal | undefined {
  if (areFarApart(a, b)) {
    // Either the divisor is the larger of the two, or there are too many digits between them to write down.
    if (a.scale > b.scale) return a;
    return rounded((a.coefficient * powerOfTenModulo(b.scale - a.scale, b.coefficient)) % b.coefficient, b.scale);
  }
  const scale = Math.max(a.scale, b.scale);
  return rounded(coefficientAt(a, scale) % coefficientAt(b, scale), scale);
}

/** Negative, zero or positive, by value: 1.0 is 1.00. */
export function compareDecimals(a: Decimal, b: Decimal): number {
  const [signA, signB] = [signOf(a), signOf(b)];
  if (signA !== signB || signA === 0) return signA - signB;
  if (areFarApart(a, b)) {
    // To write one with the other's scale may take thousands of digits.
    const magnitude = digitsOf(a.coefficient) - a.scale - (digitsOf(b.coefficient) - b.scale);
    if (magnitude !== 0) return signA * magnitude;
  }
  const scale = Math.max(a.scale, b.scale);
  const difference = coefficientAt(a, scale) - coefficientAt(b, scale);
  return difference < 0n ? -1 : difference > 0n ? 1 : 0;
}

/** Cut towards zero. */
export const wholeOf = ({ coefficient, scale }: Decimal): bigint =>
  scale <= 0 ? coefficient * powerOfTen(-scale) : coefficient / powerOfTen(scale);

/** The nearest float. */
export const floatOf = ({ coefficient, scale }: Decimal): number => Number(`${coefficient}e${-scale}`);

/** Without an exponent, unless the number is very large or very close to zero. */
export function printDecimal({ coefficient, scale }: Decimal): string {
  const sign = coefficient < 0n ? '-' : '';
  const digits = (coefficient < 0n ? -coefficient : coefficient).toString();
  const whole = digits.length - scale;
  if (Math.max(whole, scale) > PLAIN_LENGTH_MAX) {
    const fraction = digits.length > 1 ? `.${digits.slice(1)}` : '';
    return `${sign}${digits.slice(0, 1)}${fraction}E${whole > 0 ? '+' : ''}${whole - 1}`;
  }
  if (scale <= 0) return coefficient === 0n ? '0' : `${sign}${digits}${'0'.repeat(-scale)}`;
  const padded = digits.padStart(scale + 1, '0');
  return `${sign}${padded.slice(0, -scale)}.${padded.slice(-scale)}`;
}

/** Whether the last digits are so far from each other that no digit of the one with the lower scale meets one of the other. */
const areFarApart = (a: Decimal, b: Decimal): boolean => Math.abs(a.scale - b.scale) >= POWERS_OF_TEN.length;

/** The trace is far behind the last digit, so of it only its sign matters: which way rounding goes. */
function addTrace(most: Decimal, trace: Decimal): Decimal | undefined {
  if (most.coefficient === 0n) return trace;
  const more = Math.max(1, limits.selectDecimalDigitsMax + 2 - digitsOf(most.coefficient));
  return rounded(most.coefficient * powerOfTen(more) + BigInt(signOf(trace)), most.scale + more);
}

/** Of the power, what is left over when it is divided by the modulus. */
function powerOfTenModulo(power: number, modulus: bigint): bigint {
  let result = 1n;
  let factor = 10n % modulus;
  for (let left = power; left > 0; left = Math.floor(left / 2)) {
    if (left % 2 === 1) result = (result * factor) % modulus;
    factor = (factor * factor) % modulus;
  }
  return result;
}

const signOf = ({ coefficient }: Decimal): number => (coefficient > 0n ? 1 : coefficient < 0n ? -1 : 0);

/** The scale is not below the decimal's own. */
const coefficientAt = ({ coefficient, scale }: Decimal, wanted: number): bigint =>
  wanted === scale ? coefficient : coefficient * powerOfTen(wanted - scale);

/** Without zeros at the end, as far down as the wanted scale. */
function shortened(coefficient: bigint, scale: number, wanted: number): [coefficient: bigint, scale: number] {
  let [shorter, at] = [coefficient, scale];
  while (at > wanted && shorter % 10n === 0n) {
    shorter /= 10n;
    at -= 1;
  }
  return [shorter, at];
}

function divideToNearest(dividend: bigint, divisor: bigint): bigint {
  const quotient = dividend / divisor;
  const left = dividend % divisor;
  const twice = (left < 0n ? -left : left) * 2n;
  const up = twice > divisor || (twice === divisor && quotient % 2n !== 0n);
  return up ? quotient + (dividend < 0n ? -1n : 1n) : quotient;
}

const digitsOf = (coefficient: bigint): number => coefficient.toString().length - (coefficient < 0n ? 1 : 0);
