import { DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS } from '../model/limits.ts';

const UNIT_MS: Record<string, number> = { ms: 1, s: SECOND_MS, m: MINUTE_MS, h: HOUR_MS, d: DAY_MS };
const DURATION = /^(\d{1,12}(?:\.\d{1,9})?)(ms|s|m|h|d)$/;

/** A century: longer than any archive is waited for, and far inside what a date can hold. */
const DURATION_MS_MAX = 36_500 * DAY_MS;

/**
 * Reads one number and one unit (`500ms`, `90s`, `1.5h`, `7d`); a bare number is no duration, because every reader would
 * guess another unit. Returns whole milliseconds, or undefined when the text is no duration or longer than a century.
 */
export function parseDuration(text: string): number | undefined {
  const [, number, unit] = DURATION.exec(text) ?? [];
  const unitMs = UNIT_MS[unit ?? ''];
  if (number === undefined || unitMs === undefined) return undefined;
  const durationMs = Math.round(Number(number) * unitMs);
  return durationMs <= DURATION_MS_MAX ? durationMs : undefined;
}
