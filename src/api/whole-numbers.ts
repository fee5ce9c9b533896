/**
 * Whole numbers of JSON that a JavaScript number cannot hold: the API counts up to 2^63-1. They are read from their digits
 * and printed as digits.
 */
const JSON_NUMBER = /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/;
/** Far more than any number that is meant; what is longer stays what JavaScript makes of it. */
const DIGITS_MAX = 40;

/** JSON with its whole numbers (`10`, `10.0`, `1e1`) as bigints, and other numbers as usual. The text must be valid. */
export function parseWithBigints(json: string): unknown {
  const revive = (_name: string, value: unknown, { source }: { source?: string } = {}): unknown =>
    typeof value === 'number' && source !== undefined ? (wholeNumber(source) ?? value) : value;
  return JSON.parse(json, revive);
}

/** The value of a JSON number, or undefined when it is not whole or has too many digits. */
export function wholeNumber(source: string): bigint | undefined {
  const [, sign, whole = '', fraction = '', exponent = '0'] = JSON_NUMBER.exec(source) ?? [];
  if (sign === undefined || source.length > DIGITS_MAX) return undefined;
  const zeros = Number(exponent) - fraction.length;
  if (Math.abs(zeros) > DIGITS_MAX) return undefined;
  const digits = BigInt(`${sign}${whole}${fraction}`);
  if (zeros >= 0) return digits * 10n ** BigInt(zeros);
  const scale = 10n ** BigInt(-zeros);
  return digits % scale === 0n ? digits / scale : undefined;
}

/** A value that JSON.stringify prints as exactly these digits. */
export const exactNumber = (value: bigint): unknown =>
  (JSON as typeof JSON & { rawJSON(text: string): unknown }).rawJSON(String(value));
