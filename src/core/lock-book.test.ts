import { setImmediate } from 'node:timers/promises';
import { beforeEach, describe, expect, test } from 'vitest';
import type { LockRecordStore } from '../blobs/lock-record-store.ts';
import type { LockRecordText } from '../model/lock-records.ts';
import { LockBook } from './lock-book.ts';

const T0 = Date.parse('2031-05-06T07:08:09.123Z');
const texts = new Map<number, string>();
let failure: 'none' | 'clean' | 'half' = 'none';
const store: LockRecordStore = {
  numbers: async () => [...texts.keys()].sort((a, b) => a - b),
  read: async (number) => texts.get(number),
  add: async (number, text) => {
    if (failure !== 'clean') texts.set(number, text);
    if (failure !== 'none') throw new Error('the disk failed');
  },
};
beforeEach(() => {
  texts.clear();
  failure = 'none';
});

const vaultNamed = (name: string) => ({ accountId: '111122223333', name, createdAtMs: T0, arn: `arn:${name}` });
const recordOf = (name: string, deleted = false): Omit<LockRecordText, 'number'> => ({
  writtenAtMs: T0,
  vault: vaultNamed(name),
  lock: deleted ? null : { id: `lock of ${name}`, document: `policy of ${name}`, createdAtMs: T0, completedAtMs: T0 },
});
const written = async (...records: Omit<LockRecordText, 'number'>[]) => {
  const book = await LockBook.open(store);
  for (const record of records) await book.inTurn(() => book.add(record));
  return book;
};
const namesIn = (book: LockBook) => book.locked().map(({ vault, sound }) => `${vault.name}${sound ? '' : '?'}`);
const change = (number: number, from: string, to: string) =>
  texts.set(number, (texts.get(number) ?? '').replace(from, to));

test('a book is empty until something was locked', async () => {
  const book = await written();
  expect([book.isEmpty, book.locked(), book.recordOf(vaultNamed('a'))]).toEqual([true, [], undefined]);
  await written(recordOf('a'));
  expect((await LockBook.open(store)).isEmpty).toBe(false);
});

test('records are found by the identity of the vault, in this run and the next', async () => {
  const book = await written(recordOf('a'), recordOf('b'), recordOf('c'), recordOf('b', true));
  for (const read of [book, await LockBook.open(store)]) {
    expect(namesIn(read)).toEqual(['a', 'c']);
    expect(read.faults).toEqual([]);
    expect(read.recordOf(vaultNamed('c'))).toMatchObject({ number: 3, lock: { id: 'lock of c' }, sound: true });
    expect(read.recordOf({ ...vaultNamed('c'), createdAtMs: T0 + 1 })).toBeUndefined();
    expect(read.recordOf(vaultNamed('b'))?.lock).toBeNull();
  }
});

test('the text of a record is read afresh, and refused when it is another one now', async () => {
  const book = await written(recordOf('a'));
  const record = book.recordOf(vaultNamed('a'))!;
  expect((await book.textOf(record))?.lock).toEqual(recordOf('a').lock);
  texts.set(2, texts.get(1) ?? '');
  expect(await book.textOf({ ...record, number: 2 })).toBeUndefined();
  change(1, 'policy of a', 'policy of x');
  expect(await book.textOf(record)).toBeUndefined();
});

