import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import {
  isErrno,
  moveFile,
  readFully,
  removeFile,
  syncBytes,
  syncDirectory,
  syncFile,
  writeFully,
} from '../../files/durable.ts';
import { limits } from '../../model/limits.ts';
import type { CopyDisk } from './copy-disk.ts';
import { formatHoles, HOLE_BYTES, type Hole, type Holes, parseHoles } from './holes-format.ts';
import type { SegmentPlace } from './segment-blob-id.ts';
import { everyCopy } from './segment-file.ts';
import { holesName, INCOMING } from './segment-format.ts';

/**
 * Which records were deleted, of every segment: `<segment>.holes` in every copy. A hole counts when any copy has it, and is noted
 * in all of them before anybody is told. A file whose sync failed is not appended to again: it is replaced.
 */
export class HoleBook {
  readonly #disks: readonly CopyDisk[];
  /** By segment; those that were asked for last are last. */
  readonly #known = new Map<number, Holes>();
  readonly #reading = new Map<number, Promise<Holes>>();
  /** Segments and holes that are known. */
  #count = 0;
  /** Segments with a file that must be replaced. */
  readonly #broken = new Set<number>();
  readonly #last = new Map<number, Promise<unknown>>();

  constructor(disks: readonly CopyDisk[]) {
    this.#disks = disks;
  }

  /** The holes of a segment. Nobody but this book may change them. */
  async of(segment: number): Promise<Holes> {
    const known = this.#known.get(segment);
    if (known !== undefined) {
      this.#known.delete(segment);
      this.#known.set(segment, known);
      return known;
    }
    const reading = this.#reading.get(segment) ?? this.#read(segment);
    this.#reading.set(segment, reading);
    try {
      return await reading;
    } finally {
      this.#reading.delete(segment);
    }
  }

  async has({ segment, offset, random }: SegmentPlace & { random: Buffer }): Promise<boolean> {
    const holes = await this.of(segment);
    return holes.size > 0 && holes.get(offset) === random.toString('hex');
  }

  /** Notes holes durably. */
  async add(segment: number, holes: readonly Hole[]): Promise<void> {
    await this.exclusively(segment, async () => {
      const known = await this.of(segment);
      const fresh = holes.filter(({ offset, random }) => known.get(offset) !== random.toString('hex'));
      if (fresh.length === 0 && !this.#broken.has(segment)) return;
      try {
        const isBroken = this.#broken.has(segment);
        await everyCopy(this.#disks, (disk) =>
          disk.run(() =>
            isBroken
              ? replaceFile({ directory: disk.directory, segment, holes: [...holesOf(known), ...fresh] })
              : appendToFile({ directory: disk.directory, segment, holes: fresh }),
          ),
        );
        this.#broken.delete(segment);
      } catch (error) {
        this.#broken.add(segment);
        throw error;
      }
      // Whichever map readers have by now: the one from before may have been forgotten and read anew.
      for (const map of [known, await this.of(segment)]) {
        for (const { offset, random } of fresh) map.set(offset, random.toString('hex'));
      }
      if (this.#known.has(segment)) this.#count += fresh.length;
    });
  }

  /** Nobody notes holes of this segment while `action` runs. */
  async exclusively<T>(segment: number, action: () => Promise<T>): Promise<T> {
    const done = (this.#last.get(segment) ?? Promise.resolve()).then(action);
    const end = done.then(
      () => undefined,
      () => undefined,
    );
    this.#last.set(segment, end);
    try {
      return await done;
    } finally {
      if (this.#last.get(segment) === end) this.#last.delete(segment);
    }
  }

  /** Removes the holes of a segment, none of whose records is there any more. To be called within `exclusively`. */
  async remove(segment: number): Promise<void> {
    for (const disk of this.#disks) await disk.run(() => removeFile(join(disk.directory, holesName(segment))));
    this.#forget(segment);
    this.#broken.delete(segment);
  }

  async #read(segment: number): Promise<Holes> {
    const holes: Holes = new Map();
    const failures: unknown[] = [];
    for (const disk of this.#disks) {
      try {
        parseHoles(await disk.read(() => contentOf(join(disk.directory, holesName(segment)))), segment, holes);
      } catch (error) {
        failures.push(error);
      }
    }
    // What was told is in every copy, so one will do; but it may lack what another one has, so it is read again.
    if (failures.length === this.#disks.length) throw failures[0];
    if (failures.length > 0) return holes;
    this.#known.set(segment, holes);
    this.#count += 1 + holes.size;
    for (const other of this.#known.keys()) {
      if (this.#count <= limits.holesCachedMax || other === segment) break;
      this.#forget(other);
    }
    return holes;
  }

  #forget(segment: number): void {
    this.#count -= 1 + (this.#known.get(segment)?.size ?? -1);
    this.#known.delete(segment);
  }
}

const holesOf = (holes: Holes): Hole[] =>
  [...holes].map(([offset, random]) => ({ offset, random: Buffer.from(random, 'hex') }));

interface Noted {
  directory: string;
  segment: number;
  holes: readonly Hole[];
}

async function appendToFile({ directory, segment, holes }: Noted): Promise<void> {
  const path = join(directory, holesName(segment));
  await using handle = await open(path, constants.O_RDWR | constants.O_CREAT | constants.O_NOFOLLOW, 0o600);
  const { size } = await handle.stat();
  // Behind an entry that was written in part, if there is one: nothing is written over.
  await writeFully(handle, formatHoles(segment, holes), Math.ceil(size / HOLE_BYTES) * HOLE_BYTES);
  await syncBytes(handle);
  if (size === 0) await syncDirectory(directory);
}

async function replaceFile({ directory, segment, holes }: Noted): Promise<void> {
  const unfinished = join(directory, INCOMING, holesName(segment));
  await removeFile(unfinished);
  await writeNew(unfinished, formatHoles(segment, holes));
  await moveFile(unfinished, join(directory, holesName(segment)));
  await syncDirectory(directory);
}

async function writeNew(path: string, bytes: Buffer): Promise<void> {
  await using handle = await open(path, 'wx', 0o600);
  await writeFully(handle, bytes, 0);
  await syncFile(handle);
}

async function contentOf(path: string): Promise<Buffer> {
  try {
    await using handle = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW);
    const { size } = await handle.stat();
    return await readFully(handle, Buffer.alloc(size), 0);
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return Buffer.alloc(0);
    throw error;
  }
}
