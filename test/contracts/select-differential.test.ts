import { rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { DuckDBInstance } from '@duckdb/node-api';
import fc from 'fast-check';
import { afterAll, expect, test } from 'vitest';
import { DEFAULT_CSV_INPUT, DEFAULT_CSV_OUTPUT } from '../../src/model/select.ts';
import { queries, type Table, tables } from '../support/select-queries.ts';
import { selected } from '../support/select-run.ts';

/** Random queries on random CSV, answered by Select, by DuckDB and by SQLite, wherever the three mean the same. */
const RUNS = 50;
const QUERIES_PER_TABLE = 6;
/** No text has a tab or a line break, so that nothing needs to be quoted to be told apart. */
const OUTPUT = { ...DEFAULT_CSV_OUTPUT, fieldDelimiter: '\t', quoteCharacter: null };

const path = join(tmpdir(), `moraine-differential-${process.pid}.csv`);
const duckdb = await (await DuckDBInstance.create(':memory:', { threads: '1' })).connect();
afterAll(() => rmSync(path, { force: true }));

test('Select, DuckDB and SQLite agree', { timeout: 60_000 }, async () => {
  const several = fc.array(queries, { minLength: QUERIES_PER_TABLE, maxLength: QUERIES_PER_TABLE });
  await fc.assert(
    fc.asyncProperty(tables, several, async (table, asked) => {
      const archive = csvOf(table);
      await fillDuckDb(archive);
      using sqlite = sqliteOf(table);
      for (const query of asked) {
        const ours = selectedRows(query.select, archive);
        expect(ours, query.sqlite).toEqual(sqliteRows(sqlite, query.sqlite));
        expect(ours, query.duckdb).toEqual(await duckDbRows(query.duckdb));
      }
    }),
    { numRuns: RUNS },
  );
});

function csvOf({ rows }: Table): string {
  const field = (text: string): string => (/[,"]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
  return rows.map((row) => `${row.map(field).join(',')}\n`).join('');
}

function selectedRows(expression: string, archive: string): string[][] {
  const query = { expression, input: DEFAULT_CSV_INPUT, output: OUTPUT };
  const results = selected({ query, strict: false, nowMs: 0 }, Buffer.from(archive)).toString();
  return results
    .split('\n')
    .slice(0, -1)
    .map((line) => line.split('\t'));
}

/** An empty field is a text to Select; DuckDB must be told. */
async function fillDuckDb(archive: string): Promise<void> {
  writeFileSync(path, archive);
  const columns = `{'c1': 'VARCHAR', 'c2': 'VARCHAR', 'c3': 'VARCHAR', 'c4': 'VARCHAR'}`;
  const options = `columns = ${columns}, force_not_null = ['c1', 'c2'], header = false, auto_detect = false`;
  const reading = `read_csv('${path}', ${options}, delim = ',', quote = '"', escape = '"')`;
  await duckdb.run(`CREATE OR REPLACE TABLE archive AS SELECT * FROM ${reading}`);
}

async function duckDbRows(sql: string): Promise<string[][]> {
  const rows = await (await duckdb.runAndReadAll(sql)).getRows();
  return rows.map((row) => row.map(textOf));
}

function sqliteOf({ rows }: Table): DatabaseSync {
  const database = new DatabaseSync(':memory:');
  database.exec('PRAGMA case_sensitive_like = ON; CREATE TABLE archive (c1 TEXT, c2 TEXT, c3 TEXT, c4 TEXT)');
  const insert = database.prepare('INSERT INTO archive VALUES (?, ?, ?, ?)');
  for (const row of rows) insert.run(...row);
  return database;
}

function sqliteRows(database: DatabaseSync, sql: string): string[][] {
  const statement = database.prepare(sql);
  statement.setReturnArrays(true);
  return (statement.all() as unknown as unknown[][]).map((row) => row.map(textOf));
}

const textOf = (value: unknown): string => (value === null ? '' : String(value));
