import { limits } from '../model/limits.ts';
import { nearest } from '../model/nearest.ts';

/** `; did you mean NumericLessThan?` for the candidate that a misspelt or cut word most likely meant, or a full stop. */
export function didYouMean(word: string, candidates: readonly string[]): string {
  if (word.length > limits.suggestionLengthMax) return '.';
  const folded = word.toLowerCase();
  const longer = candidates.filter((candidate) => candidate.toLowerCase().startsWith(folded));
  const [completed] = longer.length === 1 ? longer : [];
  const sureLength = folded.indexOf(':') + 1;
  const meant = nearest(folded, candidates, { sureLength, ignoreCase: true }) ?? completed;
  return meant === undefined ? '.' : `; did you mean ${meant}?`;
}
