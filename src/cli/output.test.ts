import { expect, test } from 'vitest';
import { table } from './output.ts';

const columns = {
  NAME: (row: { name: string; value: string | null }) => row.name,
  VALUE: (row: { value: string | null }) => row.value,
};

test('columns are as wide as their widest cell, with nothing behind the last', () => {
  const rows = [
    { name: 'a', value: null },
    { name: 'longer', value: 'x' },
  ];
  expect(table(rows, columns, 'none')).toBe('NAME    VALUE\na       -\nlonger  x');
});

test('without a row a sentence stands there', () => {
  expect(table([], columns, 'nothing here')).toBe('nothing here');
});

test('control characters do not reach the terminal', () => {
  expect(table([{ name: 'a\x1b[2J', value: 'x\ny\x9b' }], columns, '')).toBe(
    'NAME      VALUE\na\\x1b[2J  x\\x0ay\\x9b',
  );
});
