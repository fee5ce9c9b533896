import type { Value } from '../values/value.ts';

/** What is known of the columns when a query is compiled. */
export type Columns =
  /** There are no names: only positions. */
  | { kind: 'positions' }
  /** The names are in the first record, which has not been read: any name may be there. For checking a query only. */
  | { kind: 'names-to-come' }
  | { kind: 'names'; names: readonly string[] };

/** A column of the results: a field as it is, or a value of each record. */
export type OutputColumn = { field: number } | { value: () => Value };

/** A query compiled against a row: its functions speak of whatever record the row stands for at the time. */
export interface Plan {
  /** So many fields of a record are looked at, counted from the first; Infinity where the whole record is. */
  columnsRead: number;
  /** Whether the record is in the result; null: every record is. Throws SelectError. */
  keeps: (() => boolean) | null;
  output: /** `SELECT *`: the record as it is. */
    | { kind: 'record' }
    | { kind: 'columns'; columns: readonly OutputColumn[] }
    /** One record in all: `add` for each record that is kept, then `values` once. */
    | { kind: 'aggregate'; add: () => void; values: () => Value[] };
  /** Records to be written at most; null: all. */
  limit: bigint | null;
}
