import { constants } from 'node:fs';
import { access, type FileHandle, open, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { isErrno } from '../../files/durable.ts';
import { limits } from '../../model/limits.ts';
import { type CopyDisk, DiskFile } from './copy-disk.ts';
import {
  MAP_FOOTER_BYTES,
  mapOf,
  type PackedMap,
  parseFileName,
  parseMap,
  parseMapFooter,
  parseSegmentHead,
  SEGMENT_HEAD_BYTES,
  type SegmentHead,
  segmentName,
} from './segment-format.ts';
import { walkSegment } from './walk.ts';

/** A segment that is open for reading. */
export interface OpenSegment {
  readonly file: DiskFile;
  readonly number: number;
  /** Undefined when it is damaged. */
  readonly head: SegmentHead | undefined;
  /** Of a packed segment. */
  readonly map: PackedMap | undefined;
  /** False when the map is damaged: `map` is then what was found of the records. */
  readonly isMapWhole: boolean;
}

interface Cached {
  opened: Promise<OpenSegment | undefined>;
  users: number;
  /** No longer in the cache: whoever uses it last closes it. */
  dropped: boolean;
}

/** The segments in one directory. Those that were read last stay open, with their maps. */
export class SegmentCopy {
  readonly disk: CopyDisk;
  readonly #cached = new Map<number, Cached>();

  constructor(disk: CopyDisk) {
    this.disk = disk;
  }

  get directory(): string {
    return this.disk.directory;
  }

  pathOf(number: number): string {
    return join(this.directory, segmentName(number));
  }

  async has(number: number): Promise<boolean> {
    return await this.disk.read(() => isThere(this.pathOf(number)));
  }

  /** The numbers of the segments that are there, or of their holes, in order. */
  async numbers(kind: 'seg' | 'holes'): Promise<number[]> {
    const found = (await this.disk.read(() => readdir(this.directory))).map(parseFileName);
    return found.flatMap((file) => (file?.kind === kind ? file.number : [])).sort((a, b) => a - b);
  }

  /** The segment, open until what is returned is disposed; its `segment` is undefined when there is none of this number. */
  async borrow(number: number): Promise<AsyncDisposable & { segment: OpenSegment | undefined }> {
    const cached = this.#take(number);
    cached.users += 1;
    let segment: OpenSegment | undefined;
    const giveBack = async () => {
      cached.users -= 1;
      if (segment === undefined) this.#drop(number, cached);
      this.#dropSome();
      await closeUnused(cached);
    };
    try {
      segment = await cached.opened;
      return { segment, [Symbol.asyncDispose]: giveBack };
    } catch (error) {
      await giveBack();
      throw error;
    }
  }

  /** Readers that begin from now on see the file that is there now. */
  async forget(number: number): Promise<void> {
    const cached = this.#cached.get(number);
    if (cached === undefined) return;
    this.#drop(number, cached);
    await closeUnused(cached);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const number of [...this.#cached.keys()]) await this.forget(number);
  }

  #take(number: number): Cached {
    const cached = this.#cached.get(number) ?? {
      opened: openSegment(this, number),
      users: 0,
      dropped: false,
    };
    // Again at the end: what was used last is dropped last.
    this.#cached.delete(number);
    this.#cached.set(number, cached);
    return cached;
  }

  #drop(number: number, cached: Cached): void {
    cached.dropped = true;
    if (this.#cached.get(number) === cached) this.#cached.delete(number);
  }

  /** Files in use stay: their number is bounded by that of the readers. */
  #dropSome(): void {
    for (const [number, cached] of this.#cached) {
      if (this.#cached.size <= limits.segmentsOpenMax) return;
      if (cached.users > 0) continue;
      this.#drop(number, cached);
      closeUnused(cached).catch(() => undefined);
    }
  }
}

async function closeUnused(cached: Cached): Promise<void> {
  if (!cached.dropped || cached.users > 0) return;
  const segment = await cached.opened.catch(() => undefined);
  await segment?.file.close();
}

/** Undefined when there is no such file. */
async function openSegment(copy: SegmentCopy, number: number): Promise<OpenSegment | undefined> {
  const handle = await openFile(copy, number);
  if (handle === undefined) return undefined;
  const file = new DiskFile(copy.disk, handle);
  try {
    const head = parseSegmentHead(await file.read(Buffer.alloc(SEGMENT_HEAD_BYTES), 0));
    if (head?.form === 'appended') return { file, number, head, map: undefined, isMapWhole: true };
    const map = await readMap(file, number);
    if (map !== undefined) return { file, number, head, map, isMapWhole: true };
    return { file, number, head, map: await mapByWalking(file, { number, head }), isMapWhole: false };
  } catch (error) {
    await file.close();
    throw error;
  }
}

/** A link in the place of the file is refused. */
async function openFile(copy: SegmentCopy, number: number): Promise<FileHandle | undefined> {
  return await copy.disk.open('read', async () => {
    try {
      return await open(copy.pathOf(number), constants.O_RDONLY | constants.O_NOFOLLOW);
    } catch (error) {
      if (isErrno(error, 'ENOENT')) return undefined;
      throw error;
    }
  });
}

async function isThere(path: string): Promise<boolean> {
  try {
    await access(path);
    return true;
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return false;
    throw error;
  }
}

async function readMap(file: DiskFile, number: number): Promise<PackedMap | undefined> {
  const size = await file.size();
  const footerAt = size - MAP_FOOTER_BYTES;
  if (footerAt < 0) return undefined;
  const footer = parseMapFooter(await file.read(Buffer.alloc(MAP_FOOTER_BYTES), footerAt), size);
  if (footer === undefined) return undefined;
  const bytes = await file.read(Buffer.alloc(size - footer.mapAt), footer.mapAt);
  return bytes.length === size - footer.mapAt ? parseMap(bytes, number) : undefined;
}

/** What the map must have been, as the records say that are found. */
async function mapByWalking(file: DiskFile, { number, head }: Pick<OpenSegment, 'number' | 'head'>) {
  const entries: [number, number][] = [];
  for await (const found of walkSegment({ file, number, head })) {
    if (found.kind === 'record') entries.push([found.head.offset, found.place]);
  }
  return mapOf(entries);
}
