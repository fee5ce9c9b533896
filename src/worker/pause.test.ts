import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Pause } from './pause.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

/** Whether the promise is settled by now, without any time passing. */
async function isOver(pause: Promise<void>): Promise<boolean> {
  let over = false;
  void pause.then(() => {
    over = true;
  });
  await vi.advanceTimersByTimeAsync(0);
  return over;
}

test('lasts as long as it was asked to, and not longer', async () => {
  const pause = new Pause().atMost(1000);
  await vi.advanceTimersByTimeAsync(999);
  expect(await isOver(pause)).toBe(false);
  await vi.advanceTimersByTimeAsync(1);
  expect(await isOver(pause)).toBe(true);
});

test('ends early, and leaves no timer behind', async () => {
  const pause = new Pause();
  const pausing = pause.atMost(1000);
  pause.end();
  expect(await isOver(pausing)).toBe(true);
  expect(vi.getTimerCount()).toBe(0);
});

test('that was ended before it began is over at once, and only that one', async () => {
  const pause = new Pause();
  pause.end();
  pause.end();
  expect(await isOver(pause.atMost(1000))).toBe(true);
  expect(await isOver(pause.atMost(1000))).toBe(false);
});

test('a nudge in a pause does not count for the next one, so nothing runs in circles', async () => {
  const pause = new Pause();
  const first = pause.atMost(1000);
  pause.end();
  pause.end();
  await first;
  expect(await isOver(pause.atMost(1000))).toBe(false);
});

test.each([0, -5])('of %d ms still lets the event loop turn', async (durationMs) => {
  const pausing = new Pause().atMost(durationMs);
  expect(vi.getTimerCount()).toBe(1);
  await vi.advanceTimersByTimeAsync(1);
  expect(await isOver(pausing)).toBe(true);
});
