import fc from 'fast-check';

/**
 * Queries that mean the same to Select, DuckDB and SQLite: comparisons, LIKE with ASCII, IN, BETWEEN, functions of text,
 * arithmetic of whole numbers that stays in range, and aggregates. Everything is in parentheses, since precedence differs.
 */
export interface Dialects {
  select: string;
  duckdb: string;
  sqlite: string;
}

/** Two columns of text and two of whole numbers. */
export interface Table {
  rows: [text: string, other: string, number: string, small: string][];
}

const NAMES: Dialects[] = [1, 2, 3, 4].map((column) => ({
  select: `_${column}`,
  duckdb: `c${column}`,
  sqlite: `c${column}`,
}));
const [TEXT, OTHER, NUMBER, SMALL] = NAMES as [Dialects, Dialects, Dialects, Dialects];

/** Letters in both cases, a blank, wildcards, what CSV must quote, and a character of three bytes without a case. */
const CHARACTERS = ['a', 'A', 'b', 'B', ' ', '%', '_', ',', '"', "'", '世', '1'];
const texts = fc.string({ unit: fc.constantFrom(...CHARACTERS), maxLength: 6 });

export const tables: fc.Arbitrary<Table> = fc.record({
  rows: fc.array(
    fc.tuple(
      texts,
      fc.constantFrom('', 'a', 'A', 'ab', 'aB1', ' a ', '世界', 'b,"a"'),
      fc.integer({ min: -1_000_000, max: 1_000_000 }).map(String),
      fc.integer({ min: 0, max: 5 }).map(String),
    ),
    { minLength: 1, maxLength: 25 },
  ),
});

/** The same text in every dialect but where a value says otherwise. */
function sql(strings: TemplateStringsArray, ...values: (string | Dialects)[]): Dialects {
  const of = (dialect: keyof Dialects): string =>
    String.raw({ raw: strings }, ...values.map((value) => (typeof value === 'string' ? value : value[dialect])));
  return { select: of('select'), duckdb: of('duckdb'), sqlite: of('sqlite') };
}

const textLiterals = texts.map((text) => sql`${`'${text.replaceAll("'", "''")}'`}`);
/** DuckDB's literals have 32 bits. */
const numberLiterals = fc
  .integer({ min: -1000, max: 1000 })
  .map((value) => ({ select: `(${value})`, duckdb: `CAST(${value} AS BIGINT)`, sqlite: `(${value})` }));
const castOf = (column: Dialects): Dialects => ({
  select: `CAST(${column.select} AS INT)`,
  duckdb: `CAST(${column.duckdb} AS BIGINT)`,
  sqlite: `CAST(${column.sqlite} AS INTEGER)`,
});
const comparisons = fc.constantFrom('=', '<>', '!=', '<', '<=', '>', '>=');
const not = fc.constantFrom('', 'NOT ');
const list = (items: Dialects[]): Dialects => items.reduce((all, item) => sql`${all}, ${item}`);

const { text, number, condition } = fc.letrec<{ text: Dialects; number: Dialects; condition: Dialects }>((tie) => ({
  text: fc.oneof(
    { maxDepth: 3, depthIdentifier: 'expression' },
    fc.constantFrom(TEXT, OTHER),
    textLiterals,
    tie('text').map((operand) => sql`LOWER(${operand})`),
    tie('text').map((operand) => sql`UPPER(${operand})`),
    tie('text').map((operand) => sql`TRIM(${operand})`),
    fc.tuple(tie('text'), tie('text')).map(([left, right]) => sql`(${left} || ${right})`),
    fc.tuple(tie('text'), tie('text')).map(([first, second]) => sql`COALESCE(${first}, ${second})`),
    fc
      .tuple(tie('text'), fc.nat({ max: 4 }), fc.nat({ max: 4 }))
      .map(([operand, start, length]) => sql`SUBSTRING(${operand}, ${String(start + 1)}, ${String(length)})`),
  ),
  number: fc.oneof(
    { maxDepth: 3, depthIdentifier: 'expression' },
    fc.constantFrom(castOf(NUMBER), castOf(SMALL)),
    numberLiterals,
    tie('text').map((operand) => sql`${{ select: 'CHAR_LENGTH', duckdb: 'LENGTH', sqlite: 'LENGTH' }}(${operand})`),
    fc
      .tuple(tie('number'), fc.constantFrom('+', '-'), tie('number'))
      .map(([left, operator, right]) => sql`(${left} ${operator} ${right})`),
    fc.tuple(tie('number'), castOrLiteral()).map(([left, right]) => sql`(${left} * ${right})`),
    fc
      .tuple(tie('number'), fc.integer({ min: 1, max: 9 }))
      .map(([left, by]) => sql`(${left} ${{ select: '/', duckdb: '//', sqlite: '/' }} ${String(by)})`),
    fc.tuple(tie('number'), fc.integer({ min: 1, max: 9 })).map(([left, by]) => sql`(${left} % ${String(by)})`),
  ),
  condition: fc.oneof(
    { maxDepth: 3, depthIdentifier: 'condition' },
    fc
      .tuple(tie('text'), comparisons, tie('text'))
      .map(([left, operator, right]) => sql`(${left} ${operator} ${right})`),
    fc
      .tuple(tie('number'), comparisons, tie('number'))
      .map(([left, operator, right]) => sql`(${left} ${operator} ${right})`),
    fc.tuple(tie('text'), not, textLiterals).map(([operand, no, pattern]) => sql`(${operand} ${no}LIKE ${pattern})`),
    fc
      .tuple(tie('text'), not, fc.array(tie('text'), { minLength: 1, maxLength: 4 }))
      .map(([operand, no, items]) => sql`(${operand} ${no}IN (${list(items)}))`),
    fc
      .tuple(tie('number'), not, fc.array(tie('number'), { minLength: 1, maxLength: 4 }))
      .map(([operand, no, items]) => sql`(${operand} ${no}IN (${list(items)}))`),
    fc
      .tuple(tie('text'), not, tie('text'), tie('text'))
      .map(([operand, no, low, high]) => sql`(${operand} ${no}BETWEEN ${low} AND ${high})`),
    fc
      .tuple(tie('number'), not, tie('number'), tie('number'))
      .map(([operand, no, low, high]) => sql`(${operand} ${no}BETWEEN ${low} AND ${high})`),
    tie('condition').map((operand) => sql`(NOT ${operand})`),
    fc
      .tuple(tie('condition'), fc.constantFrom('AND', 'OR'), tie('condition'))
      .map(([left, operator, right]) => sql`(${left} ${operator} ${right})`),
  ),
}));

function castOrLiteral(): fc.Arbitrary<Dialects> {
  return fc.oneof(fc.constant(castOf(SMALL)), numberLiterals);
}

const columns = fc.array(fc.oneof(text, number), { minLength: 1, maxLength: 4 }).map(list);
const aggregates = fc
  .array(
    fc.oneof(
      fc.constant(sql`COUNT(*)`),
      fc
        .tuple(fc.constantFrom('SUM', 'MIN', 'MAX', 'COUNT'), number)
        .map(([name, operand]) => sql`${name}(${operand})`),
    ),
    { minLength: 1, maxLength: 3 },
  )
  .map(list);

export const queries: fc.Arbitrary<Dialects> = fc
  .tuple(fc.oneof({ weight: 3, arbitrary: columns }, { weight: 1, arbitrary: aggregates }), fc.option(condition))
  .map(([items, where]) =>
    where === null ? sql`SELECT ${items} FROM archive` : sql`SELECT ${items} FROM archive WHERE ${where}`,
  );
