import { constants } from 'node:fs';
import { link, open, readdir, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { isErrno, makeDirectory, readFully, syncDirectory, writeFully } from '../files/durable.ts';
import { limits } from '../model/limits.ts';
import type { LockRecordStore } from './lock-record-store.ts';

const NAME = /^(\d{10})\.json$/;
const UNFINISHED = '.unfinished';

/** Lock records as files, `<root>/0000000001.json` and so on. Each is durable, as is its name, before it counts. */
export class DiskLockRecords implements LockRecordStore {
  readonly #root: string;

  private constructor(root: string) {
    this.#root = root;
  }

  /** Opens the records in the directory `root`, which is made if need be. Its parent must be there. */
  static async open(root: string): Promise<DiskLockRecords> {
    await makeDirectory(root);
    await syncDirectory(join(root, '..'));
    for (const name of await readdir(root)) if (name.endsWith(UNFINISHED)) await unlink(join(root, name));
    return new DiskLockRecords(root);
  }

  /** The records in `root` as they are, to read them beside the server that writes them; none where it is not there. */
  static openToRead(root: string): DiskLockRecords {
    return new DiskLockRecords(root);
  }

  async numbers(): Promise<number[]> {
    const names = await namesIn(this.#root);
    return names
      .flatMap((name) => NAME.exec(name)?.[1] ?? [])
      .map(Number)
      .sort((a, b) => a - b);
  }

  async read(number: number): Promise<string | undefined> {
    const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK } = constants;
    try {
      await using file = await open(this.#pathOf(number), O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
      const bytes = await readFully(file, Buffer.alloc(limits.lockRecordBytesMax + 1), 0);
      return bytes.length > limits.lockRecordBytesMax ? undefined : bytes.toString('utf8');
    } catch (error) {
      // A link, or a directory, that somebody has put there.
      if (['ENOENT', 'ELOOP', 'EISDIR', 'ENXIO', 'ESPIPE'].some((code) => isErrno(error, code))) return undefined;
      throw error;
    }
  }

  async add(number: number, text: string): Promise<void> {
    const path = this.#pathOf(number);
    const unfinished = path + UNFINISHED;
    let named = false;
    try {
      await writeNew(unfinished, text);
      // Unlike a rename, a link never takes the place of something else.
      await link(unfinished, path);
      named = true;
      await unlink(unfinished);
      await syncDirectory(this.#root);
    } catch (error) {
      await unlink(unfinished).catch(() => undefined);
      if (named) await this.#takeBack(path);
      throw error;
    }
  }

  /** A name that may or may not be durable must be gone for sure, or nobody could say what is on the disk. */
  async #takeBack(path: string): Promise<void> {
    await unlink(path);
    await syncDirectory(this.#root);
  }

  #pathOf(number: number): string {
    return join(this.#root, `${String(number).padStart(10, '0')}.json`);
  }
}

async function namesIn(path: string): Promise<string[]> {
  try {
    return await readdir(path);
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return [];
    throw error;
  }
}

async function writeNew(path: string, text: string): Promise<void> {
  await using file = await open(path, 'wx', 0o600);
  await writeFully(file, Buffer.from(text), 0);
  await file.sync();
}
