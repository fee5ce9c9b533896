import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { DiskBlobStore, type DiskStoreOptions } from '../../src/blobs/disk.ts';
import type { StoreFault } from '../../src/blobs/store-faults.ts';
import { testMasterKeys } from '../support/blob-fixtures.ts';
import { MIB, noise, treeHash } from '../support/hashes.ts';
import { ABOUT, framesOf, listOf, put, readAll, surveyOf } from './blobs.ts';
import { corrupted, corruptions } from './corruptions.ts';
import { scratchDirectory } from './scratch.ts';

const RUNS = 150;
const RUNS_MS_MAX = 120_000;
const large = noise(2 * MIB + 100, 'mirrored');
const small = noise(1000, 'mirrored');

let scratch = '';
let first = '';
let place = '';
let mirror = '';
let faults: StoreFault[] = [];
beforeEach(() => {
  scratch = scratchDirectory();
  first = join(scratch, 'first', 'blobs');
  place = join(scratch, 'second');
  mirror = join(place, 'blobs');
  mkdirSync(dirname(first));
  faults = [];
});
afterEach(() => rmSync(scratch, { recursive: true, force: true }));

const open = (options: Partial<DiskStoreOptions> = {}): Promise<DiskBlobStore> =>
  DiskBlobStore.open(first, { mirror, onFault: (fault) => void faults.push(fault), ...options });
const fileIn = (root: string, blobId: string): string => join(root, blobId.slice(0, 2), blobId);
const bytesIn = (root: string, blobId: string): Buffer => readFileSync(fileIn(root, blobId));
const filesIn = (root: string): string[] =>
  readdirSync(root, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(root.length));

describe.each([
  ['plain', {}],
  ['sealed', { masterKeys: testMasterKeys(1) }],
])('two copies (%s)', (_, options) => {
  test('are the same to the byte, and so is what deleting leaves', async () => {
    await using store = await open(options);
    const blobIds = [await put(store, large), await put(store, small)];
    expect(statSync(place).mode & 0o777).toBe(0o700);
    const files = filesIn(first);
    expect(filesIn(mirror).sort()).toEqual(files.sort());
    for (const file of files)
      expect(readFileSync(join(mirror, file)).equals(readFileSync(join(first, file)))).toBe(true);
    await store.delete(blobIds);
    expect(await listOf(store)).toEqual([]);
    expect(existsSync(fileIn(mirror, blobIds[0] ?? ''))).toBe(false);
    expect(faults).toEqual([]);
  });

  test(
    'make each other whole again, whatever befalls one of them',
    async () => {
      await using store = await open(options);
      const blobId = await put(store, large);
      const whole = bytesIn(first, blobId);
      const other = bytesIn(first, await put(store, noise(MIB + 1, 'other')));
      await fc.assert(
        fc.asyncProperty(corruptions, fc.constantFrom(first, mirror), async (corruption, root) => {
          const damaged = corrupted(whole, corruption, { other });
          if (damaged === undefined) rmSync(fileIn(root, blobId));
          else writeFileSync(fileIn(root, blobId), damaged);
          const isDamaged = damaged === undefined || !damaged.equals(whole);
          expect((await readAll(store, blobId)).equals(large)).toBe(true);
          const { state, treeHash: found } = await store.verify(blobId);
          expect({ state, found }).toEqual({ state: isDamaged ? 'repaired' : 'intact', found: treeHash(large) });
          expect(bytesIn(root, blobId).equals(whole)).toBe(true);
          expect((await store.verify(blobId)).state).toBe('intact');
        }),
        { numRuns: RUNS },
      );
      expect(readdirSync(join(first, 'incoming'))).toEqual([]);
    },
    RUNS_MS_MAX,
  );

  test('with damage in different frames make one whole blob; in the same one, none', async () => {
    await using store = await open(options);
    const blobId = await put(store, large);
    const flip = (root: string, at: number): void => {
      const bytes = bytesIn(root, blobId);
      bytes[at] = (bytes[at] ?? 0) ^ 1;
      writeFileSync(fileIn(root, blobId), bytes);
    };
    flip(first, 10);
    flip(mirror, MIB + 10);
    expect((await readAll(store, blobId)).equals(large)).toBe(true);
    expect(faults.map(({ kind, directory }) => [kind, directory])).toEqual([['damage', first]]);
    expect(await store.verify(blobId)).toMatchObject({ state: 'repaired', treeHash: treeHash(large) });
    expect(bytesIn(first, blobId).equals(bytesIn(mirror, blobId))).toBe(true);
    for (const root of [first, mirror]) flip(root, 10);
    expect(await store.verify(blobId)).toMatchObject({ state: 'damaged', treeHash: null });
    await expect(readAll(store, blobId)).rejects.toThrow('frame 0 does not match its checksum');
  });

  test('one of which is gone is made anew on a disk that is marked, blob by blob', async () => {
    let store = await open(options);
    const blobIds = [await put(store, large), await put(store, noise(MIB + 5))];
    await store[Symbol.asyncDispose]();
    for (const root of [first, mirror]) {
      renameSync(dirname(root), `${dirname(root)}.lost`);
      mkdirSync(root, { recursive: true });
      writeFileSync(join(root === first ? root : dirname(root), 'new-copy'), '');
      store = await open(options);
      expect((await listOf(store)).sort()).toEqual(blobIds.toSorted());
      expect(await surveyOf(store)).toHaveLength(2);
      for (const blobId of blobIds) expect((await store.verify(blobId)).state).toBe('repaired');
      for (const blobId of blobIds) expect(bytesIn(first, blobId).equals(bytesIn(mirror, blobId))).toBe(true);
      await store[Symbol.asyncDispose]();
    }
  });
});

