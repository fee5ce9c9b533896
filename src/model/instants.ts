import { DAY_MS, SECOND_MS } from './limits.ts';

/**
 * Dates on the wire. The API prints milliseconds, inventories print whole seconds (developer guide, "DescribeVault" and
 * observed inventories); both are UTC.
 */

const twoDigits = Array.from({ length: 60 }, (_, number) => String(number).padStart(2, '0'));
const threeDigits = Array.from({ length: 1000 }, (_, number) => String(number).padStart(3, '0'));

/** The last day printed, as its number since 1970 and its text: listings print many instants of the same day. */
let lastDay = { number: 0, text: '1970-01-01T' };

/** `2026-03-02T10:00:01.123Z` */
export function formatInstant(atMs: number): string {
  const { day, seconds, milliseconds } = parts(atMs);
  return `${day}${timeOfDay(seconds)}.${threeDigits[milliseconds]}Z`;
}

/** `2026-03-02T10:00:01Z` */
export function formatInstantSeconds(atMs: number): string {
  const { day, seconds } = parts(atMs);
  return `${day}${timeOfDay(seconds)}Z`;
}

/** Throws a RangeError for what is no instant, as dates do. */
function parts(atMs: number) {
  const wholeMs = Math.trunc(atMs);
  const number = Math.floor(wholeMs / DAY_MS);
  if (number !== lastDay.number) {
    const text = new Date(number * DAY_MS).toISOString();
    lastDay = { number, text: text.slice(0, text.indexOf('T') + 1) };
  }
  const milliseconds = wholeMs - number * DAY_MS;
  return { day: lastDay.text, seconds: Math.floor(milliseconds / SECOND_MS), milliseconds: milliseconds % SECOND_MS };
}

function timeOfDay(seconds: number): string {
  const minutes = Math.floor(seconds / 60);
  return `${twoDigits[Math.floor(minutes / 60)]}:${twoDigits[minutes % 60]}:${twoDigits[seconds % 60]}`;
}

/** The instants whose year has four digits; no others can be printed in the forms above. */
const FIRST_MS = Date.parse('0000-01-01T00:00:00.000Z');
const LAST_MS = Date.parse('9999-12-31T23:59:59.999Z');

const INSTANT = /^(\d{4})-(\d{2})-(\d{2})(?:T(\d{2}):(\d{2})(?::(\d{2})(?:\.(\d{1,9}))?)?(Z|[+-]\d{2}:?\d{2})?)?$/;

/**
 * Reads an ISO 8601 date with optional time, fraction and offset; without an offset it is UTC.
 * Returns milliseconds since 1970, or undefined when the text is not a date or names a day or time that does not exist, or
 * one that its offset moves out of the years 0000 to 9999.
 */
export function parseInstant(text: string): number | undefined {
  const match = INSTANT.exec(text);
  if (match === null) return undefined;
  const [, year, month, day, hour = '00', minute = '00', second = '00', fraction = '', zone = 'Z'] = match;
  const wallText = `${year}-${month}-${day}T${hour}:${minute}:${second}`;
  const wallMs = Date.parse(`${wallText}Z`);
  if (Number.isNaN(wallMs) || new Date(wallMs).toISOString().slice(0, 19) !== wallText) return undefined;
  const offsetMs = zoneOffsetMs(zone);
  if (offsetMs === undefined) return undefined;
  const atMs = wallMs + Number(fraction.padEnd(3, '0').slice(0, 3)) - offsetMs;
  return atMs < FIRST_MS || atMs > LAST_MS ? undefined : atMs;
}

function zoneOffsetMs(zone: string): number | undefined {
  if (zone === 'Z') return 0;
  const hours = Number(zone.slice(1, 3));
  const minutes = Number(zone.slice(-2));
  if (hours > 23 || minutes > 59) return undefined;
  return (zone.startsWith('-') ? -1 : 1) * (hours * 60 + minutes) * 60_000;
}
