import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { moveFile, removeFile, syncBytes, syncDirectory, syncFile, writeFully } from '../files/durable.ts';
import { MIB } from '../model/limits.ts';
import { type DiskCalls, openThrough } from './disk-calls.ts';
import type { FilePaths } from './file-paths.ts';

// Large bodies are flushed while they arrive, unless they go past the page cache: otherwise gigabytes of dirty pages wait for
// the last fsync, and the client waits with them.
const FLUSH_EVERY_BYTES = 32 * MIB;

/** Where a copy of a blob is written, and how. */
export interface CopyPlace {
  /** The directory of the store's copy, whose disk this is. */
  root: string;
  paths: FilePaths;
  calls: DiskCalls;
  /** There is a file of this name: the new one stays once it has taken its place, whatever fails after that. */
  isReplacement?: boolean;
  /** What is appended comes from aligned memory, and goes past the page cache where the file system allows it. */
  isDirect?: boolean;
}

/**
 * One copy of a blob as it is written: bytes to a private file, fsync, rename, fsync of the directory. Once any of these
 * fails the file must be thrown away; disposing removes what is there.
 */
export class CopyWriter implements AsyncDisposable {
  readonly #place: CopyPlace;
  readonly #handle: FileHandle;
  /** The same file, past the page cache. */
  readonly #direct: FileHandle | undefined;
  /** The calls on the file that go on, some of them perhaps when nobody waits for them any more. */
  readonly #running = new Set<Promise<unknown>>();
  /** Has the bytes of before flushed. */
  #flush: Promise<void> = Promise.resolve();
  #unflushedBytes = 0;
  #state: 'open' | 'renamed' | 'closed' = 'open';

  private constructor(place: CopyPlace, { handle, direct }: { handle: FileHandle; direct: FileHandle | undefined }) {
    this.#place = place;
    this.#handle = handle;
    this.#direct = direct;
  }

  static async open(place: CopyPlace): Promise<CopyWriter> {
    const { root, paths, calls, isDirect = false } = place;
    const through = <T>(call: () => Promise<T>) => calls.run(root, call);
    const abandon = async (opened: FileHandle): Promise<void> => {
      await opened.close();
      await removeFile(paths.incoming);
    };
    const handle = await openThrough({ through, open: () => open(paths.incoming, 'wx', 0o600), abandon });
    if (!isDirect) return new CopyWriter(place, { handle, direct: undefined });
    try {
      const direct = await openThrough({
        through,
        open: () => openDirect(paths.incoming),
        abandon: async (late) => late?.close(),
      });
      return new CopyWriter(place, { handle, direct });
    } catch (error) {
      await calls.tidy(root, () => abandon(handle));
      throw error;
    }
  }

  get root(): string {
    return this.#place.root;
  }

  /** Has `write` write so many bytes to the file. Calls may overlap; they begin in order. */
  async append<Result>(bytes: number, write: (file: FileHandle) => Promise<Result>): Promise<Result> {
    const result = await this.#run(() => write(this.#direct ?? this.#handle));
    if (this.#direct === undefined) await this.#flushBehind(bytes);
    return result;
  }

  /** Writes what comes after the frames, and makes the file durable under its name. */
  async finish(tail: Buffer, position: number): Promise<void> {
    const { paths } = this.#place;
    await this.#flush;
    await this.#run(() => writeFully(this.#handle, tail, position));
    await this.#run(() => syncFile(this.#handle));
    await this.#run(async () => {
      await this.#direct?.close();
      await this.#handle.close();
      await moveFile(paths.incoming, paths.final);
      this.#state = 'renamed';
    });
    await this.#run(() => syncDirectory(paths.directory));
  }

  /** Keeps the file, which was finished: disposing does nothing any more. */
  keep(): void {
    this.#state = 'closed';
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#state === 'closed') return;
    const { root, paths, calls, isReplacement = false } = this.#place;
    await calls.tidy(root, async () => {
      // A descriptor must not be closed under a call that still uses its number.
      await Promise.allSettled(this.#running);
      await Promise.allSettled([this.#direct?.close(), this.#handle.close()]);
      // A leftover that cannot be removed is garbage without a row, which the sweeps take.
      if (this.#state !== 'renamed') await removeFile(paths.incoming);
      else if (!isReplacement) await removeFile(paths.final);
    });
    this.#state = 'closed';
  }

  /**
   * At most one flush runs behind the writer, so the dirty bytes stay within two steps. It has a place at the disk of its own:
   * a call that waited for it would keep two.
   */
  async #flushBehind(bytes: number): Promise<void> {
    this.#unflushedBytes += bytes;
    if (this.#unflushedBytes < FLUSH_EVERY_BYTES) return;
    this.#unflushedBytes = 0;
    const last = this.#flush;
    this.#flush = last.then(() => this.#run(() => syncBytes(this.#handle)));
    this.#flush.catch(() => undefined);
    await last;
  }

  #run<Result>(call: () => Promise<Result>): Promise<Result> {
    return this.#place.calls.run(this.#place.root, () => {
      const running = call().finally(() => this.#running.delete(running));
      this.#running.add(running);
      return running;
    });
  }
}

/** Undefined where the file system, or the system, has no such thing. */
async function openDirect(path: string): Promise<FileHandle | undefined> {
  return await open(path, constants.O_WRONLY | constants.O_DIRECT).catch(() => undefined);
}
