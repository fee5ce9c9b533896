/** A third of a word may be wrong before it is another word. */
const LENGTH_PER_EDIT = 3;

/** `; did you mean listen?` for the candidate that a misspelt word most likely meant, or nothing when none is near. */
export function suggestion(word: string, candidates: Iterable<string>): string {
  const meant = nearest(word, [...candidates]);
  return meant === undefined ? '' : `; did you mean ${meant}?`;
}

/** What all candidates begin with says nothing about which of them was meant, so it does not count. */
function nearest(word: string, candidates: string[]): string | undefined {
  const prefix = sharedPrefix([word, ...candidates]);
  const misspelt = word.slice(prefix.length);
  let best: string | undefined;
  let bestEdits = Math.max(1, Math.floor(misspelt.length / LENGTH_PER_EDIT)) + 1;
  for (const candidate of candidates) {
    const edits = editsBetween(misspelt, candidate.slice(prefix.length));
    if (edits < bestEdits) {
      best = candidate;
      bestEdits = edits;
    }
  }
  return best;
}

function sharedPrefix(words: string[]): string {
  const [first = ''] = words;
  let length = first.length;
  while (!words.every((word) => word.startsWith(first.slice(0, length)))) length -= 1;
  return first.slice(0, length);
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
