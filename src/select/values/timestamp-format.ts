import { SelectError } from '../select-error.ts';
import { shown } from './shown.ts';
import { padded, printOffset, type Timestamp } from './timestamp.ts';

/**
 * The patterns of TO_STRING: letters stand for fields, by how often they are repeated; text in single quotes and every
 * character that is no letter stand for themselves, and two single quotes for one.
 */
type Part = (timestamp: Timestamp) => string;

const MONTHS = [
  'January',
  'February',
  'March',
  'April',
  'May',
  'June',
  'July',
  'August',
  'September',
  'October',
  'November',
  'December',
] as const;

const monthName = ({ month }: Timestamp): string => MONTHS[month - 1] ?? '';
/** Of a clock with two times twelve hours: midnight and noon are 12. */
const halfDayHour = ({ hour }: Timestamp): number => ((hour + 11) % 12) + 1;
const nanosecond = ({ fraction }: Timestamp): number => Number(fraction.slice(0, 9).padEnd(9, '0'));

/** An offset that is not known is shown as that of UTC. */
const offset = (between: '' | ':', utc?: 'Z'): Part => {
  return (timestamp) => (utc !== undefined && !timestamp.offset ? utc : printOffset(timestamp.offset ?? 0, between));
};

/** With minutes only where there are any. */
const shortOffset = (utc?: 'Z'): Part => {
  const whole = offset('', utc);
  return (timestamp) => ((timestamp.offset ?? 0) % 60 === 0 ? whole(timestamp).slice(0, 3) : whole(timestamp));
};

/** Cut, not rounded. */
const fractionDigits = (digits: number): Part => {
  return ({ fraction }) => fraction.slice(0, digits).padEnd(digits, '0');
};

/** What a letter stands for once, twice, and so on. */
const repeated = (letter: string, parts: readonly Part[]): [symbol: string, part: Part][] =>
  parts.map((part, index) => [letter.repeat(index + 1), part]);

const SYMBOLS: ReadonlyMap<string, Part> = new Map<string, Part>([
  ['y', ({ year }) => `${year}`],
  ['yy', ({ year }) => padded(year % 100, 2)],
  ['yyyy', ({ year }) => padded(year, 4)],
  ['M', ({ month }) => `${month}`],
  ['MM', ({ month }) => padded(month, 2)],
  ['MMM', (timestamp) => monthName(timestamp).slice(0, 3)],
  ['MMMM', monthName],
  ['MMMMM', (timestamp) => monthName(timestamp).slice(0, 1)],
  ['d', ({ day }) => `${day}`],
  ['dd', ({ day }) => padded(day, 2)],
  ['a', ({ hour }) => (hour < 12 ? 'AM' : 'PM')],
  ['h', (timestamp) => `${halfDayHour(timestamp)}`],
  ['hh', (timestamp) => padded(halfDayHour(timestamp), 2)],
  ['H', ({ hour }) => `${hour}`],
  ['HH', ({ hour }) => padded(hour, 2)],
  ['m', ({ minute }) => `${minute}`],
  ['mm', ({ minute }) => padded(minute, 2)],
  ['s', ({ second }) => `${second}`],
  ['ss', ({ second }) => padded(second, 2)],
  ['n', (timestamp) => `${nanosecond(timestamp)}`],
  ...repeated('X', [shortOffset('Z'), offset('', 'Z'), offset(':', 'Z'), offset('', 'Z'), offset(':', 'Z')]),
  ...repeated('x', [shortOffset(), offset(''), offset(':'), offset(''), offset(':')]),
  ...repeated('S', [1, 2, 3, 4, 5, 6, 7, 8, 9].map(fractionDigits)),
]);

const LETTERS = new Set([...SYMBOLS.keys()].map((symbol) => symbol.charAt(0)));

/** One letter as often as it is repeated, text in quotes, a quote that nothing ends, or other characters. */
const PIECES = /([A-Za-z])\1*|'(?:[^']|'')*'|'|[^A-Za-z']+/g;

/** Throws SelectError where the pattern is wrong: an unknown letter, one repeated too often, a quote without its end. */
export function compileFormat(pattern: string): (timestamp: Timestamp) => string {
  const parts = (pattern.match(PIECES) ?? []).map((piece) => partOf(piece, pattern));
  return (timestamp) => parts.map((part) => (typeof part === 'string' ? part : part(timestamp))).join('');
}

function partOf(piece: string, pattern: string): Part | string {
  const first = piece.charAt(0);
  if (piece === "''") return "'";
  if (first === "'") {
    if (piece.length > 1) return piece.slice(1, -1).replaceAll("''", "'");
    throw wrong('EvaluatorUnterminatedTimestampFormatPatternToken', 'A quote has no end', pattern);
  }
  if (!/[A-Za-z]/.test(first)) return piece;
  const symbol = SYMBOLS.get(piece);
  if (symbol !== undefined) return symbol;
  if (!LETTERS.has(first)) {
    throw wrong('EvaluatorInvalidTimestampFormatPatternToken', `The letter ${first} stands for nothing`, pattern);
  }
  throw wrong('EvaluatorInvalidTimestampFormatPatternSymbol', `${first} is repeated ${piece.length} times`, pattern);
}

const wrong = (code: string, what: string, pattern: string): SelectError =>
  new SelectError(code, `${what} in the timestamp format ${shown(pattern)}`);
