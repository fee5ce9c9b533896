import { randomUUID } from 'node:crypto';
import { type FileHandle, open, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { isErrno, writeFully } from '../files/durable.ts';
import { MIB } from '../model/limits.ts';

// Large objects are flushed while they grow: otherwise gigabytes of dirty pages wait for the last fsync.
const FLUSH_EVERY_BYTES = 32 * MIB;

/**
 * A file on its way: it has a name that nobody looks for, until it is moved. Once a call on it has failed it can only be
 * removed.
 */
export class UnfinishedFile implements AsyncDisposable {
  readonly path: string;
  readonly #handle: FileHandle;
  #sizeBytes = 0;
  #unflushedBytes = 0;
  #state: 'open' | 'whole' | 'broken' | 'moved' = 'open';

  private constructor(path: string, handle: FileHandle) {
    this.path = path;
    this.#handle = handle;
  }

  static async openIn(directory: string): Promise<UnfinishedFile> {
    const path = join(directory, randomUUID());
    return new UnfinishedFile(path, await open(path, 'wx', 0o600));
  }

  async write(bytes: Uint8Array): Promise<void> {
    await this.#guard(async () => {
      await writeFully(this.#handle, bytes, this.#sizeBytes);
      this.#sizeBytes += bytes.length;
      this.#unflushedBytes += bytes.length;
      if (this.#unflushedBytes < FLUSH_EVERY_BYTES) return;
      await this.#handle.datasync();
      this.#unflushedBytes = 0;
    });
  }

  /** Makes the bytes durable; nothing can be written after that. */
  async close(): Promise<void> {
    await this.#guard(async () => {
      await this.#handle.sync();
      await this.#handle.close();
    });
    this.#state = 'whole';
  }

  /** Has `move` give the file its name. */
  async moveBy(move: (path: string) => Promise<void>): Promise<void> {
    if (this.#state !== 'whole') throw new Error('only a whole file may get its name');
    await move(this.path);
    this.#state = 'moved';
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#state === 'moved') return;
    const wasOpen = this.#state !== 'whole';
    this.#state = 'moved';
    if (wasOpen) await this.#handle.close().catch(() => undefined);
    try {
      await unlink(this.path);
    } catch (error) {
      if (!isErrno(error, 'ENOENT')) throw error;
    }
  }

  async #guard(call: () => Promise<void>): Promise<void> {
    if (this.#state !== 'open') throw new Error('a file that is whole, or failed, takes no more');
    try {
      await call();
    } catch (error) {
      this.#state = 'broken';
      throw error;
    }
  }
}
