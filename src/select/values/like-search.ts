/**
 * Finding one stretch of a LIKE pattern in a text, in time linear in the text whatever the two are like. Both are arrays of
 * code points, so that `_` is one character and never half of one.
 */

/** Stands for any one character. */
export const ANY_ONE = -1;

/** What stands between two `%`; it begins and ends with a character that is not `_`. */
export interface Stretch {
  length: number;
  /** The first place from `from` on where it stands, and ends before `end`; -1 where there is none. */
  find(text: Int32Array, from: number, end: number): number;
}

export const compileStretch = (characters: readonly number[]): Stretch =>
  characters.includes(ANY_ONE) ? stretchWithHoles(characters) : plainStretch(characters);

/** Knuth, Morris and Pratt: where a match breaks off, it goes on with the longest beginning that still stands. */
function plainStretch(characters: readonly number[]): Stretch {
  const { length } = characters;
  const pattern = Int32Array.from(characters);
  const fallbacks = new Int32Array(length + 1);
  for (let at = 1, matched = 0; at < length; at += 1) {
    while (matched > 0 && pattern[at] !== pattern[matched]) matched = fallbacks[matched] ?? 0;
    if (pattern[at] === pattern[matched]) matched += 1;
    fallbacks[at + 1] = matched;
  }
  return {
    length,
    find(text, from, end) {
      let matched = 0;
      for (let at = from; at < end; at += 1) {
        const character = text[at];
        while (matched > 0 && character !== pattern[matched]) matched = fallbacks[matched] ?? 0;
        if (character === pattern[matched]) matched += 1;
        if (matched === length) return at - length + 1;
      }
      return -1;
    },
  };
}

/**
 * Baeza-Yates and Gonnet: bit `i` of the state says that the first `i + 1` characters stand right before here, and each
 * character of the text moves all bits on at once, by the bits of the places where the pattern has it. The work for a
 * character is the length divided by 32, which is why the length has a limit; only words with bits in them are looked at.
 */
function stretchWithHoles(characters: readonly number[]): Stretch {
  const { length } = characters;
  const words = Math.ceil(length / WORD_BITS);
  const done = 1 << ((length - 1) % WORD_BITS);
  const { table, rowOf } = bitsByCharacter(characters, words);
  const state = new Int32Array(words);
  /** As `find`, where one word is enough, which it mostly is. */
  const findNarrow = (text: Int32Array, from: number, end: number): number => {
    let bits = 0;
    for (let at = from; at < end; at += 1) {
      bits = ((bits << 1) | 1) & (table[rowOf(text[at] ?? 0)] ?? 0);
      if ((bits & done) !== 0) return at - length + 1;
    }
    return -1;
  };
  return {
    length,
    find(text, from, end) {
      if (words === 1) return findNarrow(text, from, end);
      state.fill(0);
      let highest = 0;
      for (let at = from; at < end; at += 1) {
        const row = rowOf(text[at] ?? 0);
        const upTo = Math.min(highest + 1, words - 1);
        let carry = 1;
        highest = 0;
        for (let word = 0; word <= upTo; word += 1) {
          const before = state[word] ?? 0;
          const after = ((before << 1) | carry) & (table[row + word] ?? 0);
          carry = before >>> (WORD_BITS - 1);
          state[word] = after;
          if (after !== 0) highest = word;
        }
        if (((state[words - 1] ?? 0) & done) !== 0) return at - length + 1;
      }
      return -1;
    },
  };
}

const WORD_BITS = 32;

/** Of the characters that most texts are made of, whose rows are in an array instead of a map. */
const COMMON = 256;

/** A row of bits for each character of the pattern; the first is for all others, which stand only where any one does. */
function bitsByCharacter(characters: readonly number[], words: number) {
  const distinct = [...new Set(characters)].filter((character) => character !== ANY_ONE);
  const rows = new Map(distinct.map((character, index) => [character, (index + 1) * words]));
  const table = new Int32Array((distinct.length + 1) * words);
  characters.forEach((character, place) => {
    const first = rows.get(character);
    const bit = 1 << (place % WORD_BITS);
    const word = Math.floor(place / WORD_BITS);
    for (const row of first === undefined ? [0, ...rows.values()] : [first]) {
      table[row + word] = (table[row + word] ?? 0) | bit;
    }
  });
  const common = new Uint16Array(COMMON);
  for (const [character, row] of rows) if (character < COMMON) common[character] = row;
  return { table, rowOf: (character: number): number => common[character] ?? rows.get(character) ?? 0 };
}
