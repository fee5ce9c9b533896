import { constants } from 'node:fs';
import { link, open, readdir, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { isErrno, makeDirectory, readFully, syncDirectory, writeFully } from '../files/durable.ts';
import { limits } from '../model/limits.ts';
import { parseLockRecord } from './lock-record-format.ts';
import type { LockRecordStore } from './lock-record-store.ts';

const NAME = /^(\d{10})\.json$/;
const UNFINISHED = '.unfinished';

/**
 * Lock records as files, `<root>/0000000001.json` and so on, the same ones in each of some directories (one, or one on each of
 * two disks). Each is durable in all of them, as is its name, before it counts; what one has lost or changed is read from the
 * other.
 */
export class DiskLockRecords implements LockRecordStore {
  readonly #roots: readonly string[];

  private constructor(roots: readonly string[]) {
    this.#roots = roots;
  }

  /**
   * Opens the records in these directories, which are made if need be, and fills in what one of them lacks and another has.
   * Their parents must be there.
   */
  static async open(roots: readonly string[]): Promise<DiskLockRecords> {
    for (const root of roots) {
      await makeDirectory(root);
      await syncDirectory(join(root, '..'));
      for (const name of await readdir(root)) if (name.endsWith(UNFINISHED)) await unlink(join(root, name));
    }
    const records = new DiskLockRecords(roots);
    if (roots.length > 1) await records.#fill();
    return records;
  }

  /** The records as they are, to read them beside the server that writes them; none where the directories are not there. */
  static openToRead(roots: readonly string[]): DiskLockRecords {
    return new DiskLockRecords(roots);
  }

  async numbers(): Promise<number[]> {
    const numbers = await Promise.all(this.#roots.map(numbersIn));
    return [...new Set(numbers.flat())].sort((a, b) => a - b);
  }

  async read(number: number): Promise<string | undefined> {
    const texts: string[] = [];
    const failures: unknown[] = [];
    for (const root of this.#roots) {
      try {
        const text = await textIn(pathIn(root, number));
        if (text !== undefined && isRight(text, number)) return text;
        if (text !== undefined) texts.push(text);
      } catch (error) {
        failures.push(error);
      }
    }
    if (failures.length > 0) throw failures[0];
    return texts[0];
  }

  async add(number: number, text: string): Promise<void> {
    const added: string[] = [];
    try {
      for (const root of this.#roots) {
        await addTo(root, number, text);
        added.push(root);
      }
    } catch (error) {
      for (const root of added) await takeBack(root, number);
      throw error;
    }
  }

  /** What one directory lacks: a mirror that is new, or that was added to before the power went. */
  async #fill(): Promise<void> {
    for (const number of await this.numbers()) {
      const text = await this.read(number);
      if (text === undefined || !isRight(text, number)) continue;
      for (const root of this.#roots) {
        if (!(await numbersIn(root)).includes(number)) await addTo(root, number, text);
      }
    }
  }
}

const pathIn = (root: string, number: number): string => join(root, `${String(number).padStart(10, '0')}.json`);

function isRight(text: string, number: number): boolean {
  const found = parseLockRecord(text);
  return found?.intact === true && found.record.number === number;
}

async function textIn(path: string): Promise<string | undefined> {
  const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK } = constants;
  try {
    await using file = await open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
    const bytes = await readFully(file, Buffer.alloc(limits.lockRecordBytesMax + 1), 0);
    return bytes.length > limits.lockRecordBytesMax ? undefined : bytes.toString('utf8');
  } catch (error) {
    // A link, or a directory, that somebody has put there.
    if (['ENOENT', 'ELOOP', 'EISDIR', 'ENXIO', 'ESPIPE'].some((code) => isErrno(error, code))) return undefined;
    throw error;
  }
}

async function addTo(root: string, number: number, text: string): Promise<void> {
  const path = pathIn(root, number);
  const unfinished = path + UNFINISHED;
  let named = false;
  try {
    await writeNew(unfinished, text);
    // Unlike a rename, a link never takes the place of something else.
    await link(unfinished, path);
    named = true;
    await unlink(unfinished);
    await syncDirectory(root);
  } catch (error) {
    await unlink(unfinished).catch(() => undefined);
    if (named) await takeBack(root, number);
    throw error;
  }
}

/** A name that may or may not be durable must be gone for sure, or nobody could say what is on the disk. */
async function takeBack(root: string, number: number): Promise<void> {
  await unlink(pathIn(root, number));
  await syncDirectory(root);
}

async function numbersIn(root: string): Promise<number[]> {
  try {
    return (await readdir(root)).flatMap((name) => NAME.exec(name)?.[1] ?? []).map(Number);
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
