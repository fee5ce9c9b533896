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

/** Of the characters whose bits are in an array instead of a map: those most texts are made of. */
const COMMON = 256;

/**
 * Baeza-Yates and Gonnet: bit `i` of the state says that the first `i + 1` characters stand right before here, and each
 * character of the text moves all bits on at once, by the bits of the places where the pattern has it. The work for a
 * character is the length divided by 32, which is why the length has a limit; only words with bits in them are looked at.
 */
function stretchWithHoles(characters: readonly number[]): Stretch {
  const { length } = characters;
  const last = (length - 1) >>> 5;
  const done = 1 << ((length - 1) & 31);
  const bitsOf = bitsByCharacter(characters, last + 1);
  const state = new Int32Array(last + 1);
  return {
    length,
    find(text, from, end) {
      state.fill(0);
      let highest = 0;
      for (let at = from; at < end; at += 1) {
        const bits = bitsOf(text[at] ?? 0);
        let carry = 1;
        const upTo = Math.min(highest + 1, last);
        highest = 0;
        for (let word = 0; word <= upTo; word += 1) {
          const before = state[word] ?? 0;
          const after = ((before << 1) | carry) & (bits[word] ?? 0);
          carry = before >>> 31;
          state[word] = after;
          if (after !== 0) highest = word;
        }
        if (((state[last] ?? 0) & done) !== 0) return at - length + 1;
      }
      return -1;
    },
  };
}

function bitsByCharacter(characters: readonly number[], words: number): (character: number) => Int32Array {
  const holes = new Int32Array(words);
  const set = (bits: Int32Array, place: number): void => {
    bits[place >>> 5] = (bits[place >>> 5] ?? 0) | (1 << (place & 31));
  };
  characters.forEach((character, place) => {
    if (character === ANY_ONE) set(holes, place);
  });
  const all = new Map<number, Int32Array>();
  characters.forEach((character, place) => {
    if (character === ANY_ONE) return;
    const bits = all.get(character) ?? holes.slice();
    set(bits, place);
    all.set(character, bits);
  });
  const common = Array.from({ length: COMMON }, (_, character) => all.get(character) ?? holes);
  return (character) => common[character] ?? all.get(character) ?? holes;
}
