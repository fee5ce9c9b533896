import type { Row } from '../compile/row.ts';
import type { Quoting } from './dialect.ts';
import { unescapeInto } from './unescape.ts';

/** What is known of a field. Its bytes are its text, and none of them matters to reading or writing. */
export const PLAIN = 0;
/** Its bytes are its text, and some of them may matter. */
export const MARKED = 1;
/** There are escapes in its bytes. */
export const ESCAPED = 2;

const COLUMNS_AT_FIRST = 64;
const MINUS = 0x2d;
const POINT = 0x2e;
const ZERO = 0x30;
const SCALED_MAX = 1e15;
/** A sign, a point, and one digit more than what is exact. */
const SCALED_LENGTH_MAX = 18;
/** Up to here a search byte by byte is faster than calling the one that is built in. */
const SHORT_SEARCH_BYTES = 256;

/** The record that the scanner found last, as places in the scanner's buffer. */
export class CsvRow implements Row {
  readonly bytes: Buffer;
  /** Of each field, without its quotes. */
  starts = new Int32Array(COLUMNS_AT_FIRST);
  ends = new Int32Array(COLUMNS_AT_FIRST);
  marks = new Uint8Array(COLUMNS_AT_FIRST);
  fieldCount = 0;
  /** The record's first byte, the end of its last field, and the start of the next record. */
  from = 0;
  to = 0;
  next = 0;
  /** Whether its fields are quoted and escaped exactly where they must be, were it written as it was read. */
  canonical = true;
  /** Where in the buffer texts go that escapes were taken out of; the scanner resets it for each record. */
  scratch = 0;
  readonly #quoting: Quoting;

  constructor(bytes: Buffer, quoting: Quoting) {
    this.bytes = bytes;
    this.#quoting = quoting;
  }

  /** Makes room for at least so many fields. */
  reserve(columns: number): void {
    if (columns <= this.starts.length) return;
    const { starts, ends, marks } = this;
    this.starts = new Int32Array(columns);
    this.ends = new Int32Array(columns);
    this.marks = new Uint8Array(columns);
    this.starts.set(starts);
    this.ends.set(ends);
    this.marks.set(marks);
  }

  /** Makes the bytes of a field its text. */
  unescape(field: number): void {
    if (this.marks[field] !== ESCAPED) return;
    const start = this.starts[field] as number;
    const end = this.ends[field] as number;
    const { quote, escaping } = this.#quoting;
    const to = unescapeInto(this.bytes, { start, end, quote, escaping, at: this.scratch });
    this.starts[field] = this.scratch;
    this.ends[field] = to;
    this.marks[field] = MARKED;
    this.scratch = to;
  }

  text(field: number): string | undefined {
    if (field >= this.fieldCount) return undefined;
    const { start, end } = this.#span(field);
    return this.bytes.toString('utf8', start, end);
  }

  compare(field: number, bytes: Uint8Array): number {
    const { start, end } = this.#span(field);
    const common = Math.min(end - start, bytes.length);
    for (let at = 0; at < common; at += 1) {
      const difference = (this.bytes[start + at] as number) - (bytes[at] as number);
      if (difference !== 0) return difference;
    }
    return end - start - bytes.length;
  }

  equals(field: number, bytes: Uint8Array): boolean {
    if (field >= this.fieldCount) return false;
    const { start, end } = this.#span(field);
    return end - start === bytes.length && this.#holds(bytes, start);
  }

  startsWith(field: number, bytes: Uint8Array): boolean {
    if (field >= this.fieldCount) return false;
    const { start, end } = this.#span(field);
    return end - start >= bytes.length && this.#holds(bytes, start);
  }

  endsWith(field: number, bytes: Uint8Array): boolean {
    if (field >= this.fieldCount) return false;
    const { start, end } = this.#span(field);
    return end - start >= bytes.length && this.#holds(bytes, end - bytes.length);
  }

  includes(field: number, bytes: Uint8Array): boolean {
    if (field >= this.fieldCount) return false;
    const { start, end } = this.#span(field);
    if (bytes.length === 0) return true;
    // Its cost is bounded by the two lengths together, and that of the loop below by their product.
    if (end - start > SHORT_SEARCH_BYTES) return this.bytes.subarray(start, end).indexOf(bytes) >= 0;
    const first = bytes[0];
    const last = end - bytes.length;
    for (let at = start; at <= last; at += 1) {
      if (this.bytes[at] === first && this.#holds(bytes, at)) return true;
    }
    return false;
  }

  scaled(field: number, decimals: number): number {
    if (field >= this.fieldCount) return Number.NaN;
    const { start, end } = this.#span(field);
    const negative = this.bytes[start] === MINUS;
    const first = negative ? start + 1 : start;
    if (end <= first || end - start > SCALED_LENGTH_MAX) return Number.NaN;
    let value = 0;
    let point = end;
    for (let at = first; at < end; at += 1) {
      const digit = (this.bytes[at] as number) - ZERO;
      if (digit >= 0 && digit <= 9) value = value * 10 + digit;
      else if (digit === POINT - ZERO && point === end && at > first && at < end - 1) point = at;
      else return Number.NaN;
    }
    const missing = decimals - (point === end ? 0 : end - point - 1);
    if (missing < 0) return Number.NaN;
    for (let at = 0; at < missing; at += 1) value *= 10;
    if (value >= SCALED_MAX) return Number.NaN;
    return negative ? 0 - value : value;
  }

  #span(field: number): { start: number; end: number } {
    this.unescape(field);
    return { start: this.starts[field] as number, end: this.ends[field] as number };
  }

  #holds(bytes: Uint8Array, from: number): boolean {
    for (let at = 0; at < bytes.length; at += 1) {
      if (this.bytes[from + at] !== bytes[at]) return false;
    }
    return true;
  }
}
