import { hash, randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { ABOUT, testMasterKeys } from '../../../test/support/blob-fixtures.ts';
import { DiskGate, DiskHungError } from '../../files/disk-gate.ts';
import type { DiskCalls } from '../disk-calls.ts';
import type { StoreFault } from '../store-faults.ts';
import { SegmentStore } from './segment-store.ts';

let parent = '';
let faults: StoreFault[] = [];
beforeEach(() => {
  parent = mkdtempSync(join(tmpdir(), 'moraine-segments-'));
  for (const name of ['first', 'mirror']) mkdirSync(join(parent, name));
  faults = [];
});
afterEach(() => rmSync(parent, { recursive: true, force: true }));

const first = () => join(parent, 'first', 'segments');
const mirror = () => join(parent, 'mirror', 'segments');
const onFault = (fault: StoreFault) => void faults.push(fault);
const blobOf = (size: number) => {
  const bytes = randomBytes(size);
  return { bytes, leaf: hash('sha256', bytes, 'buffer'), about: ABOUT };
};

/** A gate to disks of which one can be made to hang: calls on it wait until it answers again. */
function hangingDisk() {
  const gate = new DiskGate({ atOnceMax: { reads: 3, writes: 4 }, callMsMax: 50 });
  const hang = { root: '', until: Promise.resolve(), answer: (): void => undefined };
  const slowly = <T>(directory: string, call: () => Promise<T>) =>
    directory === hang.root ? () => hang.until.then(call) : call;
  const calls: DiskCalls = {
    run: (directory, call) => gate.run(directory, slowly(directory, call)),
    read: (directory, call) => gate.read(directory, slowly(directory, call)),
    tidy: (directory, call) => gate.tidy(directory, slowly(directory, call)),
  };
  const begin = (root: string) => {
    const { promise, resolve } = Promise.withResolvers<void>();
    Object.assign(hang, { root, until: promise, answer: resolve });
  };
  return { calls, begin, end: () => hang.answer(), gate };
}

test('a disk that hangs refuses blobs, and what it takes later never counts', async () => {
  const disk = hangingDisk();
  await using store = await SegmentStore.open({ directories: [first()], masterKeys: null, calls: disk.calls, onFault });
  const before = blobOf(3000);
  const id = await store.add(before);
  disk.begin(join(parent, 'first'));
  const refused = [store.add(blobOf(100)), store.add(blobOf(200))];
  for (const add of refused) await expect(add).rejects.toThrow(DiskHungError);
  await expect(store.add(blobOf(300))).rejects.toThrow(DiskHungError);
  await expect(store.delete([id])).rejects.toThrow(DiskHungError);
  await expect(store.read(id)).rejects.toThrow(DiskHungError);
  expect(new Set(faults.map(({ kind }) => kind))).toEqual(new Set(['write', 'read']));
  disk.end();
  await expect.poll(() => disk.gate.hung).toEqual([]);
  const after = blobOf(400);
  const next = await store.add(after);
  expect(next.slice(0, 8)).not.toBe(id.slice(0, 8));
  expect(await store.read(id)).toEqual(before);
  expect(await store.read(next)).toEqual(after);
});

test('what the first disk does not give is read from the mirror', async () => {
  const disk = hangingDisk();
  const directories = [first(), mirror()] as const;
  await using store = await SegmentStore.open({ directories, masterKeys: null, calls: disk.calls, onFault });
  const blob = blobOf(3000);
  const id = await store.add(blob);
  disk.begin(join(parent, 'first'));
  expect(await store.read(id)).toEqual(blob);
  disk.end();
  await expect.poll(() => disk.gate.hung).toEqual([]);
});

test('a mirror that goes away while the store is open leaves what is listed and surveyed, and is told of', async () => {
  const directories = [first(), mirror()] as const;
  await using store = await SegmentStore.open({ directories, masterKeys: null, onFault });
  const ids = [await store.add(blobOf(100)), await store.add(blobOf(200))];
  renameSync(join(parent, 'mirror'), join(parent, 'elsewhere'));
  const listed = [];
  for await (const { blobId } of store.list()) listed.push(blobId);
  expect(listed).toEqual(ids);
  const surveyed = [];
  for await (const found of store.survey()) surveyed.push('blobId' in found ? found.blobId : found.fault);
  expect(surveyed).toEqual(ids);
  expect(faults).toContainEqual(expect.objectContaining({ kind: 'missing', directory: join(parent, 'mirror') }));
  renameSync(join(parent, 'elsewhere'), join(parent, 'mirror'));
});

test('a rotation counts each blob, and goes on past those whose key is missing', async () => {
  const directories = [first()] as const;
  for (const masterKeys of [testMasterKeys(1), testMasterKeys(2)]) {
    await using store = await SegmentStore.open({ directories, masterKeys });
    for (let count = 0; count < 3; count += 1) await store.add(blobOf(count));
  }
  await using store = await SegmentStore.open({ directories, masterKeys: testMasterKeys(3, 2) });
  const last = await store.add(blobOf(10));
  const counts: number[] = [];
  const { current, rewrapped, failed } = await store.rewrap({ onProgress: (count) => void counts.push(count) });
  expect([current, rewrapped, failed.size, counts.at(-1)]).toEqual([1, 3, 3, 7]);
  expect((await store.read(last)).bytes).toHaveLength(10);
});
