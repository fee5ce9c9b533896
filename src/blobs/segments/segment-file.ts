import { randomBytes } from 'node:crypto';
import { type FileHandle, open } from 'node:fs/promises';
import { join } from 'node:path';
import { syncBytes, syncDirectory, writeAllFully } from '../../files/durable.ts';
import { KIB, MIB } from '../../model/limits.ts';
import { Batch } from './batch.ts';
import { NONCE_BYTES, type UnplacedRecord } from './record-format.ts';
import { formatSegmentHead, SEGMENT_HEAD_BYTES, segmentName } from './segment-format.ts';

/**
 * Small batches are written over zeros that are on the disk already, some mebibytes at a time: where the file does not grow and
 * gets no new blocks, a sync is one write of the bytes, and waits for no commit of the file system's journal. Large batches
 * would pay for writing twice what they save.
 */
const ZEROS = Buffer.alloc(MIB);
const ZEROS_AHEAD_BYTES = 4 * MIB;
const ZEROED_BATCH_BYTES_MAX = 512 * KIB;

/** The segment that is being written, in every copy. After a failure it must not be used any more. */
export class SegmentFile {
  readonly number: number;
  readonly #handles: readonly FileHandle[];
  readonly #directories: readonly string[];
  readonly #nonce = randomBytes(NONCE_BYTES);
  /** Where the next batch begins: everything before is durable. 0 while not even the name of the file is. */
  #end = 0;
  /** To where the file reaches, with zeros behind the last batch. */
  #reach = 0;
  readonly #bytesMax: number;

  private constructor({ number, directories, bytesMax }: NewSegment, handles: readonly FileHandle[]) {
    this.number = number;
    this.#bytesMax = bytesMax;
    this.#directories = directories;
    this.#handles = handles;
  }

  /** Makes the files of a new segment; they must not be there. */
  static async create(segment: NewSegment): Promise<SegmentFile> {
    const { number, directories } = segment;
    const handles: FileHandle[] = [];
    try {
      for (const directory of directories) handles.push(await open(join(directory, segmentName(number)), 'wx', 0o600));
    } catch (error) {
      for (const handle of handles) await handle.close();
      throw error;
    }
    return new SegmentFile(segment, handles);
  }

  get end(): number {
    return this.#end;
  }

  /** Writes records behind one another and makes them durable; returns the ids of their blobs. */
  async append(records: readonly UnplacedRecord[], room: Buffer): Promise<string[]> {
    const batch = new Batch(room);
    const isFirst = this.#end === 0;
    if (isFirst) batch.addBytes(formatSegmentHead({ form: 'appended', number: this.number, nonce: this.#nonce }));
    const blobIds = records.map((record) =>
      batch.add(record, { segment: this.number, offset: this.#end + batch.bytes, nonce: this.#nonce }),
    );
    const buffers = batch.close();
    const reach = Math.max(this.#reach, this.#end + batch.bytes);
    const zeros = reach > this.#reach && batch.bytes <= ZEROED_BATCH_BYTES_MAX ? zerosUpTo(this.#bytesMax - reach) : [];
    buffers.push(...zeros);
    await everyCopy(this.#handles, async (handle) => {
      await writeAllFully(handle, buffers, this.#end);
      await syncBytes(handle);
    });
    if (isFirst) await everyCopy(this.#directories, syncDirectory);
    this.#end += batch.bytes;
    this.#reach = reach + zeros.reduce((sum, { length }) => sum + length, 0);
    return blobIds;
  }

  /** What it would have if these many bytes were added. */
  endWith(bytes: number): number {
    return Math.max(this.#end, SEGMENT_HEAD_BYTES) + bytes;
  }

  /** Closes the file and cuts off what was not needed of the zeros. */
  async finish(): Promise<void> {
    if (this.#reach > this.#end) await everyCopy(this.#handles, (handle) => handle.truncate(this.#end));
    await this.close();
  }

  async close(): Promise<void> {
    await everyCopy(this.#handles, (handle) => handle.close());
  }
}

export interface NewSegment {
  number: number;
  directories: readonly string[];
  bytesMax: number;
}

function zerosUpTo(bytes: number): Buffer[] {
  const count = Math.max(0, Math.floor(Math.min(bytes, ZEROS_AHEAD_BYTES) / ZEROS.length));
  return Array.from({ length: count }, () => ZEROS);
}

/** Does the same in all copies at once. When it fails in one, that is told when the others are done too. */
export async function everyCopy<T>(copies: readonly T[], action: (copy: T) => Promise<void>): Promise<void> {
  const done = await Promise.allSettled(copies.map(action));
  const failed = done.find((result) => result.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
}
