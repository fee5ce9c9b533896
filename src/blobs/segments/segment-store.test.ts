import { hash, randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ABOUT, testMasterKeys } from '../../../test/support/blob-fixtures.ts';
import { KIB, MIB } from '../../model/limits.ts';
import { BlobDamagedError, BlobMissingError } from '../blob-store.ts';
import { SegmentStore } from './segment-store.ts';

let parent = '';
beforeEach(() => {
  parent = mkdtempSync(join(tmpdir(), 'moraine-segments-'));
  mkdirSync(join(parent, 'mirror'));
});
afterEach(() => rmSync(parent, { recursive: true, force: true }));

const first = () => join(parent, 'segments');
const mirror = () => join(parent, 'mirror', 'segments');
const blobOf = (bytes: Buffer) => ({ bytes, leaf: hash('sha256', bytes, 'buffer'), about: ABOUT });

describe.each([
  { name: 'plain', masterKeys: null },
  { name: 'encrypted', masterKeys: testMasterKeys(1) },
])('$name', ({ masterKeys }) => {
  const open = (options = {}) => SegmentStore.open({ directories: [first(), mirror()], masterKeys, ...options });

  test('blobs of all sizes come back as they were, from this run and from the next one', async () => {
    const sizes = [0, 1, 7, 8, 511, 4 * KIB, 32 * KIB, 32 * KIB + 1, 100_003, MIB];
    const blobs = sizes.map((size) => blobOf(randomBytes(size)));
    let ids: string[] = [];
    const same = (store: SegmentStore, from: string[]) =>
      Promise.all(
        from.map(async (id, index) => {
          const { bytes, leaf } = await store.read(id);
          return bytes.equals(blobs[index]?.bytes ?? Buffer.alloc(0)) && leaf.equals(blobs[index]?.leaf ?? bytes);
        }),
      );
    {
      await using store = await open();
      ids = await Promise.all(blobs.map((blob) => store.add(blob)));
      expect(await same(store, ids)).toEqual(ids.map(() => true));
    }
    await using store = await open();
    expect(await same(store, ids)).toEqual(ids.map(() => true));
    expect(await store.stat(ids[5] ?? '')).toEqual({ sizeBytes: 4 * KIB });
  });

  test('both copies have the same bytes', async () => {
    await using store = await open();
    await Promise.all(Array.from({ length: 50 }, (_, index) => store.add(blobOf(randomBytes(index * 700)))));
    const [name] = readdirSync(first()).filter((entry) => entry.endsWith('.seg'));
    expect(readFileSync(join(first(), name ?? '')).equals(readFileSync(join(mirror(), name ?? '')))).toBe(true);
  });

  test('a segment that is full makes way for the next, and no start goes on with one of an earlier run', async () => {
    for (const names of [
      ['00000001.seg', '00000002.seg', '00000003.seg'],
      ['00000001.seg', '00000002.seg', '00000003.seg', '00000004.seg'],
    ]) {
      await using store = await open({ segmentBytesMax: 256 * KIB });
      for (let count = names.length === 3 ? 5 : 1; count > 0; count -= 1) await store.add(blobOf(randomBytes(100_000)));
      expect(readdirSync(first()).filter((name) => name.endsWith('.seg'))).toEqual(names);
    }
  });

  test('what waits while a batch is made durable goes to a second segment when it is much', async () => {
    await using store = await open({ batchBytesMax: 8 * KIB });
    const blobs = Array.from({ length: 12 }, () => blobOf(randomBytes(3 * KIB)));
    const ids = await Promise.all(blobs.map((blob) => store.add(blob)));
    expect(new Set(ids.map((id) => id.slice(0, 8)))).toEqual(new Set(['00000001', '00000002']));
    const listed = new Set<string>();
    for await (const { blobId } of store.list()) listed.add(blobId);
    expect(listed).toEqual(new Set(ids));
    for (const [index, id] of ids.entries()) expect(await store.read(id)).toMatchObject(blobs[index] ?? {});
    await store.compact();
    const little = await store.add(blobOf(randomBytes(10)));
    expect(ids.some((id) => id.startsWith(little.slice(0, 8)))).toBe(true);
  });

  test('a deleted blob is missing from then on, and others stay', async () => {
    const ids: string[] = [];
    {
      await using store = await open();
      for (const size of [10, 20, 30]) ids.push(await store.add(blobOf(randomBytes(size))));
      await store.read(ids[1] ?? '');
      await store.delete([ids[1] ?? '']);
      await expect(store.read(ids[1] ?? '')).rejects.toThrow(BlobMissingError);
      await store.delete([ids[1] ?? '', '000000ff.00001000.0123456789abcdef']);
    }
    await using store = await open();
    await expect(store.read(ids[1] ?? '')).rejects.toThrow(BlobMissingError);
    expect(await store.stat(ids[1] ?? '')).toBeUndefined();
    expect((await store.read(ids[2] ?? '')).bytes).toHaveLength(30);
  });

  test('what one copy has lost or has changed is read from the other', async () => {
    await using store = await open();
    const blob = blobOf(randomBytes(5000));
    const id = await store.add(blob);
    const [name = ''] = readdirSync(first()).filter((entry) => entry.endsWith('.seg'));
    const bytes = readFileSync(join(first(), name));
    bytes[6000] = (bytes[6000] ?? 0) ^ 1;
    writeFileSync(join(first(), name), bytes);
    expect(await store.read(id)).toEqual(blob);
    bytes[4100] = (bytes[4100] ?? 0) ^ 1;
    writeFileSync(join(mirror(), name), bytes);
    await expect(store.read(id)).rejects.toThrow(BlobDamagedError);
  });
});

test('files that an earlier run left in incoming are removed', async () => {
  mkdirSync(join(first(), 'incoming'), { recursive: true });
  writeFileSync(join(first(), 'incoming', '00000001.seg'), 'half');
  await using _ = await SegmentStore.open({ directories: [first()], masterKeys: null });
  expect(readdirSync(join(first(), 'incoming'))).toEqual([]);
});
