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

const PERCENT = 0x25;
const UNDERSCORE = 0x5f;

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
  const [head = [], ...rest] = stretchesOf(pattern, escapeCharacter);
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

/** What stands between the `%` of a pattern, in code points and ANY_ONE: one more than there are `%`. */
function stretchesOf(pattern: string, escapeCharacter: string | null): number[][] {
  const escaping = escapeCharacter?.codePointAt(0);
  if (escapeCharacter !== null && (escaping === undefined || String.fromCodePoint(escaping) !== escapeCharacter)) {
    throw wrong(`ESCAPE must be one character: ${shown(escapeCharacter)}`);
  }
  let stretch: number[] = [];
  const stretches = [stretch];
  let escaped = false;
  for (let at = 0; at < pattern.length; at += 1) {
    const character = pattern.codePointAt(at) ?? 0;
    if (character > 0xffff) at += 1;
    if (escaped) {
      if (character !== PERCENT && character !== UNDERSCORE && character !== escaping) {
        throw wrong(`${shown(escapeCharacter ?? '')} must stand before %, _ or itself in LIKE ${shown(pattern)}`);
      }
      stretch.push(character);
      escaped = false;
    } else if (character === escaping) {
      escaped = true;
    } else if (character === PERCENT) {
      stretch = [];
      stretches.push(stretch);
    } else {
      stretch.push(character === UNDERSCORE ? ANY_ONE : character);
    }
  }
  if (escaped) throw wrong(`LIKE ${shown(pattern)} ends with its escape character`);
  return stretches;
}

const wrong = (message: string): SelectError => new SelectError('EvaluatorLikePatternInvalidEscapeSequence', message);

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
  if (middle.some(isTooLong)) throw tooLong();
  // Made when it is first needed: a query is also compiled only to see whether it is valid.
  let stretches: PaddedStretch[] | undefined;
  const lengthMin = middle.reduce((sum, { length }) => sum + length, head.length + tail.length);
  const matches = (text: string): boolean => {
    if (text.length < lengthMin) return false;
    const { points, length } = codePointsOf(text);
    let at = head.length;
    const end = length - tail.length;
    if (at > end || !standsAt(head, points, 0) || !standsAt(tail, points, end)) return false;
    stretches ??= middle.map(paddedStretch);
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
interface PaddedStretch {
  before: number;
  stretch: Stretch | null;
  after: number;
}

const isCharacter = (character: number): boolean => character !== ANY_ONE;

function paddedStretch(characters: readonly number[]): PaddedStretch {
  const first = characters.findIndex(isCharacter);
  if (first < 0) return { before: characters.length, stretch: null, after: 0 };
  const last = characters.findLastIndex(isCharacter);
  return {
    before: first,
    stretch: compileStretch(characters.slice(first, last + 1)),
    after: characters.length - 1 - last,
  };
}

function isTooLong(characters: readonly number[]): boolean {
  const [first, last] = [characters.findIndex(isCharacter), characters.findLastIndex(isCharacter)];
  const hole = characters.indexOf(ANY_ONE, first);
  return last - first >= limits.selectLikeSpanMax && hole >= 0 && hole < last;
}

const tooLong = (): SelectError =>
  new SelectError(
    'LikeInvalidInputs',
    `A LIKE pattern has more than ${limits.selectLikeSpanMax} characters with _ among them between two %`,
  );

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
  if (points.length < text.length) points = new Int32Array(2 * text.length);
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
