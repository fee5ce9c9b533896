import { limits } from '../../model/limits.ts';
import { type RecordPlace, SelectError } from '../select-error.ts';
import { CsvRow, ESCAPED, MARKED, PLAIN } from './csv-row.ts';
import { type Dialect, NONE } from './dialect.ts';
import type { Sieve } from './sieve.ts';
import { isEscaped } from './unescape.ts';
import { WINDOW_BYTES, Window } from './window.ts';

/** The sieve's buffer holds the window and, behind it, the texts of a record's fields without their escapes. */
export const SCAN_BYTES = WINDOW_BYTES + limits.selectRecordBytesMax;

/** A record that has not ended after so many bytes is too long, whatever its delimiter is. */
const UNENDED_BYTES_MAX = limits.selectRecordBytesMax + 2;

/**
 * Finds records and their fields. An error is always that of the first place in the archive that is wrong, wherever the
 * chunks end; so a record that is not whole is looked at again from its start, each time that there is twice as much of it.
 */
export class Scanner {
  readonly row: CsvRow;
  /** Records that were found, header and comments too. */
  recordsRead = 0;
  readonly #dialect: Dialect;
  /** Whether one byte of the record delimiter does not end a record without the other. */
  readonly #strict: boolean;
  readonly #sieve: Sieve;
  readonly #window: Window;
  /** So many fields must be told apart. */
  #columns: number = limits.selectColumnsMax;
  /** Places that the sieve found in the view's first `#sifted` bytes, and the first of them in the next record. */
  #count = 0;
  #index = 0;
  #sifted = 0;
  /** Where the next record starts. */
  #at = 0;
  /** Whether the archive ends where the view ends. */
  #final = false;
  /** Of the quoted field that was looked at last. */
  #mark = PLAIN;
  #canonical = true;

  constructor(dialect: Dialect, sieve: Sieve) {
    this.#dialect = dialect;
    this.#strict = dialect.beforeLast !== NONE && !dialect.loose;
    this.#sieve = sieve;
    this.#window = new Window(sieve.bytes.subarray(0, WINDOW_BYTES));
    this.row = new CsvRow(sieve.bytes, dialect);
  }

  /** Bytes of the archive before the next record. */
  get bytesRead(): number {
    return this.#window.offset + this.#at;
  }

