import type { Accumulator } from './aggregates.ts';
import type { ColumnFinder } from './columns.ts';
import type { Row } from './row.ts';

/** What an expression is compiled against. */
export interface Scope {
  row: Row;
  columns: ColumnFinder;
  /** The time that UTCNOW tells. */
  nowMs: number;
  /** False for what no record can reach (`FALSE AND ...`): that a constant there cannot be worked out is no error. */
  reached: boolean;
  /** What the aggregates of the query take records in by; those that are found are added. */
  accumulators: Accumulator[];
}

export const unreached = (scope: Scope): Scope => (scope.reached ? { ...scope, reached: false } : scope);
