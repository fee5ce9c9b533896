import { limits } from '../../model/limits.ts';

/** Separators and whatever steers a terminal. */
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;

/** A text for a message: in quotes, its beginning only where it is long, control characters as `\u{...}`. */
export function shown(text: string): string {
  const { selectShownLengthMax: lengthMax } = limits;
  // Two units make a code point at most.
  const points = Array.from(text.slice(0, 2 * lengthMax + 2));
  const cut = points.length > lengthMax ? `${points.slice(0, lengthMax).join('')}...` : points.join('');
  return `'${cut.replace(UNPRINTABLE, (character) => `\\u{${character.codePointAt(0)?.toString(16)}}`)}'`;
}
