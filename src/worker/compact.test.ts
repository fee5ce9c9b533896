import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { type TestArrangement, testArrangement, uploadBytes, VAULT } from '../../test/support/arrangement.ts';
import { ABOUT } from '../../test/support/blob-fixtures.ts';
import { noise } from '../../test/support/hashes.ts';
import { DiskBlobStore } from '../blobs/disk.ts';
import { readBlob } from '../blobs/read-blob.ts';
import { MIB } from '../model/limits.ts';
import { compact } from './compact.ts';
import { giveUpOrphans, reclaim } from './reclaim.ts';

let arrangement: TestArrangement;
const stopping = new AbortController();
const slowly = { signal: stopping.signal, pause: async () => undefined, monotonicMs: () => performance.now() };

beforeEach(async () => {
  arrangement = await testArrangement();
});
afterEach(() => arrangement[Symbol.asyncDispose]());

const ARCHIVE_BYTES = 100_000;
const usedBytes = (): number => {
  const segments = join(arrangement.blobsDirectory, 'segments');
  const names = readdirSync(segments).filter((name) => name.endsWith('.seg'));
  return names.reduce((sum, name) => sum + statSync(join(segments, name)).blocks * 512, 0);
};
const blobIdOf = async (id: string): Promise<string> => {
  const { metadata } = arrangement.given;
  const archive = await metadata.archives.find({ accountId: VAULT.accountId, id });
  const range = { startByte: 0, endByte: ARCHIVE_BYTES - 1 };
  const [ref] = await metadata.archives.blobs({ archiveKey: archive?.key ?? Number.NaN, range, limit: 1 });
  return ref?.blobId ?? '';
};
const upload = async (count: number) => {
  const uploading = Array.from({ length: count }, async (_, index): Promise<[string, Buffer]> => {
    const bytes = noise(ARCHIVE_BYTES, `compact ${index}`);
    return [await uploadBytes(arrangement, bytes), bytes];
  });
  return new Map(await Promise.all(uploading));
};
const deleteAll = async (ids: readonly string[]) => {
  for (const id of ids) await arrangement.core.archives.delete({ vault: VAULT, id });
  while ((await reclaim(arrangement.given)).more);
};

const put = async (store: DiskBlobStore): Promise<string> => {
  await using writer = await store.put();
  await writer.write(noise(ARCHIVE_BYTES));
  await writer.end();
  return await writer.commit(ABOUT);
};

test('what is deleted comes back to the disk, and what stays is read all the time', async () => {
  const archives = await upload(24);
  const blobs = new Map<string, Buffer>();
  const gone = [...archives.keys()].filter((_, index) => index % 4 > 0);
  for (const [id, bytes] of archives) if (!gone.includes(id)) blobs.set(await blobIdOf(id), bytes);
  const beforeBytes = usedBytes();
  await deleteAll(gone);
  const sweep = compact(arrangement.given, slowly);
  const isDone = { yet: false };
  const sweeping = sweep().finally(() => {
    isDone.yet = true;
  });
  const read = async () => {
    for (const [blobId, bytes] of blobs) {
      const found = await readBlob(arrangement.given.blobs, { blobId, sizeBytesMax: MIB });
      expect(found?.equals(bytes)).toBe(true);
    }
  };
  while (!isDone.yet) await read();
  const { done, news } = await sweeping;
  expect(done).toBeGreaterThan(gone.length * ARCHIVE_BYTES * 0.9);
  expect(news).toMatch(/^\d+ MiB of what was deleted were given back to the disk$/);
  expect(usedBytes()).toBeLessThan(beforeBytes - gone.length * ARCHIVE_BYTES * 0.9);
  await read();
  expect(await sweep()).toEqual({ done: 0, more: false });
  await arrangement.restart();
  await read();
});

test('when everything is deleted next to nothing is left', async () => {
  const archives = await upload(20);
  await deleteAll([...archives.keys()]);
  await compact(arrangement.given, slowly)();
  expect(usedBytes()).toBeLessThanOrEqual(8192);
  await upload(1);
  await compact(arrangement.given, slowly)();
  expect(await giveUpOrphans(arrangement.given, () => false)).toEqual({ done: 0, more: false });
});

test('it goes slowly, and ends without a word when the server stops', async () => {
  const archives = await upload(20);
  await deleteAll([...archives.keys()].slice(1));
  const beforeBytes = usedBytes();
  const stop = new AbortController();
  const pause = vi.fn(async () => {
    stop.abort();
    stop.signal.throwIfAborted();
  });
  // Time stands still, so what is read and written has no room after the first bytes.
  const step = compact(arrangement.given, { signal: stop.signal, pause, monotonicMs: () => 0 });
  await upload(60);
  expect(await step()).toEqual({ done: 0, more: false });
  expect(pause).toHaveBeenCalledOnce();
  expect(usedBytes()).toBeGreaterThan(beforeBytes);
});

test('nothing is rewritten while the mirror is missing', async () => {
  const place = mkdtempSync(join(tmpdir(), 'moraine-compact-'));
  mkdirSync(join(place, 'first'));
  mkdirSync(join(place, 'mirror'));
  try {
    const [first, mirror] = [join(place, 'first', 'blobs'), join(place, 'mirror', 'blobs')];
    {
      await using store = await DiskBlobStore.open(first, { mirror });
      const ids = [];
      for (let index = 0; index < 20; index += 1) ids.push(await put(store));
      await store.delete(ids.slice(1));
    }
    rmSync(join(place, 'mirror'), { recursive: true });
    const path = join(first, 'segments', '00000001.seg');
    const { ino } = statSync(path);
    await using store = await DiskBlobStore.open(first, { mirror });
    const { downloads } = arrangement.given;
    expect(await compact({ blobs: store, downloads }, slowly)()).toEqual({ done: 0, more: false });
    expect(statSync(path).ino).toBe(ino);
  } finally {
    rmSync(place, { recursive: true, force: true });
  }
});
