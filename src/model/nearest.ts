/** A third of a word may be wrong before it is another word. */
const LENGTH_PER_EDIT = 3;

export interface Nearness {
  /** How much at the beginning of the word is beyond doubt: it does not earn the word further edits. */
  sureLength?: number;
  ignoreCase?: boolean;
}

/** The candidate that a misspelt word most likely meant, or undefined when none is near; of equals, the first. */
export function nearest(
  word: string,
  candidates: Iterable<string>,
  { sureLength = 0, ignoreCase = false }: Nearness = {},
): string | undefined {
  const seen = (text: string): string => (ignoreCase ? text.toLowerCase() : text);
  const misspelt = seen(word);
  let best: string | undefined;
  let bestEdits = Math.max(1, Math.floor((misspelt.length - sureLength) / LENGTH_PER_EDIT)) + 1;
  for (const candidate of candidates) {
    const edits = editsBetween(misspelt, seen(candidate));
    if (edits < bestEdits) {
      best = candidate;
      bestEdits = edits;
    }
  }
  return best;
}

/** Levenshtein's distance, one row at a time. */
function editsBetween(left: string, right: string): number {
  let row = Array.from({ length: right.length + 1 }, (_, index) => index);
  for (let i = 1; i <= left.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= right.length; j += 1) {
      const swapped = (row[j - 1] ?? 0) + (left[i - 1] === right[j - 1] ? 0 : 1);
      next.push(Math.min(swapped, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[right.length] ?? 0;
}