  /** Where the record is that was found last. */
  get place(): RecordPlace {
    return { record: this.recordsRead, byteOffset: this.#window.offset + this.row.from };
  }

  /** The next bytes of the archive, once the scanner is hungry; it reads them until it is hungry again. */
  give(chunk: Uint8Array): void {
    this.#window.give(chunk);
  }

  /** There are no more bytes. */
  finish(): void {
    this.#window.finish();
  }

  /** From the next record on, only so many fields need to be told apart. */
  lookAt(columns: number): void {
    this.#columns = Math.min(columns, limits.selectColumnsMax);
    if (columns < limits.selectColumnsMax) this.row.reserve(columns);
  }

  /** Goes to the next record in view that is no comment; false if there is none. */
  next(): boolean {
    while (this.#dialect.comment !== NONE && this.#startsWithComment()) if (!this.#skip()) return false;
    if (!this.#walk()) return false;
    this.recordsRead += 1;
    return true;
  }

  /** Brings more of the archive into view, once there is no whole record in it. */
  more(): 'view' | 'hungry' | 'end' {
    const window = this.#window;
    if (window.end - this.#at > UNENDED_BYTES_MAX) throw this.#tooLong();
    const patience = this.#at > 0 ? 0 : Math.min(2 * this.#sifted, UNENDED_BYTES_MAX + 1);
    let fresh = window.end - this.#sifted;
    let came = true;
    while (came && (fresh === 0 || window.end < patience)) {
      const before = window.end - this.#at;
      came = window.advance(this.#at);
      this.#at = 0;
      fresh += window.end - before;
    }
    this.#index = 0;
    this.#sifted = window.end - fresh;
    const final = window.last;
    if (fresh === 0 && window.broken) throw this.#notUtf8();
    if (fresh === 0 && this.#final) return 'end';
    if (!final && !window.broken && (fresh === 0 || window.end < patience)) {
      this.#count = 0;
      return 'hungry';
    }
    this.#final = final;
    this.#sifted = window.end;
    this.#count = this.#sieve.sift(window.end);
    return 'view';
  }

  /** Goes through the next record; false if its end is not in view. Here is where the time goes. */
  #walk(): boolean {
    const { fieldDelimiter, quote, last, beforeLast } = this.#dialect;
    const { bytes, positions } = this.#sieve;
    const strict = this.#strict;
    const count = this.#count;
    const columns = this.#columns;
    const from = this.#at;
    let { starts, ends, marks } = this.row;
    let index = this.#index;
    let field = 0;
    let start = from;
    let quotes = 0;
    let mark = PLAIN;
    let canonical = true;
    let to = this.#sifted;
    let next = NONE;
    while (index < count) {
      const at = positions[index] as number;
      const byte = bytes[at];
      index += 1;
      if (byte === fieldDelimiter) {
        if (field < columns) {
          if (field === starts.length) ({ starts, ends, marks } = this.#widen());
          starts[field] = start;
          ends[field] = at - quotes;
          marks[field] = mark;
        }
        field += 1;
        start = at + 1;
        quotes = 0;
        mark = PLAIN;
      } else if (byte === last && (!strict || (at > start && bytes[at - 1] === beforeLast))) {
        to = at > start && bytes[at - 1] === beforeLast ? at - 1 : at;
        next = at + 1;
        break;
      } else if (byte === quote && at === start) {
        index = this.#quoted(index);
        if (index === NONE) return false;
        start = at + 1;
        quotes = 1;
        mark = this.#mark;
        canonical = canonical && this.#canonical;
      } else if (byte !== beforeLast || at + 1 === this.#sifted || bytes[at + 1] !== last) {
        mark = MARKED;
        canonical = false;
      }
    }
    if (next === NONE) {
      if (!this.#final || from === to) return false;
      next = to;
    }
    if (field < columns) {
      if (field === starts.length) ({ starts, ends, marks } = this.#widen());
      starts[field] = start;
      ends[field] = to - quotes;
      marks[field] = mark;
    }
    this.#found({ fields: field + 1, to, next, canonical });
    this.#index = index;
    return true;
  }

  #found({ fields, to, next, canonical }: { fields: number; to: number; next: number; canonical: boolean }): void {
    const from = this.#at;
    if (to - from > limits.selectRecordBytesMax) throw this.#tooLong();
    if (fields > limits.selectColumnsMax) throw this.#tooWide();
    const { row } = this;
    row.fieldCount = Math.min(fields, this.#columns);
    row.from = from;
    row.to = to;
    row.next = next;
    row.canonical = canonical;
    row.scratch = WINDOW_BYTES;
    this.#at = next;
  }

  /**
   * Goes through a quoted field whose opening quote is the place before `first`. Returns the index behind its closing quote;
   * NONE if that is not in view, or what comes after it.
   */
  #quoted(first: number): number {
    const { quote, escaping } = this.#dialect;
    const { bytes, positions } = this.#sieve;
    let index = first;
    this.#mark = PLAIN;
    this.#canonical = true;
    while (index < this.#count) {
      const at = positions[index] as number;
      const byte = bytes[at] as number;
      const following = at + 1 < this.#sifted ? (bytes[at + 1] as number) : NONE;
      index += 1;
      if (isEscaped(following, { behind: byte, quote, escaping })) {
        index += 1;
        this.#mark = ESCAPED;
      } else if (byte === quote) {
        if (index - 1 === first) this.#canonical = false;
        else if (this.#mark === PLAIN) this.#mark = MARKED;
        return this.#isDelimited(at + 1) ? index : NONE;
      }
      if (escaping !== quote && (byte === escaping || byte === quote)) this.#canonical = false;
    }
    if (this.#final) throw this.#malformed('a quoted field that does not end', this.#sifted);
    return NONE;
  }

  /** Whether a field may end before the place; false if that cannot be seen yet. */
  #isDelimited(place: number): boolean {
    const { fieldDelimiter, last, beforeLast } = this.#dialect;
    const { bytes } = this.#sieve;
    if (place === this.#sifted) return this.#final;
    const byte = bytes[place];
    if (byte === fieldDelimiter || (byte === last && !this.#strict)) return true;
    if (byte === beforeLast) {
      if (place + 1 < this.#sifted && bytes[place + 1] === last) return true;
      if (place + 1 === this.#sifted && !this.#final) return false;
    }
    throw this.#malformed('text behind the closing quote of a field', place);
  }

  #startsWithComment(): boolean {
    return this.#at < this.#sifted && this.#sieve.bytes[this.#at] === this.#dialect.comment;
  }

  /** Passes a comment over; false if its end is not in view. */
  #skip(): boolean {
    const { last, beforeLast } = this.#dialect;
    const { bytes, positions } = this.#sieve;
    while (this.#index < this.#count) {
      const at = positions[this.#index] as number;
      this.#index += 1;
      if (bytes[at] !== last) continue;
      const paired = at > this.#at && bytes[at - 1] === beforeLast;
      if (this.#strict && !paired) continue;
      return this.#passed(paired ? at - 1 : at, at + 1);
    }
    return this.#final && this.#passed(this.#sifted, this.#sifted);
  }

  #passed(to: number, next: number): boolean {
    if (to - this.#at > limits.selectRecordBytesMax) throw this.#tooLong();
    this.#at = next;
    this.recordsRead += 1;
    return true;
  }

  #widen(): CsvRow {
    const columns = this.row.starts.length;
    if (columns >= limits.selectColumnsMax) throw this.#tooWide();
    this.row.reserve(Math.min(columns * 2, limits.selectColumnsMax));
    return this.row;
  }

  #tooLong(): SelectError {
    return this.#fault('OverMaxRecordSize', `A record is longer than ${limits.selectRecordBytesMax} bytes`);
  }

  #tooWide(): SelectError {
    return this.#fault('OverMaxColumn', `A record has more than ${limits.selectColumnsMax} columns`);
  }

  #notUtf8(): SelectError {
    const byte = this.#window.offset + this.#window.end;
    return this.#fault(
      'InvalidTextEncoding',
      `The archive is not UTF-8 at byte ${byte}; other encodings and compression are not read`,
    );
  }

  #malformed(what: string, place: number): SelectError {
    if (place - this.#at > limits.selectRecordBytesMax) return this.#tooLong();
    return this.#fault('CSVParsingError', `There is ${what}, at byte ${this.#window.offset + place}`);
  }

  #fault(code: string, message: string): SelectError {
    const at = { record: this.recordsRead + 1, byteOffset: this.bytesRead };
    return new SelectError(code, message, { at });
  }
}
