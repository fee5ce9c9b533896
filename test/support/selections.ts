import { type CsvInput, type CsvOutput, DEFAULT_CSV_INPUT, DEFAULT_CSV_OUTPUT } from '../../src/model/select.ts';
import type { Columns, Plan } from '../../src/select/compile/plan.ts';
import type { Row } from '../../src/select/compile/row.ts';
import { SelectError } from '../../src/select/select-error.ts';
import { Selection, type SelectionOptions } from '../../src/select/selection.ts';

/** How a selection is fed and emptied, all of it in bytes. */
export interface Feeding {
  /** Sizes of the chunks, over and over; all at once where there are none. */
  chunks?: readonly number[];
  /** Size of the buffer for output. */
  room?: number;
  sieve?: SelectionOptions['sieve'];
}

export interface SelectionCase {
  archive: string | Uint8Array;
  input?: Partial<CsvInput>;
  output?: Partial<CsvOutput>;
  plan?: (against: { row: Row; columns: Columns }) => Plan;
}

/** What came out, and what stopped it. */
export interface SelectionResult {
  text: string;
  fault?: { code: string; record: number | undefined; byteOffset: number | undefined };
}

export const everything = (): Plan => ({
  columnsRead: Number.POSITIVE_INFINITY,
  keeps: null,
  output: { kind: 'record' },
  limit: null,
});

/** Fields by position, from 0. */
export const columnsOf =
  (...fields: number[]) =>
  (): Plan => ({
    columnsRead: Math.max(...fields) + 1,
    keeps: null,
    output: { kind: 'columns', columns: fields.map((field) => ({ field })) },
    limit: null,
  });

/** Runs a selection to its end; whatever is thrown but SelectError is passed on. */
export function select(tried: SelectionCase, { chunks = [], room = 4096, sieve }: Feeding = {}): SelectionResult {
  const archive = Buffer.from(tried.archive as string);
  const out = new Uint8Array(room);
  const texts: Buffer[] = [];
  const written = (): string => Buffer.concat(texts).toString();
  let at = 0;
  let fed = 0;
  try {
    const selection = new Selection({
      input: { ...DEFAULT_CSV_INPUT, ...tried.input },
      output: { ...DEFAULT_CSV_OUTPUT, ...tried.output },
      planFor: tried.plan ?? everything,
      ...(sieve && { sieve }),
    });
    // Each turn takes a byte or gives one, or there is no end to it.
    for (let turn = 0; turn < 4 * archive.length + 1000; turn += 1) {
      const { state, outputBytes } = selection.run(out);
      texts.push(Buffer.from(out.subarray(0, outputBytes)));
      if (state === 'done') return { text: written() };
      if (state === 'full') continue;
      const size = chunks.length === 0 ? archive.length : (chunks[fed % chunks.length] as number);
      if (at === archive.length) selection.end();
      else selection.give(archive.subarray(at, at + size));
      at = Math.min(at + size, archive.length);
      fed += 1;
    }
  } catch (error) {
    if (!(error instanceof SelectError)) throw error;
    const { code, at: place } = error;
    return { text: written(), fault: { code, record: place?.record, byteOffset: place?.byteOffset } };
  }
  throw new Error('The selection does not end');
}
