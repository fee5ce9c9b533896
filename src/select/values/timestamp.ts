import { DAY_MS, limits, MINUTE_MS, SECOND_MS } from '../../model/limits.ts';

/**
 * Timestamps as Ion has them, after the W3C's note on dates and times: how precise one is and its offset from UTC belong to
 * it and are printed again. A date has no offset; one with a time has, and `-00:00` says that the place is not known.
 */

export const PRECISIONS = ['year', 'month', 'day', 'minute', 'second'] as const;
export type Precision = (typeof PRECISIONS)[number];

export interface TimestampFields {
  precision: Precision;
  /** From 1 to 9999. This and what follows are as the clocks of the place show them; what is not known is the first there is. */
  year: number;
  month: number;
  day: number;
  hour: number;
  minute: number;
  second: number;
  /** Digits behind the point of the second, zeros at the end too; empty where there are none. */
  fraction: string;
  /** Minutes that the place's clocks are ahead of UTC; null where it is not known: of every date, and of `-00:00`. */
  offset: number | null;
}

export class Timestamp implements TimestampFields {
  readonly precision: Precision;
  readonly year: number;
  readonly month: number;
  readonly day: number;
  readonly hour: number;
  readonly minute: number;
  readonly second: number;
  readonly fraction: string;
  readonly offset: number | null;

  constructor(fields: TimestampFields) {
    this.precision = fields.precision;
    this.year = fields.year;
    this.month = fields.month;
    this.day = fields.day;
    this.hour = fields.hour;
    this.minute = fields.minute;
    this.second = fields.second;
    this.fraction = fields.fraction;
    this.offset = fields.offset;
  }
}

const FORM =
  /^(\d{4})(?:T|-(\d{2})(?:T|-(\d{2})(?:T?|T(\d{2}):(\d{2})(?::(\d{2})(?:\.(\d+))?)?(?:(Z)|([+-])(\d{2}):(\d{2})))))$/;

/** Undefined where the text has another form, or names a day or a time that there is not. */
export function parseTimestamp(text: string): Timestamp | undefined {
  const match = text.length > limits.selectTimestampLengthMax ? null : FORM.exec(text);
  if (match === null) return undefined;
  const [, year, month, day, hour, minute, second, fraction = '', zulu, sign, offsetHours, offsetMinutes] = match;
  const precision = second ? 'second' : hour ? 'minute' : day ? 'day' : month ? 'month' : 'year';
  if (Number(offsetHours ?? 0) > 23 || Number(offsetMinutes ?? 0) > 59) return undefined;
  const ahead = Number(offsetHours ?? 0) * 60 + Number(offsetMinutes ?? 0);
  const unknown = zulu === undefined && (sign === undefined || (sign === '-' && ahead === 0));
  const fields: TimestampFields = {
    precision,
    year: Number(year),
    month: Number(month ?? 1),
    day: Number(day ?? 1),
    hour: Number(hour ?? 0),
    minute: Number(minute ?? 0),
    second: Number(second ?? 0),
    fraction,
    offset: unknown ? null : sign === '-' ? -ahead : ahead,
  };
  return exists(fields) ? new Timestamp(fields) : undefined;
}

/** Without `T` where it is a day: both ways of writing are the same. */
export function printTimestamp(timestamp: Timestamp): string {
  const { precision, fraction, offset } = timestamp;
  const year = padded(timestamp.year, 4);
  if (precision === 'year') return `${year}T`;
  const month = `${year}-${padded(timestamp.month, 2)}`;
  if (precision === 'month') return `${month}T`;
  const day = `${month}-${padded(timestamp.day, 2)}`;
  if (precision === 'day') return day;
  const minute = `${day}T${padded(timestamp.hour, 2)}:${padded(timestamp.minute, 2)}`;
  const zone = offset === 0 ? 'Z' : offset === null ? '-00:00' : printOffset(offset, ':');
  if (precision === 'minute') return `${minute}${zone}`;
  return `${minute}:${padded(timestamp.second, 2)}${fraction === '' ? '' : `.${fraction}`}${zone}`;
}

/** Hours and minutes, two digits each, and a sign. */
export function printOffset(offset: number, between: '' | ':'): string {
  const minutes = Math.abs(offset);
  return `${offset < 0 ? '-' : '+'}${padded(Math.floor(minutes / 60), 2)}${between}${padded(minutes % 60, 2)}`;
}

export const padded = (value: number, digits: number): string => value.toString().padStart(digits, '0');

/** Negative, zero or positive, by the instants: a year is its first one in UTC. */
export function compareTimestamps(a: Timestamp, b: Timestamp): number {
  return secondMsOf(a) - secondMsOf(b) || compareFractions(a, b);
}

/** By the digits behind the point of the second alone. */
export function compareFractions(a: Timestamp, b: Timestamp): number {
  if (a.fraction === b.fraction) return 0;
  const digits = Math.max(a.fraction.length, b.fraction.length);
  const [fractionA, fractionB] = [a.fraction.padEnd(digits, '0'), b.fraction.padEnd(digits, '0')];
  return fractionA < fractionB ? -1 : fractionA > fractionB ? 1 : 0;
}

/** Milliseconds since 1970, cut to the second, of the instant in UTC. */
export const secondMsOf = (timestamp: Timestamp): number => clockMsOf(timestamp) - (timestamp.offset ?? 0) * MINUTE_MS;

/** Of what the clocks of the place show, were they in UTC. */
export const clockMsOf = (fields: TimestampFields): number =>
  // Date.UTC takes the years up to 99 for those of the 20th century; the calendar repeats itself every 400 years.
  Date.UTC(fields.year + 400, fields.month - 1, fields.day, fields.hour, fields.minute, fields.second) -
  146_097 * DAY_MS;

/** In UTC, with three digits behind the point. */
export function timestampOf(epochMs: number): Timestamp {
  const ms = ((epochMs % SECOND_MS) + SECOND_MS) % SECOND_MS;
  return new Timestamp({ ...fieldsOf(epochMs), precision: 'second', fraction: padded(ms, 3), offset: 0 });
}

/** What a clock in UTC shows. */
export function fieldsOf(
  epochMs: number,
): Pick<TimestampFields, 'year' | 'month' | 'day' | 'hour' | 'minute' | 'second'> {
  const at = new Date(epochMs);
  return {
    year: at.getUTCFullYear(),
    month: at.getUTCMonth() + 1,
    day: at.getUTCDate(),
    hour: at.getUTCHours(),
    minute: at.getUTCMinutes(),
    second: at.getUTCSeconds(),
  };
}

export const daysInMonth = (year: number, month: number): number =>
  new Date(Date.UTC(year + 400, month, 0)).getUTCDate();

const exists = ({ year, month, day, hour, minute, second }: TimestampFields): boolean =>
  year >= 1 &&
  month >= 1 &&
  month <= 12 &&
  day >= 1 &&
  day <= daysInMonth(year, month) &&
  hour <= 23 &&
  minute <= 59 &&
  second <= 59;
