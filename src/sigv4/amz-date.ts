import { parseInstant } from '../model/instants.ts';
import { MINUTE_MS, SECOND_MS } from '../model/limits.ts';

/** The instants of Signature Version 4, `20120525T002453Z`, and how far from the server's clock they may be. */
const AMZ_DATE = /^(\d{4})(\d{2})(\d{2})T(\d{2})(\d{2})(\d{2})Z$/;

/** Milliseconds since 1970, or undefined when the text has another form or names a day or time that does not exist. */
export function parseAmzDate(text: string): number | undefined {
  const match = AMZ_DATE.exec(text);
  if (match === null) return undefined;
  const [, year, month, day, hour, minute, second] = match;
  return parseInstant(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
}

/** `20120525T002453Z`; a started second is not counted. */
export function formatAmzDate(atMs: number): string {
  return new Date(atMs).toISOString().replace(/[-:]|\.\d{3}/g, '');
}

/**
 * What to tell a client whose request was signed more than `skewMs` before or after `nowMs`, in the words of the real
 * service; undefined while the two clocks agree well enough. Compares whole seconds, since the signature has no finer ones.
 */
export function signatureExpiredMessage({
  signedAtMs,
  nowMs,
  skewMs,
}: {
  signedAtMs: number;
  nowMs: number;
  skewMs: number;
}): string | undefined {
  const secondMs = Math.floor(nowMs / SECOND_MS) * SECOND_MS;
  const earliestMs = secondMs - skewMs;
  const latestMs = secondMs + skewMs;
  if (signedAtMs >= earliestMs && signedAtMs <= latestMs) return undefined;
  const [signed, now, minutes] = [formatAmzDate(signedAtMs), formatAmzDate(secondMs), skewMs / MINUTE_MS];
  if (signedAtMs < earliestMs) {
    return `Signature expired: ${signed} is now earlier than ${formatAmzDate(earliestMs)} (${now} - ${minutes} min.)`;
  }
  return `Signature not yet current: ${signed} is still later than ${formatAmzDate(latestMs)} (${now} + ${minutes} min.)`;
}
