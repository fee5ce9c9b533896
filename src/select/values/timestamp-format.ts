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
  ['X', shortOffset('Z')],
  ['XX', offset('', 'Z')],
  ['XXX', offset(':', 'Z')],
  ['XXXX', offset('', 'Z')],
  ['XXXXX', offset(':', 'Z')],
  ['x', shortOffset()],
  ['xx', offset('')],
  ['xxx', offset(':')],
  ['xxxx', offset('')],
  ['xxxxx', offset(':')],
  ...Array.from({ length: 9 }, (_, index): [string, Part] => [
    'S'.repeat(index + 1),
    ({ fraction }) => fraction.slice(0, index + 1).padEnd(index + 1, '0'),
  ]),
]);

const LETTERS = new Set([...SYMBOLS.keys()].map((symbol) => symbol.charAt(0)));

/** One letter as often as it is repeated, text in quotes, a quote that nothing ends, or other characters. */
const TOKENS = /([A-Za-z])\1*|'(?:[^']|'')*'|'|[^A-Za-z']+/g;

/** Throws SelectError where the pattern is wrong: an unknown letter, one repeated too often, a quote without its end. */
export function compileFormat(pattern: string): (timestamp: Timestamp) => string {
  const parts = (pattern.match(TOKENS) ?? []).map((token) => partOf(token, pattern));
  return (timestamp) => parts.map((part) => (typeof part === 'string' ? part : part(timestamp))).join('');
}

function partOf(token: string, pattern: string): Part | string {
  const first = token.charAt(0);
  if (token === "''") return "'";
  if (first === "'") {
    if (token.length > 1) return token.slice(1, -1).replaceAll("''", "'");
    throw wrong('EvaluatorUnterminatedTimestampFormatPatternToken', 'A quote has no end', pattern);
  }
  if (!/[A-Za-z]/.test(first)) return token;
  const symbol = SYMBOLS.get(token);
  if (symbol !== undefined) return symbol;
  if (!LETTERS.has(first)) {
    throw wrong('EvaluatorInvalidTimestampFormatPatternToken', `The letter ${first} stands for nothing`, pattern);
  }
  throw wrong('EvaluatorInvalidTimestampFormatPatternSymbol', `${first} is repeated ${token.length} times`, pattern);
}

const wrong = (code: string, what: string, pattern: string): SelectError =>
  new SelectError(code, `${what} in the timestamp format ${shown(pattern)}`);
