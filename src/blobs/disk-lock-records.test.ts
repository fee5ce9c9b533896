import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { limits } from '../model/limits.ts';
import { DiskLockRecords } from './disk-lock-records.ts';

let parent = '';
let root = '';
beforeEach(() => {
  parent = mkdtempSync(join(tmpdir(), 'moraine-locks-'));
  root = join(parent, 'locks');
});
afterEach(() => rmSync(parent, { recursive: true, force: true }));

test('records are kept in order, private, and read again by the next run', async () => {
  const store = await DiskLockRecords.open(root);
  expect(await store.numbers()).toEqual([]);
  for (const number of [1, 2, 10]) await store.add(number, `text ${number}`);
  const again = await DiskLockRecords.open(root);
  expect(await again.numbers()).toEqual([1, 2, 10]);
  expect(await again.read(10)).toBe('text 10');
  expect(await again.read(3)).toBeUndefined();
  expect(readdirSync(root).sort()).toEqual(['0000000001.json', '0000000002.json', '0000000010.json']);
  expect(statSync(join(root, '0000000001.json')).mode & 0o777).toBe(0o600);
  expect(statSync(root).mode & 0o777).toBe(0o700);
});

test('a number that is taken is refused, and its record stays', async () => {
  const store = await DiskLockRecords.open(root);
  await store.add(1, 'first');
  await expect(store.add(1, 'second')).rejects.toThrow('EEXIST');
  expect(await store.read(1)).toBe('first');
  expect(readdirSync(root)).toEqual(['0000000001.json']);
});

test('what a crash has left is swept away, and what is not a record is not one', async () => {
  const store = await DiskLockRecords.open(root);
  await store.add(1, 'first');
  writeFileSync(join(root, '0000000002.json.unfinished'), 'half');
  writeFileSync(join(root, 'notes.txt'), 'mine');
  const again = await DiskLockRecords.open(root);
  expect(await again.numbers()).toEqual([1]);
  expect(readdirSync(root).sort()).toEqual(['0000000001.json', 'notes.txt']);
  await again.add(2, 'second');
  expect(await again.read(2)).toBe('second');
});

test('S-92 links and directories in place of records are not followed, and huge files not read', async () => {
  const store = await DiskLockRecords.open(root);
  writeFileSync(join(parent, 'secret'), 'secret');
  symlinkSync(join(parent, 'secret'), join(root, '0000000001.json'));
  mkdirSync(join(root, '0000000002.json'));
  writeFileSync(join(root, '0000000003.json'), Buffer.alloc(limits.lockRecordBytesMax + 1, 'x'));
  for (const number of [1, 2, 3]) expect(await store.read(number)).toBeUndefined();
});
