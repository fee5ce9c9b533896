import { mkdirSync, mkdtempSync, readdirSync, readlinkSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, expect, test, vi } from 'vitest';
import { DiskGate, DiskHungError } from '../files/disk-gate.ts';
import { MIB } from '../model/limits.ts';
import { CopyWriter } from './copy-writer.ts';
import { filePathsIn } from './file-paths.ts';

/** Resolves when the disk answers. Other files may have loaded the writer before, with disks that always do, or may load it after. */
const disk = vi.hoisted(() => {
  vi.resetModules();
  return { answer: Promise.withResolvers<void>(), flushes: 0 };
});
afterAll(() => {
  vi.doUnmock('../files/durable.ts');
  vi.resetModules();
});

vi.mock('../files/durable.ts', async (importOriginal) => ({
  ...(await importOriginal<typeof import('../files/durable.ts')>()),
  async syncBytes() {
    disk.flushes += 1;
    await disk.answer.promise;
  },
}));

const blobId = 'ab'.repeat(16);
let root = '';
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'moraine-copy-'));
  mkdirSync(join(root, 'incoming'));
  mkdirSync(join(root, 'ab'));
  Object.assign(disk, { answer: Promise.withResolvers<void>(), flushes: 0 });
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const writerAt = (gate: DiskGate) => CopyWriter.open({ root, paths: filePathsIn(root, blobId), calls: gate });

test('a flush that the disk does not answer counts, and the file is not closed under it', async () => {
  const gate = new DiskGate({ atOnceMax: { reads: 1, writes: 2 }, callMsMax: 250 });
  {
    await using writer = await writerAt(gate);
    await writer.append(32 * MIB, async () => undefined);
    await vi.waitFor(() => expect(gate.hung).toEqual([root]));
    await expect(writer.append(1, async () => undefined)).rejects.toThrow(DiskHungError);
  }
  expect(readdirSync(join(root, 'incoming'))).toEqual([blobId]);
  disk.answer.resolve();
  await vi.waitFor(() => expect(readdirSync(join(root, 'incoming'))).toEqual([]));
});

test('whoever waits for a flush keeps no place at the disk that it needs', async () => {
  disk.answer.resolve();
  await using writer = await writerAt(new DiskGate({ atOnceMax: { reads: 1, writes: 1 }, callMsMax: 60_000 }));
  for (let step = 0; step < 4; step += 1) await writer.append(32 * MIB, async () => undefined);
  await writer.finish(Buffer.from('tail'), 0);
  expect(disk.flushes).toBe(4);
});

test('a disk that stands still between the two ways into a file leaves neither open, nor the file', async () => {
  let calls = 0;
  const hung = new DiskHungError(root);
  const gate = {
    run<T>(_: string, call: () => Promise<T>): Promise<T> {
      calls += 1;
      return calls === 2 ? Promise.reject(hung) : call();
    },
    read: <T>(_: string, call: () => Promise<T>) => call(),
    tidy: async (_: string, call: () => Promise<unknown>) => void (await call()),
  };
  const openFiles = () => readdirSync('/proc/self/fd').filter((fd) => linkOf(fd).includes(root));
  const opening = CopyWriter.open({ root, paths: filePathsIn(root, blobId), calls: gate, isDirect: true });
  await expect(opening).rejects.toThrow(hung);
  expect([readdirSync(join(root, 'incoming')), openFiles()]).toEqual([[], []]);
});

function linkOf(fd: string): string {
  try {
    return readlinkSync(`/proc/self/fd/${fd}`);
  } catch {
    return '';
  }
}
