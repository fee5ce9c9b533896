const WORD_BITS = 32;

/**
 * The search for a chunk with question marks, or a long one: the Shift-And method of Baeza-Yates and Gonnet. Bit i of the
 * state says that the last i+1 characters read are the first i+1 of the chunk, so each character of the text costs one pass
 * over length/32 words, whatever the text and the chunk are made of.
 *
 * Returns a function that gives where the chunk first ends, or -1.
 */
export function bitSearch(wanted: string, holes: readonly number[]): (text: string, from: number) => number {
  const last = wanted.length - 1;
  const words = (last >>> 5) + 1;
  const lastBit = 1 << (last & 31);
  let table: Table | undefined;
  return (text, from) => {
    table ??= tableOf({ wanted, holes, words });
    const state = new Uint32Array(words);
    for (let at = from; at < text.length; at += 1) {
      step(state, table.masks.get(text.charCodeAt(at)) ?? table.others);
      if (((state[words - 1] ?? 0) & lastBit) !== 0) return at + 1;
    }
    return -1;
  };
}

/** For each character of the chunk, the positions where it may stand; `others` are those where any character may. */
interface Table {
  masks: Map<number, Uint32Array>;
  others: Uint32Array;
}

function tableOf({ wanted, holes, words }: { wanted: string; holes: readonly number[]; words: number }): Table {
  const others = new Uint32Array(words);
  for (const hole of holes) setBit(others, hole);
  const masks = new Map<number, Uint32Array>();
  const open = new Set(holes);
  for (let at = 0; at < wanted.length; at += 1) {
    if (open.has(at)) continue;
    const unit = wanted.charCodeAt(at);
    let mask = masks.get(unit);
    if (mask === undefined) {
      mask = others.slice();
      masks.set(unit, mask);
    }
    setBit(mask, at);
  }
  return { masks, others };
}

/** Moves every bit up by one, begins a new one, and keeps those that the character allows. */
function step(state: Uint32Array, mask: Uint32Array): void {
  let carry = 1;
  for (let index = 0; index < state.length; index += 1) {
    const word = state[index] ?? 0;
    state[index] = ((word << 1) | carry) & (mask[index] ?? 0);
    carry = word >>> (WORD_BITS - 1);
  }
}

function setBit(words: Uint32Array, bit: number): void {
  const index = bit >>> 5;
  words[index] = (words[index] ?? 0) | (1 << (bit & 31));
}
