import { MINUTE_MS, SECOND_MS } from '../model/limits.ts';

/**
 * Dates as policies may write them: the forms of W3C NOTE-datetime (a year, a month, a day, or a time with its zone), and
 * seconds since 1970. A number of four digits is a year.
 */
const EPOCH_SECONDS = /^-?\d{1,12}(?:\.\d{1,9})?$/;
const W3C =
  /^(\d{4})(?:-(\d{2})(?:-(\d{2})(?:T(\d{2}):(\d{2})(?::(\d{2})(?:\.(\d{1,9}))?)?(?:Z|([+-])(\d{2}):(\d{2})))?)?)?$/;

/** Milliseconds since 1970-01-01 UTC, or undefined when the text is no date. */
export function parseDate(text: string): number | undefined {
  const match = W3C.exec(text);
  if (match === null) return EPOCH_SECONDS.test(text) ? Number(text) * SECOND_MS : undefined;
  const [year, month, day, hour, minute, second] = [1, 2, 3, 4, 5, 6].map((group) => match[group]);
  const date = new Date(0);
  date.setUTCFullYear(Number(year), Number(month ?? 1) - 1, Number(day ?? 1));
  date.setUTCHours(Number(hour ?? 0), Number(minute ?? 0), Number(second ?? 0));
  const iso = date.toISOString();
  const written = `${year}-${month ?? '01'}-${day ?? '01'}T${hour ?? '00'}:${minute ?? '00'}:${second ?? '00'}`;
  if (!iso.startsWith(written)) return undefined;
  const zone = zoneMinutes(match[8], match[9], match[10]);
  const fractionMs = Number(`0.${match[7] ?? 0}`) * SECOND_MS;
  return zone === undefined ? undefined : date.getTime() + fractionMs - zone * MINUTE_MS;
}

function zoneMinutes(sign: string | undefined, hours: string | undefined, minutes: string | undefined) {
  if (sign === undefined) return 0;
  if (Number(hours) > 23 || Number(minutes) > 59) return undefined;
  return (sign === '-' ? -1 : 1) * (Number(hours) * 60 + Number(minutes));
}
