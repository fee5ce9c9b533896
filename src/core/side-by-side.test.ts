import { setImmediate } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { sideBySide } from './side-by-side.ts';

async function* upTo(count: number) {
  for (let number = 0; number < count; number += 1) yield number;
}

test('every item is worked on once, so many at once and no more', async () => {
  let running = 0;
  let most = 0;
  const results: number[] = [];
  const work = async (item: number) => {
    running += 1;
    most = Math.max(most, running);
    for (let turns = 0; turns < item % 5; turns += 1) await setImmediate();
    running -= 1;
    return item;
  };
  for await (const result of sideBySide(upTo(100), { atOnce: 4, work })) results.push(result);
  expect(results.sort((a, b) => a - b)).toEqual([...Array(100).keys()]);
  expect(most).toBe(4);
});

test('a failure is thrown when the others have ended', async () => {
  let ended = 0;
  const work = async (item: number) => {
    await setImmediate();
    if (item === 1) throw new Error('no');
    await setImmediate();
    ended += 1;
  };
  const all = async () => {
    for await (const _ of sideBySide(upTo(3), { atOnce: 3, work })) ended += 0;
  };
  await expect(all()).rejects.toThrow('no');
  expect(ended).toBe(2);
});
