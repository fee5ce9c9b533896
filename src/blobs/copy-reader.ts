import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { isErrno } from '../files/durable.ts';
import type { FrameWork } from '../frames/frame-work.ts';
import { BlobDamagedError, BlobMissingError, FRAME_BYTES } from './blob-store.ts';
import { type DiskCalls, openThrough } from './disk-calls.ts';
import { filePathsIn } from './file-paths.ts';
import { type ReadTail, readTail } from './file-tail.ts';
import { KeyDamagedError, KeyMissingError, type MasterKeys } from './master-keys.ts';

/** One copy of a blob that has a file, opened for reading. */
export class CopyReader implements AsyncDisposable {
  readonly root: string;
  readonly tail: ReadTail;
  readonly #blobId: string;
  readonly #calls: DiskCalls;
  readonly #handle: FileHandle;
  /** The calls on the file that go on, some of them perhaps when nobody waits for them any more. */
  readonly #running = new Set<Promise<unknown>>();

  private constructor(copy: { root: string; blobId: string; calls: DiskCalls }, handle: FileHandle, tail: ReadTail) {
    this.root = copy.root;
    this.#blobId = copy.blobId;
    this.#calls = copy.calls;
    this.#handle = handle;
    this.tail = tail;
  }

  /** Opens the copy under `root`. Throws BlobMissingError and BlobDamagedError. */
  static async open(copy: { root: string; blobId: string; calls: DiskCalls }): Promise<CopyReader> {
    const { root, blobId, calls } = copy;
    const path = filePathsIn(root, blobId).final;
    return await openThrough({
      through: (call) => calls.read(root, call),
      async open() {
        const handle = await openFile(path, blobId);
        try {
          return new CopyReader(copy, handle, await readTail(handle, blobId));
        } catch (error) {
          await handle.close();
          throw error;
        }
      },
      abandon: (late) => late[Symbol.asyncDispose](),
    });
  }

  /** The key of a sealed blob, undefined of another one. Throws KeyMissingError, and BlobDamagedError when there is none. */
  dataKey(masterKeys: MasterKeys | null): Buffer | undefined {
    const { keys } = this.tail;
    if (keys === null) return undefined;
    let missing: Error | undefined;
    for (const { wrapped } of keys.keys) {
      try {
        if (masterKeys === null) throw new KeyMissingError(wrapped.toString('hex', 0, 8));
        return masterKeys.unwrap(wrapped);
      } catch (error) {
        if (error instanceof KeyMissingError) missing ??= error;
        else if (!(error instanceof KeyDamagedError)) throw error;
      }
    }
    throw missing ?? new BlobDamagedError(this.#blobId, 'its key was changed');
  }

  /** Throws BlobDamagedError when a slot of its key was changed, even if it can be done without. */
  expectWholeKeys(): void {
    const { keys } = this.tail;
    if (keys !== null && (keys.broken.length > 0 || keys.keys.length === 0)) {
      throw new BlobDamagedError(this.#blobId, 'its key was changed');
    }
  }

  /**
   * Reads a frame into `into`, verified and opened. Throws RangeError when there is none with this index, and
   * BlobDamagedError; after that, `into` holds something else.
   */
  async readFrame(
    index: number,
    { into, frames, dataKey }: { into: Buffer; frames: FrameWork; dataKey: Buffer | undefined },
  ): Promise<Buffer> {
    const { sizeBytes, checks, checkBytes } = this.tail;
    const position = index * FRAME_BYTES;
    if (position < 0 || position >= sizeBytes) throw new RangeError(`there is no frame ${index}`);
    const frame = into.subarray(0, Math.min(FRAME_BYTES, sizeBytes - position));
    const check = checks.subarray(index * checkBytes, (index + 1) * checkBytes);
    const seal = dataKey === undefined ? {} : { seal: { key: dataKey, index } };
    const state = await this.#read(() => frames.read(this.#handle.fd, frame, { position, check, ...seal }));
    if (state === 'intact') return frame;
    const what = state === 'short' ? 'is cut short' : 'does not match its checksum';
    throw new BlobDamagedError(this.#blobId, `frame ${index} ${what}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // A descriptor must not be closed under a call that still uses its number.
    const ended = Promise.allSettled(this.#running).then(() => this.#handle.close());
    if (this.#running.size === 0) await ended;
    else ended.catch(() => undefined);
  }

  async #read<Result>(call: () => Promise<Result>): Promise<Result> {
    let isRunning = false;
    try {
      return await this.#calls.read(this.root, () => {
        isRunning = true;
        const running = call().finally(() => {
          isRunning = false;
          this.#running.delete(running);
        });
        this.#running.add(running);
        return running;
      });
    } catch (error) {
      throw isRunning ? new StillReadingError(error as Error) : error;
    }
  }
}

/** Nobody waits for a read any more, but it goes on: its buffer may change at any time, and must not be used again. */
export class StillReadingError extends Error {
  constructor(cause: Error) {
    super(cause.message, { cause });
    this.name = 'StillReadingError';
  }
}

/** A symbolic link is never one of ours, whatever it points to; nor is a pipe, which an open would wait for. */
async function openFile(path: string, blobId: string): Promise<FileHandle> {
  const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK } = constants;
  try {
    return await open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  } catch (cause) {
    if (isErrno(cause, 'ENOENT')) throw new BlobMissingError(blobId, { cause });
    if (isErrno(cause, 'ELOOP')) throw new BlobDamagedError(blobId, 'its file is a symbolic link', { cause });
    throw cause;
  }
}
