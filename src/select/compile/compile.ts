import type { Statement } from '../sql/syntax.ts';
import type { Value } from '../values/value.ts';
import type { Accumulator } from './aggregates.ts';
import { columnFinder } from './columns.ts';
import { conditionOf } from './condition.ts';
import { compileExpression } from './expression.ts';
import type { Columns, OutputColumn, Plan } from './plan.ts';
import type { Row } from './row.ts';
import type { Scope } from './scope.ts';
import type { Term } from './term.ts';

/**
 * A query as closures over the row. Throws SelectError, with the place, for what can be known of it without a record: columns
 * that there are not, operands that are never of the kind that is needed, constants that cannot be worked out.
 */
export function compilePlan(
  { items, where, limit }: Statement,
  { row, columns, nowMs }: { row: Row; columns: Columns; nowMs: number },
): Plan {
  const scope: Scope = { row, columns: columnFinder(columns), nowMs, reached: true, accumulators: [] };
  const output = outputOf(items, scope);
  const keeps = where === null ? null : compileWhere(where, scope);
  const columnsRead = output.kind === 'record' ? Number.POSITIVE_INFINITY : scope.columns.read();
  return { columnsRead, keeps, output, limit };
}

/** The parser lets `*` stand alone only. */
function outputOf(items: Statement['items'], scope: Scope): Plan['output'] {
  const terms: Term[] = [];
  for (const item of items) {
    if (item.kind === 'all') return { kind: 'record' };
    terms.push(compileExpression(item.expression, scope));
  }
  if (scope.accumulators.length === 0) return { kind: 'columns', columns: terms.map(outputColumn) };
  const values = (): Value[] => terms.map(({ evaluate }) => evaluate());
  return { kind: 'aggregate', add: adding(scope.accumulators), values };
}

const outputColumn = ({ origin, evaluate }: Term): OutputColumn =>
  origin?.castTo === null ? { field: origin.field } : { value: evaluate };

function adding(accumulators: readonly Accumulator[]): () => void {
  const [only, ...others] = accumulators.map(({ add }) => add);
  if (only !== undefined && others.length === 0) return only;
  return () => {
    for (const { add } of accumulators) add();
  };
}

function compileWhere(where: NonNullable<Statement['where']>, scope: Scope): Plan['keeps'] {
  const term = compileExpression(where, scope);
  const { holds } = conditionOf(term, { what: 'WHERE', place: where.place });
  if (!term.constant) return holds;
  return holds() ? null : () => false;
}
