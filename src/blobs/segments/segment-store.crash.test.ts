import { hash, randomBytes } from 'node:crypto';
import {
  cpSync,
  fstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { ABOUT, testMasterKeys } from '../../../test/support/blob-fixtures.ts';
import { KIB } from '../../model/limits.ts';
import { BlobMissingError } from '../blob-store.ts';
import { SegmentStore } from './segment-store.ts';

/**
 * The store is stopped before each of its file calls that make something durable, and once more behind it. What is on the disk
 * then is, of a program that was killed, all that was written; of a machine that lost power, only what was synced.
 */
const steps = vi.hoisted(() => {
  // Other files may have loaded the store before.
  vi.resetModules();
  return {
    before: async (_call: string, _subject: unknown): Promise<void> => {},
    after: (_call: string, _subject: unknown): void => {},
  };
});
afterAll(() => {
  vi.doUnmock('../../files/durable.ts');
  vi.resetModules();
});

vi.mock('../../files/durable.ts', async (importOriginal) => {
  const real: Record<string, (...args: unknown[]) => unknown> = await importOriginal();
  const watched = ['writeFully', 'writeAllFully', 'syncBytes', 'syncFile', 'syncDirectory', 'moveFile', 'removeFile'];
  const wrapped = watched.map((name) => [
    name,
    async (...args: unknown[]) => {
      await steps.before(name, args[0]);
      const result = await real[name]?.(...args);
      steps.after(name, args[0]);
      return result;
    },
  ]);
  return { ...real, ...Object.fromEntries(wrapped) };
});

let parent = '';
beforeEach(() => {
  parent = mkdtempSync(join(tmpdir(), 'moraine-crash-'));
  mkdirSync(join(parent, 'live', 'mirror'), { recursive: true });
});
afterEach(() => {
  steps.before = async () => {};
  steps.after = () => {};
  rmSync(parent, { recursive: true, force: true });
});

/** What survives a power cut: the bytes of each file as they were synced last, under names that were synced. */
class SyncedDisk {
  readonly #bytes = new Map<number, Buffer>();
  readonly #names = new Map<string, Map<string, number>>();

  synced(call: string, subject: unknown): void {
    if (call === 'syncDirectory') {
      const directory = subject as string;
      const entries = readdirSync(directory).map((name): [string, number] => [
        name,
        statSync(join(directory, name)).ino,
      ]);
      this.#names.set(directory, new Map(entries));
    }
    if (call !== 'syncBytes' && call !== 'syncFile') return;
    const { fd } = subject as FileHandle;
    this.#bytes.set(fstatSync(fd).ino, readFileSync(`/proc/self/fd/${fd}`));
  }

  writeTo(root: string, live: string): void {
    for (const [directory, names] of this.#names) {
      const copy = join(root, relative(live, directory));
      for (const [name, ino] of names) {
        mkdirSync(copy, { recursive: true });
        if (this.#names.has(join(directory, name))) continue;
        if (name.includes('.')) writeFileSync(join(copy, name), this.#bytes.get(ino) ?? '');
      }
    }
  }
}

/** What the store has told at some moment. */
interface Told {
  kept: Map<string, Buffer>;
  gone: Set<string>;
}

const open = (root: string, keys: number[] = [1]) =>
  SegmentStore.open({
    directories: [join(root, 'segments'), join(root, 'mirror', 'segments')],
    masterKeys: testMasterKeys(keys[0] ?? 1, ...keys.slice(1)),
    segmentBytesMax: 24 * KIB,
    // So that two segments are written at once.
    batchBytesMax: 8 * KIB,
  });

async function expectTold(root: string, { kept, gone }: Told): Promise<void> {
  await using store = await open(root, [2, 1]);
  for (const pass of ['found', 'compacted']) {
    for (const [id, bytes] of kept) expect((await store.read(id)).bytes, `${pass} ${id}`).toEqual(bytes);
    for (const id of gone) await expect(store.read(id), `${pass} ${id}`).rejects.toThrow(BlobMissingError);
    if (pass === 'found') await store.compact();
  }
  for await (const { blobId } of store.list()) {
    if (!kept.has(blobId)) expect(gone.has(blobId), blobId).toBe(false);
  }
  for (const id of kept.keys()) expect((await store.verify(id)).state).toMatch(/intact|repaired/);
}

describe.each(['kill', 'power cut'] as const)('%s', (kind) => {
  test('nothing that was told is untrue afterwards', async () => {
    const live = join(parent, 'live');
    const told: Told = { kept: new Map(), gone: new Set() };
    const disk = new SyncedDisk();
    const crashes: { root: string; told: Told }[] = [];
    let calls = 0;
    const every = process.env.MORAINE_TEST_FAULTS === 'whole' ? 1 : 5;
    const crash = (): void => {
      calls += 1;
      if (calls % every !== 0) return;
      const root = join(parent, `crash-${calls}`);
      mkdirSync(join(root, 'mirror'), { recursive: true });
      if (kind === 'kill') cpSync(live, root, { recursive: true });
      else disk.writeTo(root, live);
      crashes.push({ root, told: { kept: new Map(told.kept), gone: new Set(told.gone) } });
    };
    steps.before = async () => crash();
    steps.after = (call, subject) => disk.synced(call, subject);
    await exercise(live, told);
    steps.before = async () => {};
    steps.after = () => {};
    expect(crashes.length).toBeGreaterThan(10);
    for (const { root, told: then } of crashes) {
      await expectTold(root, then);
      rmSync(root, { recursive: true });
    }
  }, 120_000);
});

/** Adds, deletes, compacts, repairs and rewraps, and keeps the account of it. */
async function exercise(live: string, told: Told): Promise<void> {
  await using store = await open(live);
  const add = async (size: number) => {
    const bytes = randomBytes(size);
    const id = await store.add({ bytes, leaf: hash('sha256', bytes, 'buffer'), about: ABOUT });
    told.kept.set(id, bytes);
  };
  const remove = async (ids: string[]) => {
    for (const id of ids) told.kept.delete(id);
    await store.delete(ids);
    for (const id of ids) told.gone.add(id);
  };
  await Promise.all([1, 100, 3000, 9000].map(add));
  await Promise.all([500, 12_000, 700].map(add));
  const ids = [...told.kept.keys()];
  await Promise.all([remove(ids.slice(0, 2)), add(10), remove(ids.slice(4, 6))]);
  await Promise.all([store.compact(), add(2000), remove(ids.slice(2, 3))]);
  const [damaged = ''] = told.kept.keys();
  const path = join(live, 'segments', `${damaged.slice(0, 8)}.seg`);
  writeFileSync(path, readFileSync(path).subarray(0, -200));
  expect((await store.verify(damaged)).state).toMatch(/intact|repaired/);
  await store.rewrap({ masterKeys: testMasterKeys(2, 1) });
  await remove([...told.kept.keys()].slice(0, 3));
  await store.compact();
}
