import { DAY_MS, SECOND_MS } from './limits.ts';

/** The calendar that months and days are counted by: UTC's. */

/** The day of an instant, `2026-03-02`; later days are greater texts. */
export const dayOf = (atMs: number): string => new Date(atMs).toISOString().slice(0, 10);

/** How many days the month of an instant has. */
export function daysInMonthOf(atMs: number): number {
  const at = new Date(atMs);
  return lengthOfMonth(at.getUTCFullYear(), at.getUTCMonth());
}

/**
 * The same time of day one calendar month later, cut to the second. Where the next month has no such day it is that month's
 * last: 31 January leads to 28 or 29 February.
 */
export function oneMonthAfter(atMs: number): number {
  const at = new Date(Math.floor(atMs / SECOND_MS) * SECOND_MS);
  const [year, month] = [at.getUTCFullYear(), at.getUTCMonth() + 1];
  at.setUTCMonth(month, Math.min(at.getUTCDate(), lengthOfMonth(year, month)));
  return at.getTime();
}

/** A month may be beyond December; January of the year is 0. */
function lengthOfMonth(year: number, month: number): number {
  return Math.round((startOfMonth(year, month + 1) - startOfMonth(year, month)) / DAY_MS);
}

/** Date.UTC would take the years 0 to 99 for those of the 20th century. */
const startOfMonth = (year: number, month: number): number => new Date(0).setUTCFullYear(year, month, 1);
