import { limits } from '../../model/limits.ts';
import { SelectError } from '../select-error.ts';
import { ANY_ONE, compileStretch, type Stretch } from './like-search.ts';
import { shown } from './shown.ts';

/**
 * LIKE: `%` stands for any characters, none included, and `_` for one. A pattern is cut at its `%`; what is before the first
 * and behind the last stands at the ends of the text, and each stretch between is looked for once, leftmost, after the one
 * before: taking the leftmost never spoils a later one, so nothing is tried twice and the time is linear in the text.
 */
export interface LikePattern {
  shape: LikeShape;
  matches(text: string): boolean;
}

/** What a pattern without `_` comes down to, for those who can do better than `matches`; `%` alone is the prefix ''. */
export type LikeShape = { kind: 'exact' | 'prefix' | 'suffix' | 'infix'; text: string } | { kind: 'general' };

/** Any number of characters; the others are code points and ANY_ONE. */
const ANY = -2;

/**
 * Longer stretches are not left to the engine's own search: beyond 250 units, of UTF-16 or of UTF-8, which has three for one,
 * it may take the product of both lengths.
 */
const SEARCHED_LENGTH_MAX = 80;

/**
 * Throws EvaluatorLikePatternInvalidEscapeSequence where the escape is not one character, or stands before anything but
 * `%`, `_` and itself; LikeInvalidInputs where the pattern would take too long.
 */
export function compileLike(pattern: string, escapeCharacter: string | null): LikePattern {
  const [head = [], ...rest] = cutAtAny(charactersOf(pattern, escapeCharacter));
  const tail = rest.pop();
  if (tail === undefined) return matchWhole(head);
  const middle = rest.filter((stretch) => stretch.length > 0);
  if ([head, tail, ...middle].some((stretch) => stretch.includes(ANY_ONE))) return matchByCharacter(head, middle, tail);
  const [first, last, between] = [textOf(head), textOf(tail), middle.map(textOf)];
  const matches = matchByText(first, between, last);
  if (between.length === 0 && last === '') return { shape: { kind: 'prefix', text: first }, matches };
  if (between.length === 0 && first === '') return { shape: { kind: 'suffix', text: last }, matches };
  if (between.some((stretch) => stretch.length > SEARCHED_LENGTH_MAX)) return matchByCharacter(head, middle, tail);
  const infix = between.length === 1 && first === '' && last === '' ? between[0] : undefined;
  return { shape: infix === undefined ? { kind: 'general' } : { kind: 'infix', text: infix }, matches };
}

function charactersOf(pattern: string, escapeCharacter: string | null): number[] {
  const escaping = escapeCharacter?.codePointAt(0);
  if (escapeCharacter !== null && (escaping === undefined || String.fromCodePoint(escaping) !== escapeCharacter)) {
    throw wrong(`ESCAPE must be one character: ${shown(escapeCharacter)}`);
  }
  const characters: number[] = [];
  let escaped = false;
  for (const text of pattern) {
    const character = text.codePointAt(0) ?? 0;
    if (escaped) {
      if (text !== '%' && text !== '_' && character !== escaping) {
        throw wrong(
          `${shown(escapeCharacter ?? '')} must stand before %, _ or itself in the LIKE pattern ${shown(pattern)}`,
        );
      }
      characters.push(character);
      escaped = false;
    } else if (character === escaping) {
      escaped = true;
    } else {
      characters.push(text === '%' ? ANY : text === '_' ? ANY_ONE : character);
    }
  }
  if (escaped) throw wrong(`The LIKE pattern ${shown(pattern)} ends with its escape character`);
  return characters;
}

const wrong = (message: string): SelectError => new SelectError('EvaluatorLikePatternInvalidEscapeSequence', message);

function cutAtAny(characters: readonly number[]): number[][] {
  const stretches: number[][] = [];
  let start = 0;
  for (let at = characters.indexOf(ANY); at >= 0; at = characters.indexOf(ANY, start)) {
    stretches.push(characters.slice(start, at));
    start = at + 1;
  }
  return [...stretches, characters.slice(start)];
}

function matchWhole(characters: readonly number[]): LikePattern {
  if (!characters.includes(ANY_ONE)) {
    const text = textOf(characters);
    return { shape: { kind: 'exact', text }, matches: (given) => given === text };
  }
  return {
    shape: { kind: 'general' },
    matches: (given) => {
      if (given.length < characters.length || given.length > 2 * characters.length) return false;
      const { points, length } = codePointsOf(given);
      return length === characters.length && standsAt(characters, points, 0);
    },
  };
}

/** Without `_`, a character may as well be a unit of UTF-16: the halves of a code point stand nowhere else. */
function matchByText(head: string, middle: readonly string[], tail: string): (text: string) => boolean {
  return (text) => {
    let at = head.length;
    const end = text.length - tail.length;
    if (at > end || !text.startsWith(head) || !text.endsWith(tail)) return false;
    for (const stretch of middle) {
      const found = text.indexOf(stretch, at);
      if (found < 0) return false;
      at = found + stretch.length;
    }
    return at <= end;
  };
}

function matchByCharacter(head: readonly number[], middle: readonly number[][], tail: readonly number[]): LikePattern {
  const stretches = middle.map(paddedStretch);
  const matches = (text: string): boolean => {
    const { points, length } = codePointsOf(text);
    let at = head.length;
    const end = length - tail.length;
    if (at > end || !standsAt(head, points, 0) || !standsAt(tail, points, end)) return false;
    for (const { before, stretch, after } of stretches) {
      const found = stretch === null ? at + before : stretch.find(points, at + before, end);
      if (found < 0) return false;
      at = found + (stretch?.length ?? 0) + after;
      if (at > end) return false;
    }
    return true;
  };
  return { shape: { kind: 'general' }, matches };
}

/** A stretch and how many `_` are before and behind it; null: there are only those. */
function paddedStretch(characters: readonly number[]): { before: number; stretch: Stretch | null; after: number } {
  const first = characters.findIndex((character) => character !== ANY_ONE);
  if (first < 0) return { before: characters.length, stretch: null, after: 0 };
  const last = characters.findLastIndex((character) => character !== ANY_ONE);
  const inner = characters.slice(first, last + 1);
  if (inner.length > limits.selectLikeSpanMax && inner.includes(ANY_ONE)) {
    throw new SelectError(
      'LikeInvalidInputs',
      `A LIKE pattern has more than ${limits.selectLikeSpanMax} characters with _ among them between two %`,
    );
  }
  return { before: first, stretch: compileStretch(inner), after: characters.length - 1 - last };
}

function standsAt(characters: readonly number[], points: Int32Array, place: number): boolean {
  for (let at = 0; at < characters.length; at += 1) {
    const wanted = characters[at];
    if (wanted !== ANY_ONE && wanted !== points[place + at]) return false;
  }
  return true;
}

/** Of the text that was matched last. One for all patterns: it may be as long as a record. */
let points = new Int32Array(1024);

function codePointsOf(text: string): { points: Int32Array; length: number } {
  if (points.length < text.length) points = new Int32Array(text.length);
  let length = 0;
  for (let at = 0; at < text.length; at += 1, length += 1) {
    const unit = text.charCodeAt(at);
    const point = unit < 0xd800 ? unit : (text.codePointAt(at) ?? unit);
    points[length] = point;
    if (point > 0xffff) at += 1;
  }
  return { points, length };
}

/** Piece by piece: so many arguments as a pattern may have characters overflow the stack. */
function textOf(characters: readonly number[]): string {
  let text = '';
  for (const character of characters) text += String.fromCodePoint(character);
  return text;
}
