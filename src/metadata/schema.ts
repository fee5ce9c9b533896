import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { Metadata } from './metadata.ts';

/**
 * The schema that the migrations lead to, as SQL for people: it is kept in schema.sqlite.sql, so that a change of the
 * schema shows in a review as what it is. Nothing reads that file but the test that holds it to this.
 */
export async function sqliteSchema(): Promise<string> {
  const directory = mkdtempSync(join(tmpdir(), 'moraine-schema-'));
  try {
    const path = join(directory, 'metadata.sqlite');
    await (await Metadata.openSqlite({ path, onFatal: fail }))[Symbol.asyncDispose]();
    using database = new DatabaseSync(path, { readOnly: true });
    const rows = database.prepare(DEFINITIONS).all();
    return rows.map(({ sql }) => `${inLines(String(sql))};\n`).join('\n');
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** The tables that Kysely and SQLite keep for themselves are not ours to describe. */
const DEFINITIONS = `
  select sql from sqlite_schema
  where sql is not null and name not like 'sqlite_%' and name not like 'kysely_%'
  order by tbl_name, type desc, name`;

/** A column, or constraint, to a line: breaks at the commas and brackets that are not inside other brackets. */
function inLines(sql: string): string {
  if (!/^create table/i.test(sql)) return sql;
  let depth = 0;
  let text = '';
  for (const character of sql) {
    if (character === ')') depth -= 1;
    if (character === ')' && depth === 0) text += '\n';
    text += character;
    if (character === '(') depth += 1;
    const opens = character === '(' && depth === 1;
    if (opens || (character === ',' && depth === 1)) text += '\n ';
    if (opens) text += ' ';
  }
  return text;
}

function fail(error: unknown): never {
  throw error;
}