describe('a mirror', () => {
  test('that is not mounted lets nothing be written, and what is there be read', async () => {
    const before = await open();
    const blobId = await put(before, large);
    await before[Symbol.asyncDispose]();
    rmSync(place, { recursive: true });
    for (const isMountPoint of [false, true]) {
      if (isMountPoint) mkdirSync(place);
      faults = [];
      await using store = await open();
      expect(faults.map(({ kind, directory }) => [kind, directory])).toEqual([['missing', mirror]]);
      await expect(store.put()).rejects.toThrow(`nothing is written: the mirror is not in ${place}`);
      await expect(store.delete([blobId])).rejects.toThrow('nothing is written');
      expect((await readAll(store, blobId)).equals(large)).toBe(true);
      expect(existsSync(mirror)).toBe(false);
    }
  });

  test('that goes away refuses what comes, leaves nothing of it, and is told of', async () => {
    await using store = await open();
    const blobId = await put(store, large);
    renameSync(place, `${place}.away`);
    await expect(put(store, large)).rejects.toThrow('ENOENT');
    expect(faults.map(({ kind, directory }) => [kind, directory])).toEqual([['write', mirror]]);
    expect(readdirSync(join(first, 'incoming'))).toEqual([]);
    expect((await readAll(store, blobId)).equals(large)).toBe(true);
    renameSync(`${place}.away`, place);
    expect((await readAll(store, await put(store, large))).equals(large)).toBe(true);
  });

  test('that fails at the end takes the first copy with it', async () => {
    await using store = await open();
    {
      await using writer = await store.put();
      for (const frame of framesOf(large)) await writer.write(Buffer.from(frame));
      await writer.end();
      const [blobId = ''] = readdirSync(join(first, 'incoming'));
      rmSync(join(mirror, blobId.slice(0, 2)), { recursive: true });
      await expect(writer.commit(ABOUT)).rejects.toThrow('ENOENT');
      await expect(writer.commit(ABOUT)).rejects.toThrow('it cannot be committed');
      mkdirSync(join(mirror, blobId.slice(0, 2)));
    }
    expect(await listOf(store)).toEqual([]);
    expect([...readdirSync(join(first, 'incoming')), ...readdirSync(join(mirror, 'incoming'))]).toEqual([]);
  });

  test('can be given to a store that has blobs, and the scrub fills it', async () => {
    const alone = await open({ mirror: undefined });
    const blobIds = [await put(alone, large), await put(alone, small)];
    await alone[Symbol.asyncDispose]();
    await using store = await open();
    for (const blobId of blobIds) expect((await store.verify(blobId)).state).toBe('repaired');
    expect(bytesIn(first, blobIds[0] ?? '').equals(bytesIn(mirror, blobIds[0] ?? ''))).toBe(true);
  });

  test('of another store, with something in it, or in the same place is refused', async () => {
    await (await open())[Symbol.asyncDispose]();
    const strange = join(scratch, 'strange');
    await (await DiskBlobStore.open(join(scratch, 'first'), {}))[Symbol.asyncDispose]();
    cpSync(join(scratch, 'first'), join(strange, 'blobs'), { recursive: true });
    await expect(open({ mirror: join(strange, 'blobs') })).rejects.toThrow(`${strange} is the mirror of another store`);
    const full = join(scratch, 'full');
    mkdirSync(full);
    writeFileSync(join(full, 'letter'), 'mine');
    const other = join(scratch, 'other', 'blobs');
    mkdirSync(dirname(other));
    await expect(DiskBlobStore.open(other, { mirror: join(full, 'blobs') })).rejects.toThrow(`${full} is no mirror`);
    for (const inside of [dirname(first), join(dirname(first), 'mirror'), scratch]) {
      await expect(open({ mirror: join(inside, 'blobs') })).rejects.toThrow('lie in one another');
    }
    await expect(open({ mirror: join(scratch, 'no', 'such', 'blobs') })).resolves.toBeDefined();
  });

  test('is not begun below a directory that is not there', async () => {
    await expect(open({ mirror: join(scratch, 'no', 'such', 'blobs') })).rejects.toThrow('cannot be made: there is no');
  });
});
