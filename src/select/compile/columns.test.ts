import { describe, expect, test } from 'vitest';
import { codeOf, planOn, selectOnTexts } from '../../../test/support/select-on-texts.ts';
import { TextRow } from '../../../test/support/text-row.ts';
import type { Columns } from './plan.ts';

const POSITIONS: Columns = { kind: 'positions' };
const TO_COME: Columns = { kind: 'names-to-come' };
const named = (...names: string[]): Columns => ({ kind: 'names', names });

const outcome = (list: string, columns: Columns): string => {
  const work = (): string | undefined => selectOnTexts(`SELECT ${list} FROM archive a`, [['x', 'y', 'z']], columns)[0];
  const code = codeOf(work);
  return code === 'nothing was thrown' ? (work() ?? '') : code;
};

describe('positions', () => {
  test.each([
    ['_1', 'x'],
    ['a._3, a._2', 'z,y'],
    ['"_2"', 'y'],
    ['_4', ''],
    ['_1048576', ''],
    ['_1048577', 'InvalidColumnIndex'],
    ['_0', 'InvalidColumnIndex'],
    ['_01', 'InvalidColumnIndex'],
    ['_', 'InvalidColumnIndex'],
    ['name', 'InvalidColumnIndex'],
    ['"true"', 'InvalidColumnIndex'],
    ['_99999999999999999999', 'InvalidColumnIndex'],
  ])('%s: %s', (list, expected) => {
    expect(outcome(list, POSITIONS)).toBe(expected);
  });
});

describe('names', () => {
  test.each([
    ['id', named('id', 'Name'), 'x'],
    ['ID, name', named('id', 'Name'), 'x,y'],
    ['"Name"', named('id', 'Name'), 'y'],
    ['"name"', named('id', 'Name'), 'MissingHeaders'],
    ['city', named('id', 'Name'), 'MissingHeaders'],
    ['name', named('name', 'NAME'), 'AmbiguousFieldName'],
    ['"NAME"', named('name', 'NAME'), 'y'],
    ['"name"', named('name', 'id', 'name'), 'AmbiguousFieldName'],
    ['id', named('name', 'id', 'name'), 'y'],
    ['"__proto__", constructor', named('constructor', '__proto__'), 'y,x'],
    ['"toString"', named('id'), 'MissingHeaders'],
    ['"größe"', named('GRÖSSE', 'größe'), 'y'],
    ['_2', named('id', 'Name'), 'y'],
    ['_1', named('id', '_1'), 'y'],
    ['"_1"', named('id', '_1'), 'y'],
    ['id, "_1"', named('id', '_1'), 'x,y'],
    ['_2, "_1"', named('id', 'Name'), 'y,x'],
    ['id, _2', named('id', 'Name'), 'InvalidColumnIndex'],
    ['id, "_2"', named('id', 'Name'), 'InvalidColumnIndex'],
    ['_1, id', named('id', '_1'), 'InvalidColumnIndex'],
  ])('%s with %j: %s', (list, columns, expected) => {
    expect(outcome(list, columns)).toBe(expected);
  });

  test.each([
    ['city', "The header has no column called 'city' at line 1, column 8"],
    [
      '"Oslo"',
      "The header has no column called 'Oslo'; double quotes hold the exact name of a column, single ones a text " +
        'at line 1, column 8',
    ],
  ])('an unknown one is told of: %s', (list, message) => {
    expect(() => planOn(new TextRow(), `SELECT ${list} FROM archive`, named('id'))).toThrow(message);
  });

  test('all columns of a large header are found', () => {
    const names = Array.from({ length: 20_000 }, (_, column) => `c${column}`);
    expect(planOn(new TextRow(), 'SELECT c19999 FROM archive', { kind: 'names', names }).columnsRead).toBe(20_000);
  });
});

test.each([
  ['id, "any"', 'nothing was thrown'],
  ['_1, _2', 'nothing was thrown'],
  ['id, "_1"', 'nothing was thrown'],
  ['id, _1', 'InvalidColumnIndex'],
])('before the names are known, of %s: %s', (list, expected) => {
  expect(codeOf(() => planOn(new TextRow(), `SELECT ${list} FROM archive`, TO_COME))).toBe(expected);
});
