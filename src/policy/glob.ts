import { bitSearch } from './bit-search.ts';

/**
 * Patterns with `*` (any characters, none included) and `?` (one UTF-16 unit), matched in linear time. A pattern is cut at
 * its stars; the first and last chunk stand at the ends, and each chunk between is looked for once, leftmost, after the one
 * before: taking the leftmost never spoils a later chunk, so nothing is ever tried twice.
 */
export const ANY = Symbol('*');
export const ONE = Symbol('?');

/** A stretch of literal text, or a wildcard. */
export type Piece = string | typeof ANY | typeof ONE;

export type Match = (text: string) => boolean;

/** Up to here the engine's own search is used, whose worst case is this factor. */
const PLAIN_SEARCH_LENGTH_MAX = 32;
const HOLE = '\0';

/** A pattern between two stars; `holes` are the positions of its question marks. */
interface Chunk {
  text: string;
  holes: readonly number[];
}

/** The pieces of a pattern in which `*` and `?` are wildcards. */
export function piecesOf(pattern: string): Piece[] {
  const pieces: Piece[] = [];
  let start = 0;
  for (let at = 0; at < pattern.length; at += 1) {
    const wildcard = pattern[at] === '*' ? ANY : pattern[at] === '?' ? ONE : undefined;
    if (wildcard === undefined) continue;
    if (at > start) pieces.push(pattern.slice(start, at));
    pieces.push(wildcard);
    start = at + 1;
  }
  if (start < pattern.length) pieces.push(pattern.slice(start));
  return pieces;
}

/** Makes the matcher of a pattern; it keeps no state, so one serves all requests. */
export function compileGlob(pieces: readonly Piece[]): Match {
  const [head = NOTHING, ...rest] = chunksOf(pieces);
  const tail = rest.pop();
  if (tail === undefined) {
    if (head.holes.length === 0) return (text) => text === head.text;
    return (text) => text.length === head.text.length && standsAt(head, text, 0);
  }
  const middle = rest.filter((chunk) => chunk.text !== '').map(searchFor);
  const headLength = head.text.length;
  const tailLength = tail.text.length;
  const lengthMin = rest.reduce((sum, chunk) => sum + chunk.text.length, headLength + tailLength);
  if (lengthMin === 0) return () => true;
  return (text) => {
    if (text.length < lengthMin || !standsAt(head, text, 0)) return false;
    const end = text.length - tailLength;
    if (!standsAt(tail, text, end)) return false;
    let at = headLength;
    for (const search of middle) {
      at = search(text, at);
      if (at < 0 || at > end) return false;
    }
    return true;
  };
}

const NOTHING: Chunk = { text: '', holes: [] };

function chunksOf(pieces: readonly Piece[]): Chunk[] {
  const chunks: Chunk[] = [];
  let text = '';
  let holes: number[] = [];
  for (const piece of pieces) {
    if (piece === ANY) {
      chunks.push({ text, holes });
      text = '';
      holes = [];
    } else if (piece === ONE) {
      holes.push(text.length);
      text += HOLE;
    } else {
      text += piece;
    }
  }
  chunks.push({ text, holes });
  return chunks;
}

function standsAt({ text: wanted, holes }: Chunk, text: string, at: number): boolean {
  if (holes.length === 0) return text.startsWith(wanted, at);
  let start = 0;
  for (const hole of holes) {
    if (!text.startsWith(wanted.slice(start, hole), at + start)) return false;
    start = hole + 1;
  }
  return text.startsWith(wanted.slice(start), at + start);
}

/** Finds where a chunk first ends when looked for from a position; below zero when it is not there. */
function searchFor({ text: wanted, holes }: Chunk): (text: string, from: number) => number {
  const { length } = wanted;
  if (holes.length > 0 || length > PLAIN_SEARCH_LENGTH_MAX) return bitSearch(wanted, holes);
  return (text, from) => {
    const at = text.indexOf(wanted, from);
    return at < 0 ? -1 : at + length;
  };
}
