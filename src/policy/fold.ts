const ASCII = /^[\0-\x7f]*$/;

/**
 * The text as comparisons that ignore case see it: each character by itself, in upper and then in lower case, as Java's
 * equalsIgnoreCase does it. Lower case alone would tell the two small sigmas apart, and that of a whole text depends on what
 * stands beside a character, so that a text and its pieces could differ.
 */
export function foldCase(text: string): string {
  if (ASCII.test(text)) return text.toLowerCase();
  let folded = '';
  for (const character of text) {
    const upper = ofOne(character, character.toUpperCase());
    folded += ofOne(upper, upper.toLowerCase());
  }
  return folded;
}

/** Letters that become two are left as they are. */
const ofOne = (character: string, changed: string): string =>
  changed.length === character.length ? changed : character;

/** The same for words of the language itself, which no sign of another alphabet belongs to (the Kelvin sign is no k). */
export const foldAscii = (text: string): string => text.replaceAll(/[A-Z]+/g, (letters) => letters.toLowerCase());
