import type { Place } from '../select-error.ts';

export const SYMBOLS: ReadonlySet<string> = new Set(['<=', '>=', '<>', '!=', '||', ...'()[],.;*/%+-<>=']);

/**
 * A piece of the text. What is between `start` and `end` is as it was written; `value` is what it says: a word in upper
 * case, a text or a name without its quotes, and nothing at the end.
 */
export interface Token {
  kind: 'word' | 'quoted' | 'string' | 'number' | 'ion' | 'symbol' | 'end';
  value: string;
  start: number;
  end: number;
  place: Place;
}

const SHOWN_CHARACTERS_MAX = 40;
/** What could break the line of a message, or change how the rest of it reads. */
const UNPRINTABLE = /[\p{C}\p{Zl}\p{Zp}]/gu;

/** The token as it was written, as it can stand in a message. */
export const shown = (text: string, { kind, start, end }: Pick<Token, 'kind' | 'start' | 'end'>): string =>
  kind === 'end' ? 'the end' : printable(text.slice(start, end));

/** A piece of the text as it can stand in a message: never long and never more than one line. */
export function printable(piece: string): string {
  // A code point takes two characters at most.
  const points = [...piece.slice(0, 2 * SHOWN_CHARACTERS_MAX + 2)];
  const short = points.length > SHOWN_CHARACTERS_MAX ? `${points.slice(0, SHOWN_CHARACTERS_MAX).join('')}...` : piece;
  return short.replace(UNPRINTABLE, (point) => `\\u{${(point.codePointAt(0) ?? 0).toString(16)}}`);
}
