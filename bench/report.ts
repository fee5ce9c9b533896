/** One measured figure. Without `against` it is itself what others are held against. */
export interface Figure {
  bench: string;
  case: string;
  value: number;
  unit: string;
  /** `value` divided by the value of the figure named in `against`, from the same run. */
  ratio: number | null;
  against: string | null;
}

const CASE_WIDTH_MIN = 44;

/** Prints figures as they come: a table for people, or JSON lines. */
export class Report {
  readonly #json: boolean;
  #bench = '';

  constructor({ json }: { json: boolean }) {
    this.#json = json;
  }

  print(bench: string, figures: readonly Row[]): void {
    const width = Math.max(CASE_WIDTH_MIN, ...figures.map((row) => row.case.length));
    for (const row of figures) {
      if (this.#json) process.stdout.write(`${JSON.stringify(toFigure(bench, row))}\n`);
      else this.#printLine(toFigure(bench, row), { reference: row.against?.value, width });
    }
  }

  #printLine(figure: Figure, { reference, width }: { reference: number | undefined; width: number }): void {
    const { bench } = figure;
    if (bench !== this.#bench) process.stdout.write(`\n${bench}\n`);
    this.#bench = bench;
    const { value, unit, ratio, against } = figure;
    const held = ratio === null ? '' : `  ${rounded(ratio).padStart(6)} x ${against} (${rounded(reference ?? 0)})`;
    process.stdout.write(
      `  ${figure.case.padEnd(width)} ${rounded(value).padStart(8)} ${ratio === null ? unit : unit.padEnd(11)}${held}\n`,
    );
  }
}

/** A figure whose ratio is still to be computed. */
export interface Row {
  case: string;
  value: number;
  unit: string;
  against?: { case: string; value: number } | undefined;
}

function toFigure(bench: string, { against, ...row }: Row): Figure {
  const value = Number(rounded(row.value));
  const ratio = against === undefined ? null : Number(rounded(row.value / against.value));
  return { bench, case: row.case, value, unit: row.unit, ratio, against: against?.case ?? null };
}

/** Three digits that count: more would pretend to know. */
function rounded(value: number): string {
  return Math.abs(value) >= 100 ? value.toFixed(0) : String(Number(value.toPrecision(3)));
}
