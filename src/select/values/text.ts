import { SelectError } from '../select-error.ts';

/** Functions of texts. A character is a code point, never half of one, whatever it looks like on a screen. */

/** Half of a code point that takes two units. */
const HALF = /[\ud800-\udfff]/;

export function charLength(text: string): number {
  if (!HALF.test(text)) return text.length;
  let length = 0;
  for (let at = 0; at < text.length; at += unitsAt(text, at)) length += 1;
  return length;
}

/**
 * Characters from `start`, which counts from 1, as SQL-92 has it: `length` counts from `start` even where that is before the
 * first. Null: all that follow. Throws EvaluatorInvalidArguments where the length is negative.
 */
export function substring(text: string, start: bigint, length: bigint | null): string {
  if (length !== null && length < 0n) {
    throw new SelectError('EvaluatorInvalidArguments', `The length of SUBSTRING is negative: ${length}`);
  }
  // No text is longer than its units, so whatever is beyond them can be cut to that.
  const most = BigInt(text.length) + 1n;
  const first = start < 1n ? 1n : start > most ? most : start;
  const wanted = length === null ? most : start + length;
  const end = wanted < first ? first : wanted > most ? most : wanted;
  const [from, to] = [Number(first) - 1, Number(end) - 1];
  if (!HALF.test(text)) return text.slice(from, to);
  const cut = skip(text, 0, from);
  return text.slice(cut, skip(text, cut, to - from));
}

/** Without the characters at its ends that are among those given. */
export function trim(
  text: string,
  { side, characters = ' ' }: { side: 'leading' | 'trailing' | 'both'; characters?: string },
): string {
  const set = new Set(characters);
  let [from, to] = [0, text.length];
  if (side !== 'trailing') {
    while (from < to && set.has(text.slice(from, from + unitsAt(text, from)))) from += unitsAt(text, from);
  }
  if (side !== 'leading') {
    while (to > from && set.has(text.slice(to - unitsBefore(text, to), to))) to -= unitsBefore(text, to);
  }
  return text.slice(from, to);
}

/** By Unicode's rules for no language in particular: `I` becomes `i`. */
export const lower = (text: string): string => text.toLowerCase();

/** By Unicode's rules for no language in particular: `ß` becomes `SS`. */
export const upper = (text: string): string => text.toUpperCase();

/** Negative, zero or positive, by code points, which is how UTF-8 sorts; units of UTF-16 sort differently beyond U+D7FF. */
export function compareText(a: string, b: string): number {
  if (a === b) return 0;
  const shorter = Math.min(a.length, b.length);
  let at = 0;
  while (at < shorter && a.charCodeAt(at) === b.charCodeAt(at)) at += 1;
  if (at === shorter) return a.length - b.length;
  return rankOf(a.charCodeAt(at)) - rankOf(b.charCodeAt(at));
}

/** Halves of code points after everything else: they stand for those beyond U+FFFF. */
const rankOf = (unit: number): number => (unit < 0xd800 ? unit : unit < 0xe000 ? unit + 0x2000 : unit - 0x800);

const isHigh = (unit: number): boolean => unit >= 0xd800 && unit < 0xdc00;
const isLow = (unit: number): boolean => unit >= 0xdc00 && unit < 0xe000;

const unitsAt = (text: string, at: number): number =>
  isHigh(text.charCodeAt(at)) && isLow(text.charCodeAt(at + 1)) ? 2 : 1;

const unitsBefore = (text: string, at: number): number =>
  isLow(text.charCodeAt(at - 1)) && isHigh(text.charCodeAt(at - 2)) ? 2 : 1;

/** The place so many characters on, or the end. */
function skip(text: string, from: number, characters: number): number {
  let at = from;
  for (let left = characters; left > 0 && at < text.length; left -= 1) at += unitsAt(text, at);
  return at;
}
