import { indexOf, type Subject } from './subject.ts';
import { type Chunk, findChunk } from './text-index.ts';

/**
 * Patterns with `*` (any characters, none included) and `?` (one UTF-16 unit), matched in linear time. A pattern is cut at
 * its stars; the first and last chunk stand at the ends, and each chunk between is looked for once, leftmost, after the one
 * before: taking the leftmost never spoils a later chunk, so nothing is ever tried twice.
 */
export const ANY = Symbol('*');
export const ONE = Symbol('?');

/** A stretch of literal text, or a wildcard. */
export type Piece = string | typeof ANY | typeof ONE;

export type Match = (subject: Subject) => boolean;

/** Stands where a question mark was. */
const HOLE = '\0';

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
    if (head.holes.length === 0) return ({ text }) => text === head.text;
    return ({ text }) => text.length === head.text.length && standsAt(head, text, 0);
  }
  const middle = rest.filter((chunk) => chunk.text !== '');
  const lengthMin = rest.reduce((sum, chunk) => sum + chunk.text.length, head.text.length + tail.text.length);
  if (lengthMin === 0) return () => true;
  return (subject) => {
    const { text } = subject;
    const end = text.length - tail.text.length;
    if (text.length < lengthMin || !standsAt(head, text, 0) || !standsAt(tail, text, end)) return false;
    return stand(middle, subject, { from: head.text.length, end });
  };
}

const NOTHING: Chunk = { text: '', holes: [] };

/** Whether the chunks stand one after the other between two places. */
function stand(chunks: readonly Chunk[], subject: Subject, { from, end }: { from: number; end: number }): boolean {
  let at = from;
  for (const chunk of chunks) {
    const { length } = chunk.text;
    if (at + length > end) return false;
    // One character alone is found fastest by the engine's own search.
    const plain = length === 1 && chunk.holes.length === 0;
    const found = plain
      ? subject.text.indexOf(chunk.text, at)
      : findChunk(indexOf(subject), chunk, { from: at, to: end - length });
    if (found < 0) return false;
    at = found + length;
  }
  return at <= end;
}

function chunksOf(pieces: readonly Piece[]): Chunk[] {
  const chunks: Chunk[] = [];
  let text = '';
  let holes: number[] = [];
  for (const piece of pieces) {
    if (piece === ANY) {
      chunks.push(text === '' ? NOTHING : { text, holes });
      text = '';
      holes = [];
    } else if (piece === ONE) {
      holes.push(text.length);
      text += HOLE;
    } else {
      text += piece;
    }
  }
  chunks.push(text === '' ? NOTHING : { text, holes });
  return chunks;
}

function standsAt({ text: wanted, holes }: Chunk, text: string, place: number): boolean {
  if (holes.length === 0) return text.startsWith(wanted, place);
  let hole = 0;
  for (let at = 0; at < wanted.length; at += 1) {
    if (at === holes[hole]) hole += 1;
    else if (text.charCodeAt(place + at) !== wanted.charCodeAt(at)) return false;
  }
  return true;
}
