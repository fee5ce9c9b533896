import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { selectOnTexts } from './support/select-on-texts.ts';

/** What docs/select.md says of the language, held against the language. */
const ROOT = join(import.meta.dirname, '..');
const page = readFileSync(join(ROOT, 'docs/select.md'), 'utf8');

/** The rows of the tables of a section, without the mark-up of code; a bar within a cell is escaped. */
function rowsOf(heading: string): string[][] {
  const section = page.split(`\n${heading}\n`)[1]?.split('\n#')[0] ?? '';
  const rows = section.split('\n').filter((line) => line.startsWith('| '));
  return rows.map((row) =>
    row
      .split(/(?<!\\)\|/)
      .map(codeOf)
      .slice(1, -1),
  );
}

const codeOf = (cell: string): string =>
  cell
    .replaceAll('\\|', '|')
    .trim()
    .replace(/^(`+)(.*)\1$/, '$2');

const EXAMPLES = rowsOf('### Functions').filter(
  ([, example = '', result = '']) => example !== 'Example' && result !== '',
);

test('there are examples', () => {
  expect(EXAMPLES.length).toBeGreaterThan(10);
});

test.each(EXAMPLES.map(([, example = '', result = '']) => [example, result]))('%s is %s', (example, result) => {
  const expected = result === 'the year' ? '2026' : result;
  expect(selectOnTexts(`SELECT ${example} FROM archive`, [[]])).toEqual([expected]);
});

describe('patterns of TO_STRING', () => {
  const AT = '`1969-07-20T20:18:04.5+08:00`';
  const fields = rowsOf('### Timestamps').filter(([, shown = '']) => shown !== 'Result');
  test.each(fields.map(([symbols = '', shown = '']) => [symbols, shown]))('%s: %s', (symbols, shown) => {
    const list = symbols.split(' ').map((symbol) => `TO_STRING(${AT}, '${symbol.replaceAll('`', '')}')`);
    expect(selectOnTexts(`SELECT ${list.join()} FROM archive`, [[]])).toEqual([shown.replaceAll(', ', ',')]);
  });
});

test('every error of the language has a row', () => {
  const told = rowsOf('## Errors').flatMap(([names = '']) => names.replaceAll('`', '').split(', '));
  const isTold = (code: string): boolean =>
    told.some((name) => (name.endsWith('...') ? code.startsWith(name.slice(0, -3)) : code === name));
  const sources = globSync('src/select/**/*.ts', { cwd: ROOT }).filter((path) => !path.endsWith('.test.ts'));
  const calls = sources.flatMap((path) => [
    ...readFileSync(join(ROOT, path), 'utf8').matchAll(/(?:SelectError|errorAt|fault|wrong)\(\s*'([A-Z]\w+)'/g),
  ]);
  const codes = new Set(calls.map(([, code = '']) => code));
  expect(codes.size).toBeGreaterThan(20);
  expect([...codes].filter((code) => !isTold(code))).toEqual([]);
});
