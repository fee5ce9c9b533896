import type { CsvInput, CsvOutput } from '../../src/model/select.ts';

/** CSV read and written the slow and obvious way, character by character, to hold the real thing against. */
export interface NaiveReading {
  /** Header included, comments not. */
  records: string[][];
  /** What is wrong behind them: the number of the record, comments counted, and the place where it starts. */
  fault: { code: string; record: number; byteOffset: number } | undefined;
}

type Field = { text: string; after: number } | 'malformed';

function delimiterLength(text: string, at: number, { recordDelimiter }: CsvInput): number {
  const delimiters = recordDelimiter === null ? ['\r\n', '\n'] : [recordDelimiter];
  return delimiters.find((delimiter) => text.startsWith(delimiter, at))?.length ?? 0;
}

function quotedField(text: string, opening: number, input: CsvInput): Field {
  const { quoteCharacter: quote, quoteEscapeCharacter: escaping } = input;
  let inside = '';
  for (let at = opening + 1; at < text.length; at += 1) {
    const character = text[at] as string;
    const following = text[at + 1];
    const doubled = character === quote && following === quote;
    if (doubled || (character === escaping && (following === quote || following === escaping))) {
      inside += following;
      at += 1;
    } else if (character === quote) {
      const after = at + 1;
      const ends =
        after === text.length || following === input.fieldDelimiter || delimiterLength(text, after, input) > 0;
      return ends ? { text: inside, after } : 'malformed';
    } else {
      inside += character;
    }
  }
  return 'malformed';
}

function plainField(text: string, from: number, input: CsvInput): Field {
  let after = from;
  while (after < text.length && text[after] !== input.fieldDelimiter && delimiterLength(text, after, input) === 0) {
    after += 1;
  }
  return { text: text.slice(from, after), after };
}

function naiveRecord(text: string, from: number, input: CsvInput): { fields: string[]; next: number } | 'malformed' {
  const fields: string[] = [];
  for (let at = from; ; ) {
    const quoted = input.quoteCharacter !== null && text[at] === input.quoteCharacter;
    const field = quoted ? quotedField(text, at, input) : plainField(text, at, input);
    if (field === 'malformed') return field;
    fields.push(field.text);
    const { after } = field;
    if (after === text.length || text[after] !== input.fieldDelimiter) {
      return { fields, next: after + delimiterLength(text, after, input) };
    }
    at = after + 1;
  }
}

export function naiveRead(archive: string, input: CsvInput): NaiveReading {
  const records: string[][] = [];
  let at = archive.startsWith('\ufeff') ? 1 : 0;
  for (let number = 1; at < archive.length; number += 1) {
    if (input.comments !== null && archive[at] === input.comments) {
      while (at < archive.length && delimiterLength(archive, at, input) === 0) at += 1;
      at += delimiterLength(archive, at, input);
      continue;
    }
    const record = naiveRecord(archive, at, input);
    if (record === 'malformed') {
      const byteOffset = Buffer.byteLength(archive.slice(0, at));
      return { records, fault: { code: 'CSVParsingError', record: number, byteOffset } };
    }
    records.push(record.fields);
    at = record.next;
  }
  return { records, fault: undefined };
}

export function naiveWrite(fields: (string | null)[], output: CsvOutput): string {
  const { quoteCharacter: quote, quoteEscapeCharacter: escaping, fieldDelimiter, recordDelimiter } = output;
  const written = fields.map((field) => {
    const text = field ?? '';
    if (quote === null) return text;
    const needed = [...text].some((character) => `${fieldDelimiter}${recordDelimiter}${quote}\r\n`.includes(character));
    if (!needed && output.quoteFields === 'ASNEEDED') return text;
    const inside = [...text].map((character) =>
      character === quote || character === escaping ? escaping + character : character,
    );
    return quote + inside.join('') + quote;
  });
  return written.join(fieldDelimiter) + recordDelimiter;
}
