import { closeSync, constants, openSync, writeSync } from 'node:fs';
import { type FileHandle, open, rename, stat } from 'node:fs/promises';

/**
 * A file of lines that only grows until it has its size. Then it becomes `<path>.1`, what was `<path>.1` becomes
 * `<path>.2`, and the oldest is gone. Nobody but its owner can read it, a symbolic link in its place is refused, and a file
 * that was moved or deleted by others is begun anew. Written here because the package made for it (rotating-file-stream)
 * ends for good at the first full disk.
 */
const FLAGS = constants.O_RDWR | constants.O_APPEND | constants.O_CREAT | constants.O_NOFOLLOW;
const PRIVATE = 0o600;
const MODE_BITS = 0o777;
const LINE_END = '\n'.charCodeAt(0);

export interface RotatingFileOptions {
  path: string;
  /** No file grows beyond it, as long as no single append does. */
  fileBytesMax: number;
  /** The one that is written counts. */
  filesMax: number;
}

export class RotatingFile {
  readonly #options: RotatingFileOptions;
  #handle: FileHandle | undefined;
  #sizeBytes = 0;

  constructor(options: RotatingFileOptions) {
    this.#options = options;
  }

  /** Opens the file without writing to it. Throws what the system says. */
  async open(): Promise<void> {
    this.#handle ??= await this.#opened();
  }

  /** Adds whole lines. When it throws, none of them is in the file. */
  async append(lines: Buffer): Promise<void> {
    if (this.#handle !== undefined && !(await this.#isStillThere(this.#handle))) await this.close();
    await this.open();
    if (this.#sizeBytes > 0 && this.#sizeBytes + lines.length > this.#options.fileBytesMax) await this.#rotate();
    const handle = this.#handle;
    if (handle === undefined) throw new Error('the file is not open');
    try {
      await writeAll(handle, lines);
      this.#sizeBytes += lines.length;
    } catch (error) {
      await handle.truncate(this.#sizeBytes).catch(() => undefined);
      await this.close();
      throw error;
    }
  }

  /** For the end of the process: adds lines in whatever state the file is, or does not. */
  appendAtExit(lines: Buffer): void {
    try {
      const fd = openSync(this.#options.path, FLAGS, PRIVATE);
      for (let rest = lines; rest.length > 0; ) rest = rest.subarray(writeSync(fd, rest));
      closeSync(fd);
    } catch {
      // The lines are lost, as they would be a moment later.
    }
  }

  async close(): Promise<void> {
    const handle = this.#handle;
    this.#handle = undefined;
    // What was written was written.
    await handle?.close().catch(() => undefined);
  }

  async #opened(): Promise<FileHandle> {
    const handle = await open(this.#options.path, FLAGS, PRIVATE);
    try {
      const stats = await handle.stat();
      const { mode, size } = stats;
      if (!stats.isFile()) throw new Error(`${this.#options.path} is not a file`);
      if ((mode & MODE_BITS) !== PRIVATE) await handle.chmod(PRIVATE);
      this.#sizeBytes = size;
      // A process that was killed may have left half a line.
      if (size > 0 && (await lastByte(handle, size)) !== LINE_END) {
        await writeAll(handle, Buffer.from('\n'));
        this.#sizeBytes += 1;
      }
      return handle;
    } catch (error) {
      await handle.close();
      throw error;
    }
  }

  /** Also takes note of how large others have made it: programs that rotate logs empty files, too. */
  async #isStillThere(handle: FileHandle): Promise<boolean> {
    const [ours, there] = await Promise.all([handle.stat(), stat(this.#options.path).catch(() => undefined)]);
    this.#sizeBytes = ours.size;
    return there?.ino === ours.ino && there.dev === ours.dev;
  }

  async #rotate(): Promise<void> {
    const { path, filesMax } = this.#options;
    await this.close();
    for (let number = filesMax - 1; number > 0; number -= 1) {
      await renameIfThere(number === 1 ? path : `${path}.${number - 1}`, `${path}.${number}`);
    }
    await this.open();
  }
}

async function writeAll(handle: FileHandle, bytes: Buffer): Promise<void> {
  for (let rest = bytes; rest.length > 0; ) rest = rest.subarray((await handle.write(rest)).bytesWritten);
}

async function lastByte(handle: FileHandle, sizeBytes: number): Promise<number | undefined> {
  const { buffer } = await handle.read(Buffer.alloc(1), 0, 1, sizeBytes - 1);
  return buffer[0];
}

async function renameIfThere(from: string, to: string): Promise<void> {
  try {
    await rename(from, to);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
}
