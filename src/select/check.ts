import type { SelectQuery } from '../model/select.ts';
import { compilePlan } from './compile/compile.ts';
import type { Row } from './compile/row.ts';
import { parseStatement } from './sql/parse.ts';

/** A record of no fields: nothing of a plan that is only checked runs on one. */
const NO_FIELDS: Row = {
  fieldCount: 0,
  text: () => undefined,
  compare: () => 0,
  equals: () => false,
  startsWith: () => false,
  endsWith: () => false,
  includes: () => false,
  scaled: () => Number.NaN,
};

/**
 * Throws SelectError for whatever can be known of a query before the archive is read; of columns with names, that is only
 * that there may be such names.
 */
export function checkQuery({ expression, input }: SelectQuery, { strict }: { strict: boolean }): void {
  const kind = input.fileHeaderInfo === 'USE' ? 'names-to-come' : 'positions';
  // A constant is never made of the time, so it may be any.
  compilePlan(parseStatement(expression, { strict }), { row: NO_FIELDS, columns: { kind }, nowMs: 0 });
}
