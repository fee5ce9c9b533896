import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { BlobDamagedError } from '../../src/blobs/blob-store.ts';
import { DiskBlobStore } from '../../src/blobs/disk.ts';
import { noise } from '../support/hashes.ts';
import { blobStoreContract } from './blob-store.ts';
import { ABOUT, idOf, listOf, put, readAll } from './blobs.ts';
import { scratchDirectory } from './scratch.ts';

const pathIn = (root: string, blobId: string): string => join(root, blobId.slice(0, 2), blobId);

describe('the disk store', () => {
  blobStoreContract(async () => {
    const root = scratchDirectory();
    return {
      store: await DiskBlobStore.open(root),
      rawBytes: (blobId) => readFile(pathIn(root, blobId)),
      setRawBytes: (blobId, bytes) => writeFile(pathIn(root, blobId), bytes),
      reopened: () => DiskBlobStore.open(root),
      [Symbol.asyncDispose]: async () => rmSync(root, { recursive: true, force: true }),
    };
  });
});

describe('on disk', () => {
  let parent = '';
  let root = '';
  beforeEach(() => {
    parent = mkdtempSync(join(tmpdir(), 'moraine-blobs-'));
    root = join(parent, 'blobs');
  });
  afterEach(() => rmSync(parent, { recursive: true, force: true }));

  const incoming = (): string[] => readdirSync(join(root, 'incoming'));
  const modeOf = (path: string): number => statSync(path).mode & 0o777;

  test('directories are 0700 and files 0600, whatever the umask', async () => {
    const umask = process.umask(0);
    try {
      const store = await DiskBlobStore.open(root);
      await using writer = await store.put();
      expect(incoming().map((name) => modeOf(join(root, 'incoming', name)))).toEqual([0o600]);
      await writer.write(noise(10));
      await writer.end();
      const blobId = await writer.commit(ABOUT);
      expect(modeOf(pathIn(root, blobId))).toBe(0o600);
      const directories = [root, ...readdirSync(root).map((name) => join(root, name))];
      expect(directories).toHaveLength(258);
      expect([...new Set(directories.map(modeOf))]).toEqual([0o700]);
    } finally {
      process.umask(umask);
    }
  });

  test('a writer leaves no file in incoming, committed or not', async () => {
    const store = await DiskBlobStore.open(root);
    {
      await using writer = await store.put();
      await writer.write(noise(10));
      expect(incoming()).toHaveLength(1);
    }
    await put(store, noise(10));
    expect(incoming()).toEqual([]);
  });

  test('opening removes what an earlier run did not finish, and nothing else', async () => {
    const kept = await put(await DiskBlobStore.open(root), noise(10));
    for (const name of [idOf('unfinished'), 'whatever']) writeFileSync(join(root, 'incoming', name), 'x');
    const store = await DiskBlobStore.open(root);
    expect(incoming()).toEqual([]);
    expect(await listOf(store)).toEqual([kept]);
  });

  test('what is not a blob is not listed', async () => {
    const store = await DiskBlobStore.open(root);
    const kept = await put(store, noise(10));
    writeFileSync(join(root, 'ab', 'README'), 'x');
    mkdirSync(join(root, 'ab', `ab${'0'.repeat(30)}`));
    symlinkSync('/etc/passwd', join(root, 'ab', `ab${'1'.repeat(30)}`));
    expect(await listOf(store)).toEqual([kept]);
  });

  test('what has its place and is not durable there yet is not listed', async () => {
    const store = await DiskBlobStore.open(root);
    await using _writer = await store.put();
    // As between the rename and the sync of the directory, when no row can mention the blob.
    for (const blobId of incoming()) writeFileSync(pathIn(root, blobId), 'x');
    expect(await listOf(store)).toEqual([]);
  });

  test('a symbolic link is not followed', async () => {
    const store = await DiskBlobStore.open(root);
    const target = await put(store, noise(10));
    const link = `ab${'2'.repeat(30)}`;
    symlinkSync(pathIn(root, target), pathIn(root, link));
    await expect(store.open(link)).rejects.toThrow(BlobDamagedError);
    await store.delete([link]);
    expect((await readAll(store, target)).equals(noise(10))).toBe(true);
  });

  test('a failed file operation makes the blob impossible to commit', async () => {
    const store = await DiskBlobStore.open(root);
    {
      await using writer = await store.put();
      await writer.write(noise(10));
      await writer.end();
      for (const blobId of incoming()) rmSync(join(root, blobId.slice(0, 2)), { recursive: true });
      await expect(writer.commit(ABOUT)).rejects.toThrow('ENOENT');
      await expect(writer.commit(ABOUT)).rejects.toThrow('it cannot be committed');
    }
    expect(incoming()).toEqual([]);
  });

  test('writers and readers give back their descriptors', async () => {
    const store = await DiskBlobStore.open(root);
    const openFiles = () => readdirSync('/proc/self/fd').length;
    const blobId = await put(store, noise(10));
    const before = openFiles();
    for (let round = 0; round < 20; round += 1) {
      await put(store, noise(10));
      await readAll(store, blobId);
      await store.stat(blobId);
      await using _writer = await store.put();
    }
    expect(openFiles()).toBeLessThanOrEqual(before);
  });
});
