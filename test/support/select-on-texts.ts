import { compilePlan } from '../../src/select/compile/compile.ts';
import type { Columns, Plan } from '../../src/select/compile/plan.ts';
import { SelectError } from '../../src/select/select-error.ts';
import { parseStatement } from '../../src/select/sql/parse.ts';
import { printValue } from '../../src/select/values/print.ts';
import { TextRow } from './text-row.ts';

export const NOW_MS = Date.UTC(2026, 10, 27, 12, 30, 15, 250);

export function planOn(row: TextRow, query: string, columns: Columns = { kind: 'positions' }): Plan {
  return compilePlan(parseStatement(query, { strict: false }), { row, columns, nowMs: NOW_MS });
}

/** What a query makes of records that are lists of texts, each record joined by commas; LIMIT is not looked at. */
export function selectOnTexts(query: string, records: readonly (readonly string[])[], columns?: Columns): string[] {
  const row = new TextRow();
  const { keeps, output } = planOn(row, query, columns);
  const written: string[] = [];
  for (const record of records) {
    row.fields = record;
    if (keeps !== null && !keeps()) continue;
    if (output.kind === 'record') written.push(record.join());
    if (output.kind === 'columns') {
      const fields = output.columns.map((column) =>
        'field' in column ? row.text(column.field) : printValue(column.value()),
      );
      written.push(fields.join());
    }
    if (output.kind === 'aggregate') output.add();
  }
  if (output.kind === 'aggregate') written.push(output.values().map(printValue).join());
  return written;
}

/** The code of the SelectError that is thrown. */
export function codeOf(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    if (error instanceof SelectError) return error.code;
    throw error;
  }
  return 'nothing was thrown';
}
