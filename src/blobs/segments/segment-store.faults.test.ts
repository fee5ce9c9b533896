import { hash, randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, unlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, expect, test, vi } from 'vitest';
import { ABOUT, testMasterKeys } from '../../../test/support/blob-fixtures.ts';
import { BlobMissingError } from '../blob-store.ts';
import { SegmentStore } from './segment-store.ts';

/** What disks do wrong. Other files may have loaded the store before, with disks that do nothing wrong, or may load it after. */
const failing = vi.hoisted(() => {
  vi.resetModules();
  return { call: '', times: 0, calls: [] as string[], badByte: -1 };
});
afterAll(() => {
  vi.doUnmock('../../files/durable.ts');
  vi.resetModules();
});

vi.mock('../../files/durable.ts', async (importOriginal) => {
  const real: Record<string, (...args: unknown[]) => unknown> = await importOriginal();
  const wrapped = ['writeAllFully', 'writeFully', 'syncBytes', 'syncFile', 'syncDirectory', 'moveFile'].map((name) => [
    name,
    async (...args: unknown[]) => {
      failing.calls.push(name);
      if (failing.call === name && failing.times > 0) {
        failing.times -= 1;
        throw Object.assign(new Error(`EIO: ${name}`), { code: 'EIO' });
      }
      return real[name]?.(...args);
    },
  ]);
  const readFully = async (handle: unknown, into: Buffer, position: number) => {
    if (position <= failing.badByte && position + into.length > failing.badByte) {
      throw Object.assign(new Error('EIO: i/o error, read'), { code: 'EIO' });
    }
    return real.readFully?.(handle, into, position);
  };
  return { ...real, ...Object.fromEntries(wrapped), readFully };
});

let parent = '';
beforeEach(() => {
  parent = mkdtempSync(join(tmpdir(), 'moraine-segments-'));
  mkdirSync(join(parent, 'other'));
});
afterEach(() => {
  failing.times = 0;
  failing.badByte = -1;
  rmSync(parent, { recursive: true, force: true });
});

const first = () => join(parent, 'segments');
const second = () => join(parent, 'other', 'segments');
const open = () => SegmentStore.open({ directories: [first(), second()], masterKeys: null });
const blobOf = (size: number) => {
  const bytes = randomBytes(size);
  return { bytes, leaf: hash('sha256', bytes, 'buffer'), about: ABOUT };
};
const segmentsIn = (directory: string) => readdirSync(directory).filter((name) => name.endsWith('.seg'));
const fail = (call: string) => Object.assign(failing, { call, times: 1, calls: [] });

test.each(['writeAllFully', 'syncBytes'])('F-12 after a failed %s the file is never touched again', async (call) => {
  await using store = await open();
  const before = blobOf(3000);
  const id = await store.add(before);
  const path = join(first(), '00000001.seg');
  fail(call);
  const refused = await Promise.allSettled(Array.from({ length: 5 }, () => store.add(blobOf(100))));
  expect(refused.map(({ status }) => status)).toEqual(Array.from({ length: 5 }, () => 'rejected'));
  const bytes = readFileSync(path);
  const after = blobOf(50);
  const next = await store.add(after);
  expect(next.slice(0, 8)).toBe('00000002');
  expect(readFileSync(path).equals(bytes)).toBe(true);
  expect(await store.read(id)).toEqual(before);
  expect(await store.read(next)).toEqual(after);
});

test.each(['writeAllFully', 'syncBytes'])(
  'a failed %s refuses what is in that segment and nothing else',
  async (call) => {
    await using store = await SegmentStore.open({
      directories: [first(), second()],
      masterKeys: null,
      batchBytesMax: 4096,
    });
    const before = await Promise.all(Array.from({ length: 8 }, () => store.add(blobOf(3000))));
    expect(new Set(before.map((id) => id.slice(0, 8))).size).toBe(2);
    fail(call);
    const blobs = Array.from({ length: 8 }, () => blobOf(3000));
    const added = await Promise.allSettled(blobs.map((blob) => store.add(blob)));
    expect(added.filter(({ status }) => status === 'rejected')).toHaveLength(1);
    for (const [index, result] of added.entries()) {
      if (result.status === 'fulfilled') expect(await store.read(result.value)).toEqual(blobs[index]);
    }
    for (const id of before) expect((await store.read(id)).bytes).toHaveLength(3000);
  },
);

