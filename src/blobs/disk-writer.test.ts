import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { ABOUT } from '../../test/support/blob-fixtures.ts';
import { noise } from '../../test/support/hashes.ts';
import { limits, MIB } from '../model/limits.ts';
import { DiskBlobStore } from './disk.ts';
import { isFileBlobId } from './file-paths.ts';

let root = '';
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'moraine-writer-'));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

test.each([
  [limits.segmentBlobBytesMax, false],
  [limits.segmentBlobBytesMax + 1, true],
  [MIB, true],
])(
  'of a blob of %i bytes nothing is kept in memory if it is large: it has a file of its own: %s',
  async (size, hasFile) => {
    await using store = await DiskBlobStore.open(join(root, 'blobs'));
    await using writer = await store.put();
    await writer.write(noise(size));
    await writer.end();
    expect(isFileBlobId(await writer.commit(ABOUT))).toBe(hasFile);
  },
);

test('behind a small frame comes none', async () => {
  await using store = await DiskBlobStore.open(join(root, 'blobs'));
  await using writer = await store.put();
  await writer.write(noise(10));
  await expect(writer.write(noise(10))).rejects.toThrow(RangeError);
});
