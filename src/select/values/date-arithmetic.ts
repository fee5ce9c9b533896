import { DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS } from '../../model/limits.ts';
import { SelectError } from '../select-error.ts';
import type { DatePart } from '../sql/syntax.ts';
import { Decimal } from './decimal.ts';
import {
  clockMsOf,
  compareFractions,
  compareTimestamps,
  daysInMonth,
  fieldsOf,
  PRECISIONS,
  type Precision,
  printTimestamp,
  secondMsOf,
  Timestamp,
  type TimestampFields,
} from './timestamp.ts';

/**
 * DATE_ADD, DATE_DIFF and EXTRACT. Adding makes a timestamp as precise as the part that is added and never less; a day that
 * the month does not have becomes the month's last. Differences count whole units that have passed, towards zero.
 */
const UNITS = {
  day: { ms: DAY_MS, precision: 'day' },
  hour: { ms: HOUR_MS, precision: 'minute' },
  minute: { ms: MINUTE_MS, precision: 'minute' },
  second: { ms: SECOND_MS, precision: 'second' },
} as const;

const MONTHS = { year: 12, month: 1 } as const;

/** More seconds than there are in all the years. */
const QUANTITY_MAX = 10n ** 12n;

/** Throws EvaluatorInvalidArguments where the part cannot be added, or the result is before the year 1 or after 9999. */
export function dateAdd(part: DatePart, quantity: bigint, timestamp: Timestamp): Timestamp {
  if (quantity > QUANTITY_MAX || quantity < -QUANTITY_MAX) throw beyond(quantity, part, timestamp);
  const { precision } = timestamp;
  const moved = moveBy(partOf('DATE_ADD', part), Number(quantity), timestamp);
  if (!(moved.year >= 1 && moved.year <= 9999)) throw beyond(quantity, part, timestamp);
  return new Timestamp({ ...timestamp, ...moved, precision: finer(precision, moved.precision) });
}

/** Throws EvaluatorInvalidArguments where the part cannot be counted. */
export function dateDiff(part: DatePart, from: Timestamp, to: Timestamp): bigint {
  const counted = partOf('DATE_DIFF', part);
  if (compareTimestamps(from, to) > 0) return -dateDiff(part, to, from);
  const months = counted === 'year' || counted === 'month';
  return BigInt(
    Math.trunc(months ? monthsBetween(from, to) / MONTHS[counted] : msBetween(from, to) / UNITS[counted].ms),
  );
}

/** A whole number, but for a second with digits behind the point. An offset that is not known counts as UTC. */
export function extract(part: DatePart, timestamp: Timestamp): bigint | Decimal {
  if (part === 'timezone_hour') return BigInt(Math.trunc((timestamp.offset ?? 0) / 60));
  if (part === 'timezone_minute') return BigInt((timestamp.offset ?? 0) % 60);
  if (part !== 'second' || timestamp.fraction === '') return BigInt(timestamp[part]);
  return new Decimal(BigInt(`${timestamp.second}${timestamp.fraction}`), timestamp.fraction.length);
}

type CalendarPart = keyof typeof UNITS | keyof typeof MONTHS;

function partOf(name: string, part: DatePart): CalendarPart {
  if (part !== 'timezone_hour' && part !== 'timezone_minute') return part;
  throw new SelectError('EvaluatorInvalidArguments', `${name} does not take the part ${part}`);
}

function moveBy(
  part: CalendarPart,
  quantity: number,
  at: Timestamp,
): Partial<TimestampFields> & { year: number; precision: Precision } {
  if (part !== 'year' && part !== 'month') {
    const { ms, precision } = UNITS[part];
    return { ...fieldsOf(clockMsOf(at) + quantity * ms), precision };
  }
  const months = at.year * 12 + at.month - 1 + quantity * MONTHS[part];
  const [year, month] = [Math.floor(months / 12), (((months % 12) + 12) % 12) + 1];
  return { year, month, day: Math.min(at.day, daysInMonth(year, month)), precision: part };
}

const finer = (a: Precision, b: Precision): Precision => (PRECISIONS.indexOf(a) < PRECISIONS.indexOf(b) ? b : a);

/** Whole ones, by the clocks of the place that `from` is of; `from` is not after `to`. */
function monthsBetween(from: Timestamp, to: Timestamp): number {
  const aheadMs = (from.offset ?? 0) * MINUTE_MS;
  const [startMs, endMs] = [secondMsOf(from) + aheadMs, secondMsOf(to) + aheadMs];
  const [start, end] = [fieldsOf(startMs), fieldsOf(endMs)];
  const months = (end.year - start.year) * 12 + end.month - start.month;
  const beyondMonths = end.day - start.day || msOfDay(endMs) - msOfDay(startMs) || compareFractions(to, from);
  return beyondMonths < 0 ? months - 1 : months;
}

const msOfDay = (atMs: number): number => ((atMs % DAY_MS) + DAY_MS) % DAY_MS;

/** Cut to whole seconds, and `from` is not after `to`. */
const msBetween = (from: Timestamp, to: Timestamp): number =>
  secondMsOf(to) - secondMsOf(from) - (compareFractions(to, from) < 0 ? SECOND_MS : 0);

const beyond = (quantity: bigint, part: DatePart, timestamp: Timestamp): SelectError =>
  new SelectError(
    'EvaluatorInvalidArguments',
    `DATE_ADD leaves the years 1 to 9999: ${quantity} ${part} from ${printTimestamp(timestamp)}`,
  );