test('a name that was not made durable is not acknowledged', async () => {
  await using store = await open();
  fail('syncDirectory');
  await expect(store.add(blobOf(10))).rejects.toThrow('EIO');
  expect((await store.add(blobOf(10))).slice(0, 8)).toBe('00000002');
});

test.each(['writeFully', 'syncBytes'])(
  'a list of holes is replaced after a failed %s, never synced again',
  async (call) => {
    await using store = await open();
    const ids = [await store.add(blobOf(10)), await store.add(blobOf(20)), await store.add(blobOf(30))];
    await store.delete(ids.slice(0, 1));
    fail(call);
    await expect(store.delete(ids.slice(1, 2))).rejects.toThrow('EIO');
    failing.calls = [];
    await store.delete(ids.slice(1, 2));
    expect(failing.calls).not.toContain('syncBytes');
    for (const id of ids.slice(0, 2)) await expect(store.read(id)).rejects.toThrow(BlobMissingError);
    expect((await store.read(ids[2] ?? '')).bytes).toHaveLength(30);
  },
);

test.each(['writeFully', 'syncFile', 'moveFile', 'syncDirectory'])(
  'a compaction whose %s fails loses nothing, and succeeds the next time',
  async (call) => {
    await using store = await open();
    const blobs = new Map<string, ReturnType<typeof blobOf>>();
    for (let count = 0; count < 6; count += 1) {
      const blob = blobOf(9000);
      blobs.set(await store.add(blob), blob);
    }
    const gone = [...blobs.keys()].slice(0, 4);
    for (const id of gone) blobs.delete(id);
    await store.delete(gone);
    await store.rewrap({ masterKeys: testMasterKeys(1) });
    fail(call);
    await expect(store.compact()).rejects.toThrow('EIO');
    for (const [id, blob] of blobs) expect(await store.read(id)).toEqual(blob);
    await store.compact();
    for (const [id, blob] of blobs) expect(await store.read(id)).toEqual(blob);
    for (const id of gone) await expect(store.read(id)).rejects.toThrow(BlobMissingError);
    for (const directory of [first(), second()]) expect(readdirSync(join(directory, 'incoming'))).toEqual([]);
  },
);

test.each([
  ['a flipped bit', (bytes: Buffer) => bytes.fill((bytes[6000] ?? 0) ^ 4, 6000, 6001)],
  ['a truncated segment', (bytes: Buffer) => bytes.subarray(0, 5000)],
  ['a zero page', (bytes: Buffer) => bytes.fill(0, 4096, 8192)],
  ['a lost head', (bytes: Buffer) => bytes.fill(0, 0, 4096)],
  ['a lost segment', () => undefined],
])('F-20 %s is named, and repaired from the mirror', async (_, damage) => {
  await using store = await open();
  const blobs = [blobOf(3000), blobOf(100), blobOf(5000)];
  const ids = await Promise.all(blobs.map((blob) => store.add(blob)));
  const path = join(first(), segmentsIn(first())[0] ?? '');
  const damaged = damage(readFileSync(path));
  await store[Symbol.asyncDispose]();
  if (damaged === undefined) unlinkSync(path);
  else writeFileSync(path, damaged);
  await using again = await open();
  const verdicts = [];
  for (const id of ids) verdicts.push((await again.verify(id)).state);
  expect(verdicts.filter((state) => state !== 'intact' && state !== 'repaired')).toEqual([]);
  if (_ !== 'a lost head') expect(verdicts).toContain('repaired');
  rmSync(join(second(), segmentsIn(second())[0] ?? ''));
  for (const [index, id] of ids.entries()) expect(await again.read(id)).toEqual(blobs[index]);
});

test('keys that nobody could read are not taken for wrapped anew', async () => {
  const directories: [string] = [first()];
  const store = await SegmentStore.open({ directories, masterKeys: testMasterKeys(1) });
  const blob = blobOf(3000);
  const id = await store.add(blob);
  await store[Symbol.asyncDispose]();
  failing.badByte = 4096;
  {
    await using rotating = await SegmentStore.open({ directories, masterKeys: testMasterKeys(2, 1) });
    const { failed } = await rotating.rewrap({});
    expect([...failed]).toEqual([[join(first(), '00000001.seg'), 'EIO: i/o error, read']]);
  }
  failing.badByte = -1;
  await using again = await SegmentStore.open({ directories, masterKeys: testMasterKeys(2, 1) });
  expect(await again.rewrap({})).toMatchObject({ rewrapped: 1, failed: new Map() });
  expect(await again.read(id)).toEqual(blob);
});
