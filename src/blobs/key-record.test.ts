import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { KeyRecord } from './key-record.ts';

let directory = '';
let directories: [string, string];
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'moraine-record-'));
  directories = [join(directory, 'blobs'), join(directory, 'mirror')];
  for (const made of directories) mkdirSync(made);
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const [A, B] = ['aaaaaaaaaaaaaaaa', 'bbbbbbbbbbbbbbbb'] as const;
const textIn = (place: string): string => readFileSync(join(place, 'master-keys.json'), 'utf8');

test('ids are on record in every directory, the newest first, and are found again', () => {
  const record = KeyRecord.open(directories);
  expect(record.keyIds).toEqual([]);
  record.add(A);
  record.add(B);
  record.add(A);
  expect(record.keyIds).toEqual([B, A]);
  for (const place of directories) expect(textIn(place)).toBe(`{"format":1,"wrappedBy":["${B}","${A}"]}\n`);
  KeyRecord.open(directories).keep([B]);
  expect(KeyRecord.open(directories).keyIds).toEqual([B]);
});

test('what one of the directories names counts, and comes to the other with the next key', () => {
  KeyRecord.open([directories[1]]).add(A);
  const record = KeyRecord.open(directories);
  expect(record.keyIds).toEqual([A]);
  record.add(A);
  expect(textIn(directories[0])).toBe(textIn(directories[1]));
});

test('a record is found where the other directory is away', () => {
  KeyRecord.open(directories).add(A);
  rmSync(directories[0], { recursive: true });
  expect(KeyRecord.open(directories).keyIds).toEqual([A]);
});

test('a mirror that is not begun yet gets the record with the next key that is noted', () => {
  rmSync(directories[1], { recursive: true });
  const record = KeyRecord.open(directories);
  record.add(A);
  expect(textIn(directories[0])).toContain(A);
  mkdirSync(directories[1]);
  record.add(A);
  expect(textIn(directories[1])).toBe(textIn(directories[0]));
});

test.each(['', '{}', '{"format":2,"wrappedBy":[]}', '{"format":1,"wrappedBy":["../x"]}', '{"format":1}', 'null'])(
  'a record that cannot be understood is an error: %j',
  (text) => {
    writeFileSync(join(directories[0], 'master-keys.json'), text);
    expect(() => KeyRecord.open(directories)).toThrow(/^the record of encryption keys .* cannot be understood: /);
  },
);
