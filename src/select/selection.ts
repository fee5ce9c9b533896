import type { CsvInput, CsvOutput, SelectQuery } from '../model/select.ts';
import { compilePlan } from './compile/compile.ts';
import type { Columns, Plan } from './compile/plan.ts';
import type { Row } from './compile/row.ts';
import { dialectOf, markingCharacters } from './csv/dialect.ts';
import { Scanner } from './csv/scanner.ts';
import type { Sieve } from './csv/sieve.ts';
import { giveSieve, takeSieve } from './csv/spare-sieve.ts';
import { CsvWriter, type WrittenColumn } from './csv/writer.ts';
import { SelectError } from './select-error.ts';
import { parseStatement } from './sql/parse.ts';
import { printValue } from './values/print.ts';

/** What a selection needs: more input, more room for output, nothing. */
export type SelectionState = 'hungry' | 'full' | 'done';

/** How far a selection has come, and what it has written for that. */
export interface SelectionRun {
  state: SelectionState;
  outputBytes: number;
  /** So many of them come before the last end of a record; 0 if none has ended in them. */
  endedBytes: number;
}

export interface SelectionOptions {
  input: CsvInput;
  output: CsvOutput;
  /** Called once, when it is known what columns there are. Throws SelectError. */
  planFor: (against: { row: Row; columns: Columns }) => Plan;
  /** The quickest that there is unless it is said, handed on when the selection is done or has failed. */
  sieve?: Sieve;
}

/**
 * A query on its way through an archive, from the first byte to the last or as far as it needs. It is all computing: bytes
 * go in and come out when the caller brings and takes them.
 */
export class Selection {
  readonly #options: SelectionOptions;
  readonly #scanner: Scanner;
  readonly #writer: CsvWriter;
  #plan: Plan | undefined;
  #columns: readonly WrittenColumn[] = [];
  /** Whether the first record is still to come and is no part of what is selected from. */
  #headerAhead: boolean;
  #left = Number.POSITIVE_INFINITY;
  #over = false;
  #recordsWritten = 0;
  #handOn: Sieve | undefined;
  #failure: { error: unknown } | undefined;

  /** Throws SelectError for what can be known of the query without the archive; with names in the header, that is its syntax. */
  static of(
    { expression, input, output }: SelectQuery,
    { strict, nowMs }: { strict: boolean; nowMs: number },
  ): Selection {
    const statement = parseStatement(expression, { strict });
    return new Selection({ input, output, planFor: (against) => compilePlan(statement, { ...against, nowMs }) });
  }

  constructor(options: SelectionOptions) {
    const { input, output } = options;
    this.#options = options;
    const sieve = options.sieve ?? takeSieve();
    sieve.seek(markingCharacters(input, output));
    if (options.sieve === undefined) this.#handOn = sieve;
    this.#scanner = new Scanner(dialectOf(input), sieve);
    this.#writer = new CsvWriter(this.#scanner.row, { input, output });
    this.#headerAhead = input.fileHeaderInfo !== 'NONE';
    if (input.fileHeaderInfo !== 'USE') this.#compile({ kind: 'positions' });
  }

  /** The next bytes of the archive; they must stay as they are until the selection is hungry again. */
  give(chunk: Uint8Array): void {
    this.#scanner.give(chunk);
  }

  /** There are no more bytes. */
  end(): void {
    this.#scanner.finish();
  }

  /** Goes on until something is needed; fills `out` from its start. Throws SelectError, after which there is no going on. */
  run(out: Uint8Array): SelectionRun {
    if (this.#failure !== undefined) throw this.#failure.error;
    try {
      this.#writer.begin(out);
      const state = this.#run();
      const { written, ended } = this.#writer.end();
      if (state === 'done') this.#leave();
      return { state, outputBytes: written, endedBytes: ended };
    } catch (error) {
      this.#failure = { error };
      this.#leave();
      throw error;
    }
  }

  /** The header counts as a record read, as comments do. */
  get progress(): { recordsRead: number; bytesRead: number; recordsWritten: number } {
    const { recordsRead, bytesRead } = this.#scanner;
    return { recordsRead, bytesRead, recordsWritten: this.#recordsWritten };
  }

  #run(): SelectionState {
    for (;;) {
      if (this.#writer.full) return 'full';
      if (this.#over) return 'done';
      if (this.#scanner.next()) this.#take();
      else {
        this.#writer.flush();
        const more = this.#scanner.more();
        if (more === 'hungry') return 'hungry';
        if (more === 'end') this.#finish();
      }
    }
  }

  #take(): void {
    try {
      if (this.#headerAhead) this.#header();
      else this.#select(this.#plan as Plan);
    } catch (error) {
      if (!(error instanceof SelectError) || error.at !== undefined) throw error;
      throw new SelectError(error.code, error.message, { cause: error, at: this.#scanner.place });
    }
  }

  #header(): void {
    this.#headerAhead = false;
    if (this.#plan !== undefined) return;
    const { row } = this.#scanner;
    const names = Array.from({ length: row.fieldCount }, (_, field) => row.text(field) as string);
    this.#compile({ kind: 'names', names });
  }

  #compile(columns: Columns): Plan {
    const plan = this.#options.planFor({ row: this.#scanner.row, columns });
    this.#plan = plan;
    const { output } = plan;
    if (output.kind === 'columns') {
      this.#columns = output.columns.map((column) =>
        'field' in column ? column : { text: () => printValue(column.value()) },
      );
    }
    this.#scanner.lookAt(output.kind === 'record' ? Number.POSITIVE_INFINITY : plan.columnsRead);
    if (plan.limit !== null) this.#left = Number(plan.limit);
    this.#over = this.#left === 0;
    return plan;
  }

  #select({ keeps, output }: Plan): void {
    if (keeps !== null && !keeps()) return;
    if (output.kind === 'aggregate') {
      output.add();
      return;
    }
    if (output.kind === 'record') this.#writer.record();
    else this.#writer.columns(this.#columns);
    this.#written();
  }

  /** An archive without a header has no rows, and so nobody asks what its columns are. */
  #finish(): void {
    const { output } = this.#plan ?? this.#compile({ kind: 'names-to-come' });
    if (output.kind === 'aggregate' && !this.#over) {
      const texts = output.values().map(printValue);
      this.#writer.columns(texts.map((text) => ({ text: () => text })));
      this.#written();
    }
    this.#over = true;
  }

  /** Nothing is looked at any more. */
  #leave(): void {
    if (this.#handOn !== undefined) giveSieve(this.#handOn);
    this.#handOn = undefined;
  }

  #written(): void {
    this.#recordsWritten += 1;
    this.#left -= 1;
    this.#over = this.#left === 0;
  }
}
