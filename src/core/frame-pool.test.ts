import { afterEach, expect, test, vi } from 'vitest';
import { FRAME_BYTES } from '../blobs/blob-store.ts';
import { KIB, limits } from '../model/limits.ts';
import { FramePool } from './frame-pool.ts';

afterEach(() => void vi.useRealTimers());

const framesOf = (count: number) => new FramePool({ bytesMax: count * FRAME_BYTES });
/** What has come of a promise so far. */
const stateOf = async (promise: Promise<unknown>) => {
  const settled = promise.then(
    () => 'there',
    () => 'failed',
  );
  await new Promise(setImmediate);
  return Promise.race([settled, 'waiting']);
};

test('frames are used again, and after a rush no more are kept than a few', () => {
  const pool = framesOf(200);
  const rush = Array.from({ length: 200 }, () => pool.tryTake(FRAME_BYTES) as Buffer);
  expect(new Set(rush.map((frame) => frame.length))).toEqual(new Set([FRAME_BYTES]));
  for (const frame of rush) pool.give(frame);
  const known = new Set(rush);
  const again = Array.from({ length: 200 }, () => pool.tryTake(FRAME_BYTES) as Buffer);
  expect(again.filter((frame) => known.has(frame))).toHaveLength(limits.freeFramesMax);
});

test('there is only so much; who comes later waits, and gets it in the order they came', async () => {
  const pool = framesOf(2);
  const [one, other] = [await pool.take(FRAME_BYTES), await pool.take(FRAME_BYTES)];
  const waiting = ['a', 'b', 'c'].map((name) => pool.take(name === 'b' ? 10 : FRAME_BYTES));
  expect(await Promise.all(waiting.map(stateOf))).toEqual(['waiting', 'waiting', 'waiting']);
  expect(pool.outBytes).toBe(2 * FRAME_BYTES);
  pool.give(one);
  expect(await Promise.all(waiting.map(stateOf))).toEqual(['there', 'waiting', 'waiting']);
  expect(await waiting[0]).toBe(one);
  pool.give(other);
  expect(await Promise.all(waiting.map(stateOf))).toEqual(['there', 'there', 'waiting']);
  // There is room for something small, but somebody was first.
  expect(pool.tryTake(10)).toBeUndefined();
  pool.give(one);
  expect(await stateOf(waiting[2] as Promise<Buffer>)).toBe('there');
  expect(pool.tryTake(10)?.length).toBe(limits.smallFrameBytes);
});

test('little takes little', async () => {
  const pool = framesOf(1);
  for (const sizeBytes of [1, 4 * KIB, 64 * KIB]) expect((await pool.take(sizeBytes)).length).toBe(64 * KIB);
  expect(pool.outBytes).toBe(3 * 64 * KIB);
  expect(pool.tryTake(64 * KIB + 1)).toBeUndefined();
});

test('who does not want to wait any more leaves the line, and nobody behind waits for them', async () => {
  const pool = framesOf(1);
  const small = await pool.take(10);
  const leaving = new AbortController();
  const waiting = pool.take(FRAME_BYTES, leaving.signal);
  const behind = pool.take(10);
  expect(await stateOf(behind)).toBe('waiting');
  leaving.abort(new Error('the client went away'));
  await expect(waiting).rejects.toThrow('the client went away');
  expect(await stateOf(behind)).toBe('there');
  await expect(pool.take(10, leaving.signal)).rejects.toThrow('the client went away');
  pool.give(small);
  expect(pool.outBytes).toBe(64 * KIB);
});

test('a buffer that must not be used again is not, and another one may be had instead', async () => {
  const pool = framesOf(1);
  const frame = await pool.take(FRAME_BYTES);
  pool.drop(frame);
  expect(pool.outBytes).toBe(0);
  expect(pool.tryTake(FRAME_BYTES)).not.toBe(frame);
});

test('a frame shrinks to its beginning, and is there for others', async () => {
  const pool = framesOf(1);
  const frame = await pool.take(FRAME_BYTES);
  frame.fill('x');
  const small = pool.shrink(frame, frame.subarray(0, 10));
  expect(small.subarray(0, 10).toString()).toBe('xxxxxxxxxx');
  expect(pool.outBytes).toBe(64 * KIB);
  pool.give(small);
  expect(pool.tryTake(FRAME_BYTES)).toBe(frame);
});

test('whoever keeps a frame long for a slow client loses it, but only when others wait, and the oldest first', async () => {
  vi.useFakeTimers();
  const pool = framesOf(3);
  const frames = [await pool.take(FRAME_BYTES), await pool.take(FRAME_BYTES), await pool.take(FRAME_BYTES)];
  const ended: number[] = [];
  for (const [index, frame] of frames.entries()) {
    pool.lend(frame, () => {
      ended.push(index);
      pool.give(frame);
    });
    vi.advanceTimersByTime(1000);
  }
  pool.regain(frames[0] as Buffer);
  vi.advanceTimersByTime(limits.frameHoldMsMax);
  expect(ended).toEqual([]);
  const waiting = pool.take(FRAME_BYTES);
  vi.advanceTimersByTime(limits.frameWatchPauseMs);
  expect(ended).toEqual([1]);
  expect(await waiting).toBe(frames[1]);
  vi.advanceTimersByTime(limits.frameHoldMsMax);
  expect(ended).toEqual([1]);
});

test('a frame that was lent a moment ago stays, however long others wait', async () => {
  vi.useFakeTimers();
  const pool = framesOf(1);
  const frame = await pool.take(FRAME_BYTES);
  const takeBack = vi.fn(() => pool.give(frame));
  const waiting = pool.take(FRAME_BYTES);
  vi.advanceTimersByTime(limits.frameHoldMsMax);
  pool.lend(frame, takeBack);
  vi.advanceTimersByTime(limits.frameHoldMsMax - limits.frameWatchPauseMs);
  expect(takeBack).not.toHaveBeenCalled();
  vi.advanceTimersByTime(2 * limits.frameWatchPauseMs);
  expect(takeBack).toHaveBeenCalledOnce();
  await waiting;
});
