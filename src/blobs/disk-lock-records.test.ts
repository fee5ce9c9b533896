import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { limits } from '../model/limits.ts';
import { DiskLockRecords } from './disk-lock-records.ts';
import { formatLockRecord, NO_RECORD } from './lock-record-format.ts';

let parent = '';
let root = '';
beforeEach(() => {
  parent = mkdtempSync(join(tmpdir(), 'moraine-locks-'));
  root = join(parent, 'locks');
});
afterEach(() => rmSync(parent, { recursive: true, force: true }));

test('records are kept in order, private, and read again by the next run', async () => {
  const store = await DiskLockRecords.open([root]);
  expect(await store.numbers()).toEqual([]);
  for (const number of [1, 2, 10]) await store.add(number, `text ${number}`);
  const again = await DiskLockRecords.open([root]);
  expect(await again.numbers()).toEqual([1, 2, 10]);
  expect(await again.read(10)).toBe('text 10');
  expect(await again.read(3)).toBeUndefined();
  expect(readdirSync(root).sort()).toEqual(['0000000001.json', '0000000002.json', '0000000010.json']);
  expect(statSync(join(root, '0000000001.json')).mode & 0o777).toBe(0o600);
  expect(statSync(root).mode & 0o777).toBe(0o700);
});

test('a number that is taken is refused, and its record stays', async () => {
  const store = await DiskLockRecords.open([root]);
  await store.add(1, 'first');
  await expect(store.add(1, 'second')).rejects.toThrow('EEXIST');
  expect(await store.read(1)).toBe('first');
  expect(readdirSync(root)).toEqual(['0000000001.json']);
});

test('what a crash has left is swept away, and what is not a record is not one', async () => {
  const store = await DiskLockRecords.open([root]);
  await store.add(1, 'first');
  writeFileSync(join(root, '0000000002.json.unfinished'), 'half');
  writeFileSync(join(root, 'notes.txt'), 'mine');
  const again = await DiskLockRecords.open([root]);
  expect(await again.numbers()).toEqual([1]);
  expect(readdirSync(root).sort()).toEqual(['0000000001.json', 'notes.txt']);
  await again.add(2, 'second');
  expect(await again.read(2)).toBe('second');
});

test('S-92 links and directories in place of records are not followed, and huge files not read', async () => {
  const store = await DiskLockRecords.open([root]);
  writeFileSync(join(parent, 'secret'), 'secret');
  symlinkSync(join(parent, 'secret'), join(root, '0000000001.json'));
  mkdirSync(join(root, '0000000002.json'));
  writeFileSync(join(root, '0000000003.json'), Buffer.alloc(limits.lockRecordBytesMax + 1, 'x'));
  for (const number of [1, 2, 3]) expect(await store.read(number)).toBeUndefined();
});

/** A right one, which a changed one is told from. */
const textOf = (number: number): string =>
  formatLockRecord(
    {
      number,
      writtenAtMs: 3,
      vault: {
        arn: 'arn:aws:glacier:us-east-1:111122223333:vaults/v',
        accountId: '111122223333',
        name: 'v',
        createdAtMs: 1,
      },
      lock: null,
    },
    NO_RECORD,
  );

describe('with a mirror', () => {
  const mirror = () => join(parent, 'mirror');
  const open = () => DiskLockRecords.open([root, mirror()]);
  const pathIn = (place: string) => join(place, '0000000001.json');

  test('each record is in both, and either is enough', async () => {
    await (await open()).add(1, textOf(1));
    for (const place of [root, mirror()]) expect(readFileSync(pathIn(place), 'utf8')).toBe(textOf(1));
    for (const lost of [root, mirror()]) {
      rmSync(lost, { recursive: true });
      const again = await open();
      expect(await again.numbers()).toEqual([1]);
      expect(await again.read(1)).toBe(textOf(1));
      expect(readFileSync(pathIn(lost), 'utf8')).toBe(textOf(1));
    }
  });

  test('a changed record is read from the other one', async () => {
    for (const changed of [root, mirror()]) {
      rmSync(parent, { recursive: true });
      mkdirSync(parent);
      const store = await open();
      await store.add(1, textOf(1));
      writeFileSync(pathIn(changed), textOf(1).replace('111122223333', '111122223334'));
      expect(await store.read(1)).toBe(textOf(1));
    }
  });

  test('a record that one of them does not take is in none', async () => {
    const store = await open();
    rmSync(mirror(), { recursive: true });
    await expect(store.add(1, textOf(1))).rejects.toThrow('ENOENT');
    expect(readdirSync(root)).toEqual([]);
  });
});
