import { limits } from '../../model/limits.ts';
import type { CsvInput, CsvOutput } from '../../model/select.ts';
import { type CsvRow, PLAIN } from './csv-row.ts';
import { markingCharacters, type Quoting, quotingOf, specialCharacters } from './dialect.ts';
import { Outlet, resultTooLong } from './outlet.ts';

/** What a column of the results is made of: a field of the record as it is, or a text; null where there is none. */
export type WrittenColumn = { field: number } | { text: () => string | null };

/**
 * Writes results as CSV. Records that are written as they were read, and lie side by side in the scanner's buffer, are
 * copied in one go.
 */
export class CsvWriter {
  readonly #row: CsvRow;
  readonly #outlet = new Outlet();
  readonly #quoting: Quoting;
  readonly #always: boolean;
  readonly #delimiter: Buffer;
  /** Which bytes make a field one that must be quoted. */
  readonly #special = new Uint8Array(256);
  /** Whether a canonical record of the input is one of the output. */
  readonly #alike: boolean;
  /** Records of the input that are still to be copied; there is room for them. */
  #runFrom = 0;
  #runTo = 0;

  constructor(row: CsvRow, { input, output }: { input: CsvInput; output: CsvOutput }) {
    this.#row = row;
    this.#quoting = quotingOf(output);
    const quotes = output.quoteCharacter !== null;
    this.#always = output.quoteFields === 'ALWAYS' && quotes;
    this.#delimiter = Buffer.from(output.recordDelimiter, 'latin1');
    if (quotes) for (const byte of Buffer.from(specialCharacters(output), 'latin1')) this.#special[byte] = 1;
    this.#alike = !this.#always && areAlike(input, output);
  }

  /** Begins to fill a buffer; what was left over goes first. */
  begin(out: Uint8Array): void {
    this.#outlet.begin(out);
  }

  /** Whether the buffer that was begun is full. */
  get full(): boolean {
    return this.#outlet.room <= this.#runTo - this.#runFrom;
  }

  /** Has done with the buffer that was begun; returns how many bytes are in it, and how many before the last end of a record. */
  end(): { written: number; ended: number } {
    this.flush();
    return this.#outlet;
  }

  /** Copies what is to be copied; needed before the scanner brings more into view. */
  flush(): void {
    if (this.#runTo > this.#runFrom) {
      const outlet = this.#outlet;
      outlet.open();
      outlet.copy(this.#row.bytes, { from: this.#runFrom, to: this.#runTo });
      outlet.settle();
    }
    this.#runFrom = 0;
    this.#runTo = 0;
  }

  /** Writes the record of the input as it is. */
  record(): void {
    const row = this.#row;
    if (!this.#alike || !row.canonical) {
      this.#fields();
      return;
    }
    if (row.from !== this.#runTo) {
      this.flush();
      this.#runFrom = row.from;
      this.#runTo = row.from;
    }
    if (this.#endsAlike() && row.next - this.#runFrom <= this.#outlet.room) this.#runTo = row.next;
    else this.#body();
  }

  columns(columns: readonly WrittenColumn[]): void {
    this.#open();
    for (let column = 0; column < columns.length; column += 1) {
      if (column > 0) this.#outlet.put(this.#quoting.fieldDelimiter);
      const written = columns[column] as WrittenColumn;
      if ('field' in written) this.#field(written.field);
      else this.#text(written.text());
    }
    this.#close();
  }

  #open(): void {
    this.flush();
    this.#outlet.open();
  }

  #close(): void {
    this.#outlet.close(this.#delimiter);
  }

  #endsAlike(): boolean {
    const { bytes, to, next } = this.#row;
    const delimiter = this.#delimiter;
    if (next - to !== delimiter.length || bytes[to] !== delimiter[0]) return false;
    return delimiter.length === 1 || bytes[to + 1] === delimiter[1];
  }

  #body(): void {
    this.#open();
    this.#outlet.copy(this.#row.bytes, { from: this.#row.from, to: this.#row.to });
    this.#close();
  }

  #fields(): void {
    this.#open();
    for (let field = 0; field < this.#row.fieldCount; field += 1) {
      if (field > 0) this.#outlet.put(this.#quoting.fieldDelimiter);
      this.#field(field);
    }
    this.#close();
  }

  #field(field: number): void {
    const row = this.#row;
    if (field >= row.fieldCount) {
      this.#text(null);
      return;
    }
    row.unescape(field);
    const from = row.starts[field] as number;
    const to = row.ends[field] as number;
    const quoted = this.#always || (row.marks[field] !== PLAIN && this.#hasSpecial(from, to));
    if (quoted) this.#quoted(row.bytes, { from, to });
    else this.#outlet.copy(row.bytes, { from, to });
  }

  #text(text: string | null): void {
    const written = text ?? '';
    if (written.length > limits.selectRecordBytesMax) throw resultTooLong();
    this.#outlet.write(this.#always || this.#isSpecial(written) ? this.#quotedText(written) : written);
  }

  #isSpecial(text: string): boolean {
    for (let at = 0; at < text.length; at += 1) if (this.#special[text.charCodeAt(at)] === 1) return true;
    return false;
  }

  #quotedText(text: string): string {
    const quote = String.fromCharCode(this.#quoting.quote);
    const escaping = String.fromCharCode(this.#quoting.escaping);
    const escaped = escaping === quote ? text : text.replaceAll(escaping, () => escaping + escaping);
    return quote + escaped.replaceAll(quote, () => escaping + quote) + quote;
  }

  #hasSpecial(from: number, to: number): boolean {
    const { bytes } = this.#row;
    for (let at = from; at < to; at += 1) if (this.#special[bytes[at] as number] === 1) return true;
    return false;
  }

  #quoted(bytes: Buffer, { from, to }: { from: number; to: number }): void {
    const outlet = this.#outlet;
    const { quote, escaping } = this.#quoting;
    outlet.reserve(2 * (to - from) + 2);
    const { target } = outlet;
    let at = outlet.at;
    target[at] = quote;
    at += 1;
    for (let place = from; place < to; place += 1) {
      const byte = bytes[place] as number;
      if (byte === quote || byte === escaping) {
        target[at] = escaping;
        at += 1;
      }
      target[at] = byte;
      at += 1;
    }
    target[at] = quote;
    outlet.at = at + 1;
  }
}

/**
 * Whether records that are quoted where they must be are so in the output as well: the same characters are used, and nothing
 * marks in the input that does not in the output.
 */
function areAlike(input: CsvInput, output: CsvOutput): boolean {
  const read = quotingOf(input);
  const written = quotingOf(output);
  const same =
    read.fieldDelimiter === written.fieldDelimiter &&
    read.quote === written.quote &&
    read.escaping === written.escaping;
  const special = specialCharacters(output);
  const escaping = input.quoteEscapeCharacter;
  return same && [...markingCharacters(input, output)].every((mark) => special.includes(mark) || mark === escaping);
}
