import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { isErrno, writeFully } from '../files/durable.ts';

const BLOCK_BYTES = 4096;

/**
 * Direct I/O into one directory: whole frames go from memory to the disk without the page cache, which saves the copy and
 * leaves nothing for the last fsync to wait for. The memory must be aligned, and the file system must take it; both are
 * found out by writing the first block of a frame, at its own place, where the frame comes over it.
 */
export class DirectIo {
  /** Frames are reused, so each is asked once. */
  readonly #isTaken = new WeakMap<ArrayBufferLike, boolean>();

  /** A second descriptor of the file at `path`; undefined where the file system has no direct I/O. */
  async open(path: string): Promise<FileHandle | undefined> {
    try {
      return await open(path, constants.O_WRONLY | constants.O_DIRECT | constants.O_NOFOLLOW);
    } catch (error) {
      if (isErrno(error, 'EINVAL') || isErrno(error, 'EOPNOTSUPP')) return undefined;
      throw error;
    }
  }

  /** Whether `frame` can be written to `handle` directly. May leave its first block at `position`. */
  async takes(handle: FileHandle, frame: Buffer, position: number): Promise<boolean> {
    if (frame.length % BLOCK_BYTES !== 0 || frame.byteOffset % BLOCK_BYTES !== 0) return false;
    const known = this.#isTaken.get(frame.buffer);
    if (known !== undefined) return known;
    const taken = await takesBlock(handle, frame.subarray(0, BLOCK_BYTES), position);
    this.#isTaken.set(frame.buffer, taken);
    return taken;
  }
}

async function takesBlock(handle: FileHandle, block: Buffer, position: number): Promise<boolean> {
  try {
    await writeFully(handle, block, position);
    return true;
  } catch (error) {
    if (isErrno(error, 'EINVAL')) return false;
    throw error;
  }
}
