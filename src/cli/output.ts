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
