/**
 * Dates on the wire. The API prints milliseconds, inventories print whole seconds (developer guide, "DescribeVault" and
 * observed inventories); both are UTC.
 */

/** `2026-03-02T10:00:01.123Z` */
export function formatInstant(atMs: number): string {
  return new Date(atMs).toISOString();
}

/** `2026-03-02T10:00:01Z` */
export function formatInstantSeconds(atMs: number): string {
  return `${new Date(atMs).toISOString().slice(0, 19)}Z`;
}

const INSTANT = /^(\d{4})-(\d{2})-(\d{2})(?:T(\d{2}):(\d{2})(?::(\d{2})(?:\.(\d{1,9}))?)?(Z|[+-]\d{2}:?\d{2})?)?$/;

/**
 * Reads an ISO 8601 date with optional time, fraction and offset; without an offset it is UTC.
 * Returns milliseconds since 1970, or undefined when the text is not a date or names a day or time that does not exist.
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
  return wallMs + Number(fraction.padEnd(3, '0').slice(0, 3)) - offsetMs;
}

function zoneOffsetMs(zone: string): number | undefined {
  if (zone === 'Z') return 0;
  const hours = Number(zone.slice(1, 3));
  const minutes = Number(zone.slice(-2));
  if (hours > 23 || minutes > 59) return undefined;
  return (zone.startsWith('-') ? -1 : 1) * (hours * 60 + minutes) * 60_000;
}
