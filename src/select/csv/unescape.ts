/**
 * Whether a character inside a quoted field is text because of the one before it: a quote behind an escape or behind a quote,
 * an escape behind an escape. An escape before anything else is text.
 */
export function isEscaped(
  byte: number,
  { behind, quote, escaping }: { behind: number; quote: number; escaping: number },
): boolean {
  return byte === quote ? behind === escaping || behind === quote : byte === escaping && behind === escaping;
}

/** Copies the inside of a quoted field to `at` in the same buffer without its escapes, and returns the copy's end. */
export function unescapeInto(
  bytes: Buffer,
  { start, end, quote, escaping, at }: { start: number; end: number; quote: number; escaping: number; at: number },
): number {
  let to = at;
  for (let from = start; from < end; from += 1) {
    const behind = bytes[from] as number;
    if (from + 1 < end && isEscaped(bytes[from + 1] as number, { behind, quote, escaping })) from += 1;
    bytes[to] = bytes[from] as number;
    to += 1;
  }
  return to;
}
