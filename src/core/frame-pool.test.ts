import { expect, test } from 'vitest';
import { FRAME_BYTES } from '../blobs/blob-store.ts';
import { FramePool } from './frame-pool.ts';

test('frames are used again, and after a rush no more are kept than a few', () => {
  const pool = new FramePool();
  const rush = Array.from({ length: 200 }, () => pool.take());
  expect(new Set(rush.map((frame) => frame.length))).toEqual(new Set([FRAME_BYTES]));
  for (const frame of rush) pool.give(frame);
  const known = new Set(rush);
  const again = Array.from({ length: 200 }, () => pool.take()).filter((frame) => known.has(frame));
  expect(again).toHaveLength(64);
});
