import { randomBytes } from 'node:crypto';
import { type FileHandle, open } from 'node:fs/promises';
import { join } from 'node:path';
import { syncBytes, syncDirectory, writeAllFully } from '../../files/durable.ts';
import { Batch } from './batch.ts';
import { NONCE_BYTES, type UnplacedRecord } from './record-format.ts';
import { formatSegmentHead, SEGMENT_HEAD_BYTES, segmentName } from './segment-format.ts';

/** The segment that is being written, in every copy. After a failure it must not be used any more. */
export class SegmentFile {
  readonly number: number;
  readonly #handles: readonly FileHandle[];
  readonly #directories: readonly string[];
  readonly #nonce = randomBytes(NONCE_BYTES);
  /** Where the next batch begins: everything before is durable. 0 while not even the name of the file is. */
  #end = 0;

  private constructor(number: number, directories: readonly string[], handles: readonly FileHandle[]) {
    this.number = number;
    this.#directories = directories;
    this.#handles = handles;
  }

  /** Makes the files of a new segment; they must not be there. */
  static async create(number: number, directories: readonly string[]): Promise<SegmentFile> {
    const handles: FileHandle[] = [];
    try {
      for (const directory of directories) handles.push(await open(join(directory, segmentName(number)), 'wx', 0o600));
    } catch (error) {
      for (const handle of handles) await handle.close();
      throw error;
    }
    return new SegmentFile(number, directories, handles);
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
    await everyCopy(this.#handles, async (handle) => {
      await writeAllFully(handle, buffers, this.#end);
      await syncBytes(handle);
    });
    if (isFirst) await everyCopy(this.#directories, syncDirectory);
    this.#end += batch.bytes;
    return blobIds;
  }

  /** What it would have if these many bytes were added. */
  endWith(bytes: number): number {
    return Math.max(this.#end, SEGMENT_HEAD_BYTES) + bytes;
  }

  async close(): Promise<void> {
    await everyCopy(this.#handles, (handle) => handle.close());
  }
}

/** Does the same in all copies at once. When it fails in one, that is told when the others are done too. */
export async function everyCopy<T>(copies: readonly T[], action: (copy: T) => Promise<void>): Promise<void> {
  const done = await Promise.allSettled(copies.map(action));
  const failed = done.find((result) => result.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
}