describe('S-64 what was done to the records shows', () => {
  test('a record that was changed is not believed', async () => {
    await written(recordOf('a'), recordOf('b'), recordOf('c'));
    change(2, 'policy of b', 'policy of x');
    const book = await LockBook.open(store);
    expect(book.faults).toEqual([{ number: 2, fault: 'was changed' }]);
    expect(namesIn(book)).toEqual(['a', 'b?', 'c']);
  });

  test('a record that was written anew is told by the one after it', async () => {
    await written(recordOf('a'), recordOf('b'), recordOf('c'));
    const [real, next] = [texts.get(1), texts.get(3)];
    texts.clear();
    await written({ ...recordOf('a'), writtenAtMs: T0 }, { ...recordOf('b'), writtenAtMs: T0 + 1 });
    texts.set(3, next ?? '');
    expect(texts.get(1)).toBe(real);
    const book = await LockBook.open(store);
    expect(book.faults).toEqual([{ number: 2, fault: 'was changed' }]);
    expect(namesIn(book)).toEqual(['a', 'b?', 'c']);
  });

  test('a record that is gone, and one that is none', async () => {
    await written(recordOf('a'), recordOf('b'), recordOf('c'), recordOf('d'));
    texts.delete(2);
    texts.set(4, 'nothing');
    const book = await LockBook.open(store);
    expect(book.faults).toEqual([
      { number: 2, fault: 'is missing' },
      { number: 4, fault: 'cannot be read' },
    ]);
    expect(namesIn(book)).toEqual(['a', 'c']);
  });

  test('many that are gone are told in one sentence', async () => {
    await written(recordOf('a'));
    texts.set(9_999_999_999, 'nothing');
    const book = await LockBook.open(store);
    expect(book.faults).toEqual([
      { number: 2, fault: 'is missing, as are all up to 9999999998' },
      { number: 9_999_999_999, fault: 'cannot be read' },
    ]);
    // A record after that one would have a name that nobody looks for.
    await expect(book.inTurn(() => book.add(recordOf('b')))).rejects.toThrow('the highest number there is');
    expect(texts.size).toBe(2);
  });

  test('while the server runs shows when the records are read again', async () => {
    await written(recordOf('a'), recordOf('b'), recordOf('c'));
    texts.delete(1);
    const book = await written(recordOf('d'));
    expect(await book.check()).toEqual([{ number: 1, fault: 'is missing' }]);
    texts.delete(2);
    change(4, 'policy of d', 'policy of x');
    texts.set(5, 'nothing');
    expect(await book.check()).toEqual([
      { number: 1, fault: 'is missing' },
      { number: 2, fault: 'was taken away since the start' },
      { number: 4, fault: 'was changed since the start' },
      { number: 5, fault: 'was added since the start, and not by this server' },
    ]);
  });

  test('a second lock of one vault, however well it fits in, is not believed', async () => {
    const [first, second] = [recordOf('a'), recordOf('a')];
    if (second.lock) second.lock.document = 'another policy';
    const book = await written(first, recordOf('b'));
    await book.inTurn(() => book.add(second));
    for (const read of [book, await LockBook.open(store)]) {
      expect(read.recordOf(vaultNamed('a'))?.number).toBe(1);
      expect(read.faults).toEqual([{ number: 3, fault: 'is of another lock than record 1' }]);
    }
  });

  test('the same goes for one after a deletion, and the same lock may be recorded again', async () => {
    const second = recordOf('a');
    if (second.lock) second.lock.id = 'another lock';
    await written(recordOf('a'), recordOf('a', true), recordOf('a'), recordOf('a', true), second);
    const book = await LockBook.open(store);
    expect(book.faults).toEqual([{ number: 5, fault: 'is of another lock than record 1' }]);
    expect(book.locked()).toEqual([]);
  });

  test('a deletion that somebody made up makes nothing forgotten', async () => {
    await written(recordOf('a'), recordOf('a', true));
    change(2, 'Deleted', 'Deleted ');
    expect(namesIn(await LockBook.open(store))).toEqual(['a']);
  });

  test('the book goes on after its last record, whatever that is', async () => {
    await written(recordOf('a'));
    texts.set(2, 'nothing');
    const book = await written(recordOf('b'));
    expect(book.recordOf(vaultNamed('b'))?.number).toBe(3);
    expect((await LockBook.open(store)).faults).toEqual([{ number: 2, fault: 'cannot be read' }]);
  });
});

describe('turns', () => {
  test('are taken one after the other, also after one that failed', async () => {
    const book = await written();
    const seen: string[] = [];
    const turn = (name: string) =>
      book.inTurn(async () => {
        seen.push(`${name} begins`);
        await setImmediate();
        seen.push(`${name} ends`);
        if (name === 'a') throw new Error('no');
      });
    await Promise.allSettled(['a', 'b', 'c'].map(turn));
    expect(seen).toEqual(['a', 'b', 'c'].flatMap((name) => [`${name} begins`, `${name} ends`]));
  });

  test('go on after a record that could not be kept and left no trace', async () => {
    const book = await written(recordOf('a'));
    failure = 'clean';
    await expect(book.inTurn(() => book.add(recordOf('b')))).rejects.toThrow('the disk failed');
    failure = 'none';
    await book.inTurn(() => book.add(recordOf('c')));
    expect(namesIn(await LockBook.open(store))).toEqual(['a', 'c']);
  });

  test('stop when nobody can say whether a record was kept, until the next start', async () => {
    const book = await written(recordOf('a'));
    failure = 'half';
    await expect(book.inTurn(() => book.add(recordOf('b')))).rejects.toThrow('the disk failed');
    failure = 'none';
    await expect(book.inTurn(() => book.add(recordOf('c')))).rejects.toThrow(
      'no lock can change before the next start',
    );
    expect(namesIn(await LockBook.open(store))).toEqual(['a', 'b']);
  });
});

test('what could not be read again is not written', async () => {
  const book = await written();
  const far = { ...recordOf('a'), writtenAtMs: Date.parse('+012000-01-01T00:00:00.000Z') };
  await expect(book.inTurn(() => book.add(far))).rejects.toThrow('the lock cannot be recorded');
  expect(texts.size).toBe(0);
});
