import { nearest } from '../model/nearest.ts';

/** `; did you mean listen?` for the candidate that a misspelt word most likely meant, or nothing when none is near. */
export function suggestion(word: string, candidates: Iterable<string>): string {
  const names = [...candidates];
  // What all of them begin with says nothing about which of them was meant.
  const meant = nearest(word, names, { sureLength: sharedPrefixLength([word, ...names]) });
  return meant === undefined ? '' : `; did you mean ${meant}?`;
}

function sharedPrefixLength(words: string[]): number {
  const [first = ''] = words;
  let length = first.length;
  while (!words.every((word) => word.startsWith(first.slice(0, length)))) length -= 1;
  return length;
}
