import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { join } from 'node:path';
import { isErrno, removeFile, syncBytes, syncDirectory, writeAllFully } from '../../files/durable.ts';
import { KIB, MIB } from '../../model/limits.ts';
import { alignedMemory } from './aligned-memory.ts';
import { Batch } from './batch.ts';
import type { CopyDisk } from './copy-disk.ts';
import { NONCE_BYTES, type UnplacedRecord } from './record-format.ts';
import { formatSegmentHead, SEGMENT_HEAD_BYTES, segmentName } from './segment-format.ts';

/**
 * Small batches are written over zeros that are on the disk already, some mebibytes at a time: where the file does not grow and
 * gets no new blocks, a sync is one write of the bytes, and waits for no commit of the file system's journal. Large batches
 * would pay for writing twice what they save.
 */
const ZEROS_BYTES = MIB;
const ZEROS_AHEAD_BYTES = 4 * MIB;
const ZEROED_BATCH_BYTES_MAX = 512 * KIB;

/** The segment that is being written, in every copy. After a failure it must not be used any more. */
export class SegmentFile {
  readonly number: number;
  readonly #files: readonly CopyFile[];
  readonly #nonce = randomBytes(NONCE_BYTES);
  /** Where the next batch begins: everything before is durable. 0 while not even the name of the file is. */
  #end = 0;
  /** To where the file reaches, with zeros behind the last batch. */
  #reach = 0;
  readonly #bytesMax: number;

  private constructor({ number, bytesMax }: NewSegment, files: readonly CopyFile[]) {
    this.number = number;
    this.#bytesMax = bytesMax;
    this.#files = files;
  }

  /** Makes the files of a new segment; they must not be there. */
  static async create(segment: NewSegment): Promise<SegmentFile> {
    const { number, disks, isDirect } = segment;
    const files: CopyFile[] = [];
    try {
      for (const disk of disks) {
        const path = join(disk.directory, segmentName(number));
        files.push({ disk, handle: await disk.open('run', () => openNew(path, isDirect)) });
      }
    } catch (error) {
      for (const { disk, handle } of files) await disk.tidy(() => handle.close());
      throw error;
    }
    return new SegmentFile(segment, files);
  }

  get end(): number {
    return this.#end;
  }

  /**
   * Writes records behind one another and makes them durable; returns the ids of their blobs. When it fails, `room` must not be
   * used again.
   */
  async append(records: readonly UnplacedRecord[], room: Buffer): Promise<string[]> {
    const batch = new Batch(room);
    const isFirst = this.#end === 0;
    if (isFirst) batch.addBytes(formatSegmentHead({ form: 'appended', number: this.number, nonce: this.#nonce }));
    const blobIds = records.map((record) =>
      batch.add(record, { segment: this.number, offset: this.#end + batch.bytes, nonce: this.#nonce }),
    );
    const buffers = [batch.close()];
    const reach = Math.max(this.#reach, this.#end + batch.bytes);
    const zeros = reach > this.#reach && batch.bytes <= ZEROED_BATCH_BYTES_MAX ? zerosUpTo(this.#bytesMax - reach) : [];
    buffers.push(...zeros);
    const at = this.#end;
    await everyCopy(this.#files, ({ disk, handle }) =>
      disk.run(async () => {
        await writeAllFully(handle, buffers, at);
        await syncBytes(handle);
      }),
    );
    if (isFirst) await everyCopy(this.#files, ({ disk }) => disk.run(() => syncDirectory(disk.directory)));
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
    const end = this.#end;
    if (this.#reach > end) await everyCopy(this.#files, ({ disk, handle }) => disk.run(() => handle.truncate(end)));
    await this.close();
  }

  /** A file on a disk that hangs is closed when it does not any more, and nobody waits for that. */
  async close(): Promise<void> {
    await everyCopy(this.#files, ({ disk, handle }) => disk.tidy(() => handle.close()));
  }
}

interface CopyFile {
  disk: CopyDisk;
  handle: FileHandle;
}

export interface NewSegment {
  number: number;
  disks: readonly CopyDisk[];
  bytesMax: number;
  /** Whether the room of batches begins on a page. */
  isDirect: boolean;
}

/** Past the page cache where the file system does that: nothing is copied, and the sync has nothing left to write. */
async function openNew(path: string, isDirect: boolean): Promise<FileHandle> {
  const { O_WRONLY, O_CREAT, O_EXCL, O_DIRECT } = constants;
  try {
    return await open(path, O_WRONLY | O_CREAT | O_EXCL | (isDirect ? O_DIRECT : 0), 0o600);
  } catch (error) {
    if (!isDirect || !isErrno(error, 'EINVAL')) throw error;
    // Some file systems make the file before they refuse it.
    await removeFile(path);
    return openNew(path, false);
  }
}

let zeroBytes: Buffer | undefined;

function zerosUpTo(bytes: number): Buffer[] {
  const count = Math.max(0, Math.floor(Math.min(bytes, ZEROS_AHEAD_BYTES) / ZEROS_BYTES));
  zeroBytes ??= alignedMemory(ZEROS_BYTES).memory;
  return Array<Buffer>(count).fill(zeroBytes);
}

/** Does the same in all copies at once. When it fails in one, that is told when the others are done too. */
export async function everyCopy<T>(copies: readonly T[], action: (copy: T) => Promise<void>): Promise<void> {
  const done = await Promise.allSettled(copies.map(action));
  const failed = done.find((result) => result.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
}
