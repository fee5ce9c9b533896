import { CommandError } from './command-error.ts';
import { exitCodes } from './exit-codes.ts';

/**
 * What commands print: text for people, or with --json what scripts read. Names that somebody chose are shown without
 * control characters, which terminals would obey.
 */
const CONTROL = /\p{Cc}/gu;
const GAP = '  ';

/** One text and a newline on stdout. A reader that has seen enough, like `head`, ends the program quietly. */
export function print(text: string): void {
  process.stdout.once('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(0);
    throw error;
  });
  process.stdout.write(`${text}\n`);
}

/**
 * One text and a newline on stdout, of which nothing may be lost: resolves when it is written. CommandError, with `lost` in
 * it, when it cannot be.
 */
export function printSurely(text: string, lost: string): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  // Without somebody who hears of it, the error would end the program with a stack.
  process.stdout.once('error', () => undefined);
  process.stdout.write(`${text}\n`, (error) => {
    if (error == null) return resolve();
    const code = (error as NodeJS.ErrnoException).code ?? error.message;
    reject(new CommandError(`stdout cannot be written (${code}): ${lost}`, { exitCode: exitCodes.unexpected }));
  });
  return promise;
}

export const json = (value: unknown): string => JSON.stringify(value, undefined, 2);

/** A text as it can stand in a line. */
export const plain = (text: string): string =>
  text.replaceAll(CONTROL, (character) => `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`);

/** Rows below their titles, or `none` where there is no row. A null or absent value is shown as a dash. */
export function table<Row>(
  rows: readonly Row[],
  columns: Record<string, (row: Row) => string | null | undefined>,
  none: string,
): string {
  if (rows.length === 0) return none;
  const cells = [
    Object.keys(columns),
    ...rows.map((row) => Object.values(columns).map((cell) => plain(cell(row) || '-'))),
  ];
  const widths = Object.keys(columns).map((_, index) => Math.max(...cells.map((line) => line[index]?.length ?? 0)));
  return cells
    .map((line) => line.map((cell, index) => cell.padEnd(widths[index] ?? 0)).join(GAP))
    .map((line) => line.trimEnd())
    .join('\n');
}
