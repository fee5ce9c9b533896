import { EventEmitter } from 'node:events';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { stopSignal } from './stop-signal.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test('the first signal asks, one that comes with it is the same wish, a later one ends the process', async () => {
  const source = new EventEmitter();
  const exits: number[] = [];
  const stop = stopSignal(source, (code) => exits.push(code));
  expect(stop.asked).toBe(false);
  source.emit('SIGINT');
  source.emit('SIGINT');
  expect(stop.asked).toBe(true);
  expect(await stop.promise).toBe('SIGINT');
  expect(exits).toEqual([]);
  vi.advanceTimersByTime(1000);
  source.emit('SIGINT');
  source.emit('SIGTERM');
  expect(exits).toEqual([130, 1]);
});
