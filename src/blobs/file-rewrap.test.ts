import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, expect, test, vi } from 'vitest';
import { testMasterKeys } from '../../test/support/blob-fixtures.ts';
import { plainFrameWork } from '../frames/plain.ts';
import { MIB } from '../model/limits.ts';
import { straightCalls } from './disk-calls.ts';
import { FILE_DIRECTORIES, INCOMING } from './file-paths.ts';
import { FileStore } from './file-store.ts';
import type { MasterKeys } from './master-keys.ts';

/** A disk under the page cache: a sync that fails has lost what was written, though the file shows it. */
const disk = vi.hoisted(() => {
  // Other files may have loaded the store before, with disks that do nothing wrong, or may load it after.
  vi.resetModules();
  return {
    durable: Buffer.alloc(0),
    dirty: [] as { bytes: Buffer; position: number }[],
    failsSyncs: 0,
    afterSync: () => undefined as unknown,
  };
});
afterAll(() => {
  vi.doUnmock('../files/durable.ts');
  vi.resetModules();
});

vi.mock('../files/durable.ts', async (importOriginal) => {
  const real: typeof import('../files/durable.ts') = await importOriginal();
  return {
    ...real,
    async writeFully(...[handle, bytes, position]: Parameters<typeof real.writeFully>) {
      disk.dirty.push({ bytes: Buffer.from(bytes), position });
      await real.writeFully(handle, bytes, position);
    },
    async syncFile() {
      const written = disk.dirty.splice(0);
      if (disk.failsSyncs > 0) {
        disk.failsSyncs -= 1;
        throw Object.assign(new Error('EIO: i/o error, fsync'), { code: 'EIO' });
      }
      for (const { bytes, position } of written) bytes.copy(disk.durable, position);
      disk.afterSync();
    },
  };
});

let root = '';
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'moraine-rewrap-'));
  // Made beforehand: a store would make each of them with a call of its own.
  for (const name of [INCOMING, ...FILE_DIRECTORIES]) mkdirSync(join(root, name));
});
afterEach(() => {
  disk.afterSync = () => undefined;
  rmSync(root, { recursive: true, force: true });
});

function open(masterKeys: MasterKeys): Promise<FileStore> {
  const frames = plainFrameWork('for tests');
  return FileStore.open({ roots: [root], calls: straightCalls, frames, masterKeys, onFault: () => undefined });
}

test.each([1, 2])(
  'a slot whose sync %i failed is not believed: no key is wiped before another is durable',
  async (sync) => {
    const store = await open(testMasterKeys(1));
    await using writer = await store.put();
    for (const size of [MIB, 9]) await writer.write(Buffer.alloc(size, 7));
    await writer.end();
    const blobId = await writer.commit({ kind: 'output', createdAtMs: 1 });
    const path = join(root, blobId.slice(0, 2), blobId);
    disk.durable = readFileSync(path);
    disk.dirty = [];

    const rotating = await open(testMasterKeys(2, 1));
    for (let run = 0; run < 2; run += 1) {
      disk.failsSyncs = run === 0 && sync === 1 ? 1 : 0;
      disk.afterSync = () => {
        if (run === 0 && sync === 2) disk.failsSyncs = 1;
        disk.afterSync = () => undefined;
      };
      const { failed } = await rotating.rewrap({});
      expect(failed.size).toBe(run === 0 ? 1 : 0);
    }
    writeFileSync(path, disk.durable);
    const after = await open(testMasterKeys(2));
    await using reader = await after.open(blobId);
    expect((await reader.readFrame(1, Buffer.alloc(MIB))).equals(Buffer.alloc(9, 7))).toBe(true);
  },
);
