import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { select } from '../../../test/support/selections.ts';
import type { Plan } from '../compile/plan.ts';
import type { Row } from '../compile/row.ts';

/** Asks the row something about each record. */
function ask<Answer>(archive: string, question: (row: Row) => Answer): Answer[] {
  const answers: Answer[] = [];
  const plan = ({ row }: { row: Row }): Plan => ({
    columnsRead: 3,
    keeps: () => answers.push(question(row)) < 0,
    output: { kind: 'record' },
    limit: null,
  });
  select({ archive, plan });
  return answers;
}

const field = (text: string): string => `"${text.replaceAll('"', '""')}"`;
const texts = fc.string({ unit: fc.constantFrom('a', 'b', '"', ',', 'é', '👩🏽'), maxLength: 6 });

test('the text of a field is that without quotes, again and again', () => {
  const archive = 'a,"b ""c""",""\n"""",é\n';
  const twice = (row: Row): unknown[] => [row.fieldCount, ...[1, 0, 1, 2].map((at) => row.text(at))];
  expect(ask(archive, twice)).toEqual([
    [3, 'b "c"', 'a', 'b "c"', ''],
    [2, 'é', '"', 'é', undefined],
  ]);
});

describe('bytes of a field', () => {
  test('are compared as texts are', () => {
    fc.assert(
      fc.property(texts, texts, (text, other) => {
        const bytes = Buffer.from(other);
        const answer = ask(`x,${field(text)}\n`, (row) => [
          Math.sign(row.compare(1, bytes)),
          row.equals(1, bytes),
          row.startsWith(1, bytes),
          row.endsWith(1, bytes),
          row.includes(1, bytes),
        ]);
        const order = Buffer.compare(Buffer.from(text), bytes);
        const expected = [order, text === other, text.startsWith(other), text.endsWith(other), text.includes(other)];
        expect(answer).toEqual([expected]);
      }),
      { numRuns: 200 },
    );
  });

  test('are found in long fields as well', () => {
    const needle = Buffer.from('needle');
    const found = (text: string): boolean[] => ask(`${text}\n`, (row) => row.includes(0, needle));
    expect(found(`${'need '.repeat(100)}needle`)).toEqual([true]);
    expect(found('need '.repeat(100))).toEqual([false]);
    expect(found(`${'need '.repeat(50)},needle`)).toEqual([false]);
  });

  test('of a missing field are not there', () => {
    const nothing = new Uint8Array();
    const answer = ask('a\n', (row) => [
      row.equals(1, nothing),
      row.startsWith(1, nothing),
      row.endsWith(1, nothing),
      row.includes(1, nothing),
      row.scaled(1, 0),
    ]);
    expect(answer).toEqual([[false, false, false, false, Number.NaN]]);
  });
});

test.each([
  ['0', 0, 0],
  ['-0', 0, 0],
  ['12', 0, 12],
  ['-12', 2, -1200],
  ['007', 1, 70],
  ['1.5', 1, 15],
  ['1.50', 2, 150],
  ['"1.5"', 3, 1500],
  ['-0.25', 2, -25],
  ['999999999999999', 0, 999_999_999_999_999],
  ['1.5', 0, Number.NaN],
  ['1000000000000000', 0, Number.NaN],
  ['10000000000000', 2, Number.NaN],
  ['99999999999999999999', 0, Number.NaN],
  ['', 0, Number.NaN],
  ['-', 0, Number.NaN],
  ['.5', 1, Number.NaN],
  ['5.', 1, Number.NaN],
  ['1.2.3', 3, Number.NaN],
  ['+1', 0, Number.NaN],
  ['1e3', 0, Number.NaN],
  [' 1', 0, Number.NaN],
  ['1-', 0, Number.NaN],
])('%s times ten to the power of %d', (text, decimals, expected) => {
  expect(ask(`${text},\n`, (row) => row.scaled(0, decimals))).toEqual([expected]);
});
