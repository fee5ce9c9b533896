import type { FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';
import { isErrno, readFully } from '../../files/durable.ts';
import { type DiskCalls, openThrough } from '../disk-calls.ts';
import type { OnFault } from '../store-faults.ts';

/** The disk that a copy of the segments is on: all their file calls pass here, and each failure is told of. */
export class CopyDisk {
  /** Of the segments. */
  readonly directory: string;
  /** The directory of the store's copy, by which its disk is known. */
  readonly root: string;
  readonly #calls: DiskCalls;
  readonly #onFault: OnFault;

  constructor({ directory, calls, onFault }: { directory: string; calls: DiskCalls; onFault: OnFault }) {
    this.directory = directory;
    this.root = dirname(directory);
    this.#calls = calls;
    this.#onFault = onFault;
  }

  /** Changes something. The call must not be repeated with the same file, nor its buffers be used again, when it fails. */
  async run<T>(call: () => Promise<T>): Promise<T> {
    return await this.#told('write', () => this.#calls.run(this.root, call));
  }

  async read<T>(call: () => Promise<T>): Promise<T> {
    return await this.#told('read', () => this.#calls.read(this.root, call));
  }

  /** Cleans up; a failure is nobody's business, and a disk that hangs keeps nobody. */
  async tidy(call: () => Promise<unknown>): Promise<void> {
    await this.#calls.tidy(this.root, call);
  }

  /** Opens a file. One that opens when nobody waits any more is closed. */
  async open<T extends FileHandle | undefined>(kind: 'run' | 'read', open: () => Promise<T>): Promise<T> {
    const through = (call: () => Promise<T>) => this[kind](call);
    return await openThrough({ through, open, abandon: async (late) => late?.close() });
  }

  async #told<T>(kind: 'read' | 'write', call: () => Promise<T>): Promise<T> {
    try {
      return await call();
    } catch (error) {
      const isGone = isErrno(error, 'ENOENT');
      this.#onFault({ kind: isGone ? 'missing' : kind, directory: this.root, error: error as Error });
      throw error;
    }
  }
}

/** A file that is read by way of its disk. */
export class DiskFile {
  readonly #disk: CopyDisk;
  readonly #handle: FileHandle;

  constructor(disk: CopyDisk, handle: FileHandle) {
    this.#disk = disk;
    this.#handle = handle;
  }

  /** As `readFully`; `into` must not be used again when it fails. */
  async read(into: Buffer, position: number): Promise<Buffer> {
    return await this.#disk.read(() => readFully(this.#handle, into, position));
  }

  async size(): Promise<number> {
    return (await this.#disk.read(() => this.#handle.stat())).size;
  }

  async close(): Promise<void> {
    await this.#disk.tidy(() => this.#handle.close());
  }
}
