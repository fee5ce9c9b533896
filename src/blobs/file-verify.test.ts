import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { DiskGate } from '../files/disk-gate.ts';
import type { ReadWork } from '../frames/frame-work.ts';
import { plainFrameWork } from '../frames/plain.ts';
import { MIB } from '../model/limits.ts';
import { type DiskCalls, straightCalls } from './disk-calls.ts';
import { FILE_DIRECTORIES, INCOMING } from './file-paths.ts';
import { FileStore } from './file-store.ts';

let root = '';
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'moraine-verify-'));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

/** The first read of a frame hangs, and scribbles over its buffer as soon as that is in use for something else. */
function hangingFrames() {
  const plain = plainFrameWork('for tests');
  const answer = Promise.withResolvers<void>();
  let late: Buffer | undefined;
  return {
    answer: answer.resolve,
    ...plain,
    async read(fd: number, into: Buffer, work: ReadWork) {
      if (late === undefined) {
        late = into;
        await answer.promise;
        return 'intact' as const;
      }
      const state = await plain.read(fd, into, work);
      if (into.buffer === late.buffer) into.fill(9);
      return state;
    },
  };
}

test('a read that hangs in one copy does not spoil what is read of the other', async () => {
  const roots = [join(root, 'blobs'), join(root, 'mirror')];
  // Made beforehand: a store would make each of them with a call of its own.
  for (const copy of roots) {
    for (const name of [INCOMING, ...FILE_DIRECTORIES]) mkdirSync(join(copy, name), { recursive: true });
  }
  const frames = hangingFrames();
  const gate = new DiskGate({ atOnceMax: { reads: 1, writes: 1 }, callMsMax: 250 });
  const calls: DiskCalls = { ...straightCalls, read: (directory, call) => gate.read(directory, call) };
  const store = await FileStore.open({ roots, calls, frames, masterKeys: null, onFault: () => undefined });
  await using writer = await store.put();
  for (const size of [MIB, 9]) await writer.write(Buffer.alloc(size, 7));
  const { treeHash } = await writer.end();
  const blobId = await writer.commit({ kind: 'output', createdAtMs: 1 });
  const verdict = await store.verify(blobId);
  expect(verdict).toMatchObject({ state: 'repaired', treeHash });
  expect(verdict.what).toContain('does not answer');
  frames.answer();
});
