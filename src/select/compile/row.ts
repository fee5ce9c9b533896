/**
 * The record that is looked at. There is one such object for a run, and what it tells changes from record to record, so that
 * what was compiled against it can run again and again. Fields are counted from 0. A field beyond the record's last is
 * missing: it has no text, and every test of its bytes is false.
 *
 * Bytes are UTF-8, of the field's text without its quotes. UTF-8 sorts as its code points do.
 */
export interface Row {
  /** Fields in this record; only those below `Plan.columnsRead` need be told apart, so it may be that number when there are more. */
  readonly fieldCount: number;
  /** The field's text, without its quotes; undefined beyond the last field. */
  text(field: number): string | undefined;
  /** Negative, zero or positive, as the field sorts before, with or after the bytes. Only for a field that is there. */
  compare(field: number, bytes: Uint8Array): number;
  equals(field: number, bytes: Uint8Array): boolean;
  startsWith(field: number, bytes: Uint8Array): boolean;
  endsWith(field: number, bytes: Uint8Array): boolean;
  includes(field: number, bytes: Uint8Array): boolean;
  /**
   * The field as a number times 10 to the power of `decimals`, exactly, where the field is an optional `-`, digits, and
   * perhaps a point and no more than `decimals` digits, and the result has at most 15 digits; NaN in every other case, and
   * then the text must be looked at.
   */
  scaled(field: number, decimals: number): number;
}
