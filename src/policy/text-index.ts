/**
 * Where each character (UTF-16 unit) of a text stands, as rows of bits: bit p of a row says that the character is at p. A
 * chunk stands wherever the rows of its characters, each moved down by the character's place in the chunk, all have a bit,
 * so 32 places are tried at once. Looking for a chunk costs its length times a 32nd of the text's, whatever the two are
 * made of, and nothing has to be kept for the chunk: the work of indexing a text is shared by all patterns put to it.
 */
export interface TextIndex {
  /** Row after row, from the second word row on. */
  bits: Uint32Array;
  /** Where the row of a character begins; zero when the text does not have it. */
  rows: Uint32Array;
  rowsBeyond: ReadonlyMap<number, number>;
}

/** A stretch of text; at the places named in `holes`, ascending, any character may stand. */
export interface Chunk {
  text: string;
  holes: readonly number[];
}

const WORD_BITS = 32;
/** Characters up to here find their row in an array. */
const NEAR_UNITS = 256;
/** Reading at a place past the end of the text meets two words of zeros at most. */
const WORDS_BEYOND = 2;

export function indexText(text: string): TextIndex {
  const words = Math.ceil(text.length / WORD_BITS) + WORDS_BEYOND;
  const rows = new Uint32Array(NEAR_UNITS);
  const rowsBeyond = new Map<number, number>();
  const index: TextIndex = { bits: new Uint32Array(0), rows, rowsBeyond };
  let end = words;
  for (let at = 0; at < text.length; at += 1) {
    const unit = text.charCodeAt(at);
    if (rowOf(index, unit) !== 0) continue;
    if (unit < NEAR_UNITS) rows[unit] = end;
    else rowsBeyond.set(unit, end);
    end += words;
  }
  const bits = new Uint32Array(end);
  for (let at = 0; at < text.length; at += 1) {
    const word = rowOf(index, text.charCodeAt(at)) + (at >>> 5);
    bits[word] = (bits[word] ?? 0) | (1 << (at & 31));
  }
  return { bits, rows, rowsBeyond };
}

const rowOf = ({ rows, rowsBeyond }: TextIndex, unit: number): number =>
  (unit < NEAR_UNITS ? rows[unit] : rowsBeyond.get(unit)) ?? 0;

/** Where the rows of a chunk's characters begin, each moved down by its place: written and read within one search only. */
let begins = new Uint32Array(WORD_BITS);

/** The first place from `from` up to `to` (not below zero) at which the chunk stands, or -1. */
export function findChunk(index: TextIndex, chunk: Chunk, { from, to }: { from: number; to: number }): number {
  if (!takeRows(index, chunk)) return -1;
  const last = to >>> 5;
  for (let word = from >>> 5; word <= last; word += 1) {
    const start = word * WORD_BITS;
    const fits = fitting(index, chunk, word) & (start < from ? -1 << (from & 31) : -1);
    if (fits !== 0) {
      const found = start + lowestBit(fits);
      return found <= to ? found : -1;
    }
  }
  return -1;
}

/** False when the text lacks a character of the chunk. */
function takeRows(index: TextIndex, { text, holes }: Chunk): boolean {
  if (begins.length < text.length) begins = new Uint32Array(2 * text.length);
  let hole = 0;
  for (let at = 0; at < text.length; at += 1) {
    if (at === holes[hole]) {
      hole += 1;
      continue;
    }
    const row = rowOf(index, text.charCodeAt(at));
    if (row === 0) return false;
    begins[at] = row + (at >>> 5);
  }
  return true;
}

/** The places in a word at which the chunk stands, the lowest bit first. */
function fitting({ bits }: TextIndex, { text, holes }: Chunk, word: number): number {
  const { length } = text;
  let fits = -1;
  let hole = 0;
  for (let at = 0; fits !== 0 && at < length; at += 1) {
    if (at === holes[hole]) {
      hole += 1;
      continue;
    }
    const found = (begins[at] ?? 0) + word;
    const shift = at & 31;
    // In two steps, since a shift by 32 is none.
    fits &= ((bits[found] ?? 0) >>> shift) | (((bits[found + 1] ?? 0) << 1) << (31 - shift));
  }
  return fits;
}

const lowestBit = (word: number): number => 31 - Math.clz32(word & -word);
