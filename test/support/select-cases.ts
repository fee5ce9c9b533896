import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import {
  type CsvInput,
  type CsvOutput,
  DEFAULT_CSV_INPUT,
  DEFAULT_CSV_OUTPUT,
  type SelectQuery,
} from '../../src/model/select.ts';

/**
 * What a query must answer, as test/fixtures/select/README.md says it is written down: a file for each theme, in each file
 * rules, and for each rule one query or a table of them.
 */
export interface SelectCase {
  title: string;
  query: SelectQuery;
  strict: boolean;
  archive: Buffer;
  expected: Expectation;
}

export type Expectation =
  | { result: Buffer }
  /** A code of S3 Select's, or the beginning of one and `*`; noticed when the query is sent, or when it runs. */
  | { error: string; when: 'submit' | 'run' };

const FOLDER = join(import.meta.dirname, '..', 'fixtures', 'select');

/** Every scalar is text: the schema says nothing of numbers, `null` or `true`. */
interface Group {
  rule: string;
  sql?: Text;
  csv?: Text;
  input?: Members;
  output?: Members;
  strict?: string;
  result?: Text;
  error?: string;
  when?: 'submit' | 'run';
  expressions?: Record<string, string>;
  refused?: Record<string, string>;
  fails?: Record<string, string>;
  conditions?: Record<string, string>;
}

/** Text; bytes in hexadecimal; something again and again; or any of these one after the other. */
type Text = string | { hex: string } | { repeat: Text; times: string } | Text[];
type Members = Record<string, string>;

/** All cases of a theme, in the order in which they are written. */
export function selectCases(theme: string): SelectCase[] {
  const file = parse(readFileSync(join(FOLDER, `${theme}.yaml`), 'utf8'), { schema: 'failsafe' }) as {
    csv?: Text;
    input?: Members;
    cases: Group[];
  };
  return file.cases.flatMap((group) =>
    casesOf({ csv: file.csv ?? 'x\n', ...group, input: { ...file.input, ...group.input } }),
  );
}

export const selectThemes = (): string[] =>
  readdirSync(FOLDER)
    .filter((name) => name.endsWith('.yaml'))
    .map((name) => name.replace(/\.yaml$/, ''));

function casesOf(group: Group): SelectCase[] {
  const { rule } = group;
  const each = (table: Record<string, string> | undefined, one: (key: string, value: string) => Group): SelectCase[] =>
    Object.entries(table ?? {}).map(([key, value]) => caseOf(`${rule}: ${key} is ${value}`, one(key, value)));
  const of = (expression: string) => ({ ...group, sql: `SELECT ${expression} FROM archive` });
  const tables = [
    ...each(group.expressions, (key, value) => ({
      ...of(key),
      result: [value, group.output?.recordDelimiter ?? '\n'],
    })),
    ...each(group.refused, (key, error) => ({ ...of(key), error, when: 'submit' })),
    ...each(group.fails, (key, error) => ({ ...of(key), error, when: 'run' })),
    ...each(group.conditions, (condition, kept) => ({
      ...group,
      sql: `SELECT _1 FROM archive WHERE ${condition}`,
      result: kept === '' ? '' : `${kept.replaceAll(' ', '\n')}\n`,
    })),
  ];
  if (group.sql === undefined && tables.length === 0) throw new Error(`the rule has no case: ${rule}`);
  return group.sql === undefined ? tables : [...tables, caseOf(rule, group)];
}

function caseOf(title: string, group: Group): SelectCase {
  const { sql = '', csv = '', result, error, when } = group;
  if ((result === undefined) === (error === undefined)) throw new Error(`a result or an error is needed: ${title}`);
  if ((error === undefined) !== (when === undefined)) throw new Error(`an error comes at submit or at run: ${title}`);
  return {
    title,
    query: { expression: bytesOf(sql).toString(), input: inputOf(group.input), output: outputOf(group.output) },
    strict: group.strict === 'true',
    archive: bytesOf(csv),
    expected: error !== undefined && when !== undefined ? { error, when } : { result: bytesOf(result ?? '') },
  };
}

function bytesOf(text: Text): Buffer {
  if (typeof text === 'string') return Buffer.from(text);
  if (Array.isArray(text)) return Buffer.concat(text.map(bytesOf));
  if ('hex' in text) return Buffer.from(text.hex.replaceAll(' ', ''), 'hex');
  const repeated = bytesOf(text.repeat);
  return Buffer.alloc(repeated.length * Number(text.times), repeated);
}

const inputOf = (members: Members = {}): CsvInput => ({ ...DEFAULT_CSV_INPUT, ...known(members, DEFAULT_CSV_INPUT) });

const outputOf = (members: Members = {}): CsvOutput => ({
  ...DEFAULT_CSV_OUTPUT,
  ...known(members, DEFAULT_CSV_OUTPUT),
});

/** An empty text stands for null. */
function known(members: Members, defaults: object): Record<string, string | null> {
  const stray = Object.keys(members).find((name) => !Object.hasOwn(defaults, name));
  if (stray !== undefined) throw new Error(`there is no option ${stray}`);
  return Object.fromEntries(Object.entries(members).map(([name, value]) => [name, value === '' ? null : value]));
}
