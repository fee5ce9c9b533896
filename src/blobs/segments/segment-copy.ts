import { constants } from 'node:fs';
import { access, type FileHandle, open, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { isErrno, readFully } from '../../files/durable.ts';
import { limits } from '../../model/limits.ts';
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
  readonly handle: FileHandle;
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
  readonly directory: string;
  readonly #cached = new Map<number, Cached>();

  constructor(directory: string) {
    this.directory = directory;
  }

  pathOf(number: number): string {
    return join(this.directory, segmentName(number));
  }

  async has(number: number): Promise<boolean> {
    try {
      await access(this.pathOf(number));
      return true;
    } catch (error) {
      if (isErrno(error, 'ENOENT')) return false;
      throw error;
    }
  }

  /** The numbers of the segments that are there, or of their holes, in order. */
  async numbers(kind: 'seg' | 'holes'): Promise<number[]> {
    const found = (await readdir(this.directory)).map(parseFileName);
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
      opened: openSegment(this.pathOf(number), number),
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
  await segment?.handle.close();
}

/** Undefined when there is no such file. */
async function openSegment(path: string, number: number): Promise<OpenSegment | undefined> {
  const handle = await openFile(path);
  if (handle === undefined) return undefined;
  try {
    const head = parseSegmentHead(await readFully(handle, Buffer.alloc(SEGMENT_HEAD_BYTES), 0));
    if (head?.form === 'appended') return { handle, number, head, map: undefined, isMapWhole: true };
    const map = await readMap(handle, number);
    if (map !== undefined) return { handle, number, head, map, isMapWhole: true };
    return { handle, number, head, map: await mapByWalking(handle, { number, head }), isMapWhole: false };
  } catch (error) {
    await handle.close();
    throw error;
  }
}

async function openFile(path: string): Promise<FileHandle | undefined> {
  try {
    return await open(path, constants.O_RDONLY | constants.O_NOFOLLOW);
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return undefined;
    throw error;
  }
}

async function readMap(handle: FileHandle, number: number): Promise<PackedMap | undefined> {
  const { size } = await handle.stat();
  const footerAt = size - MAP_FOOTER_BYTES;
  if (footerAt < 0) return undefined;
  const footer = parseMapFooter(await readFully(handle, Buffer.alloc(MAP_FOOTER_BYTES), footerAt), size);
  if (footer === undefined) return undefined;
  const bytes = await readFully(handle, Buffer.alloc(size - footer.mapAt), footer.mapAt);
  return bytes.length === size - footer.mapAt ? parseMap(bytes, number) : undefined;
}

/** What the map must have been, as the records say that are found. */
async function mapByWalking(handle: FileHandle, { number, head }: Pick<OpenSegment, 'number' | 'head'>) {
  const entries: [number, number][] = [];
  for await (const found of walkSegment({ handle, number, head })) {
    if (found.kind === 'record') entries.push([found.head.offset, found.place]);
  }
  return mapOf(entries);
}
