import type { CsvInput, CsvOutput } from '../../model/select.ts';

export const CR = 0x0d;
export const LF = 0x0a;
/** Stands for a character that there is not; no byte is equal to it. */
export const NONE = -1;

/** How fields are told apart and quoted, in bytes. */
export interface Quoting {
  fieldDelimiter: number;
  quote: number;
  /** Stands before a quote, or before itself, inside a quoted field. */
  escaping: number;
}

/** How a CSV text is read. */
export interface Dialect extends Quoting {
  /** The last byte of the record delimiter, and the one before it. */
  last: number;
  beforeLast: number;
  /** Whether `last` ends a record without `beforeLast` too: LF or CR LF. */
  loose: boolean;
  comment: number;
}

const byteOf = (character: string | null): number => (character === null ? NONE : character.charCodeAt(0));

export function quotingOf(options: CsvInput | CsvOutput): Quoting {
  const quote = byteOf(options.quoteCharacter);
  return {
    fieldDelimiter: byteOf(options.fieldDelimiter),
    quote,
    escaping: quote === NONE ? NONE : byteOf(options.quoteEscapeCharacter),
  };
}

export function dialectOf(input: CsvInput): Dialect {
  const { recordDelimiter } = input;
  const ends =
    recordDelimiter === null
      ? { last: LF, beforeLast: CR, loose: true }
      : {
          last: recordDelimiter.charCodeAt(recordDelimiter.length - 1),
          beforeLast: recordDelimiter.length > 1 ? recordDelimiter.charCodeAt(0) : NONE,
          loose: false,
        };
  return { ...quotingOf(input), ...ends, comment: byteOf(input.comments) };
}

/** The characters that make a field of the output one that must be quoted; CR and LF always do, as many readers end records there. */
export const specialCharacters = ({ fieldDelimiter, recordDelimiter, quoteCharacter }: CsvOutput): string =>
  `${fieldDelimiter}${recordDelimiter}${quoteCharacter ?? ''}\r\n`;

/** Every character that matters to reading or to writing: between two of them, bytes are text and nothing else. */
export function markingCharacters(input: CsvInput, output: CsvOutput): string {
  const read = [input.fieldDelimiter, input.recordDelimiter, input.quoteCharacter, input.quoteEscapeCharacter];
  return `${read.join('')}${specialCharacters(output)}`;
}
