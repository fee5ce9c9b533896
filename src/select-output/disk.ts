import { lstat, opendir, readdir, realpath, rename, rm, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isErrno, makeDirectory, syncDirectory } from '../files/durable.ts';
import { findDirectory, inTheWay, makeDirectories, prune, removeEmpty } from './directories.ts';
import { checkBucketName, checkKey } from './names.ts';
import { BucketOwners } from './owners.ts';
import { type NamingRules, namesOf } from './paths.ts';
import {
  type ObjectWriter,
  type OutputFolder,
  type OutputObject,
  OutputRefusedError,
  type SelectOutput,
} from './select-output.ts';
import { settingsText } from './settings-text.ts';
import { UnfinishedFile } from './unfinished-file.ts';

/**
 * Objects as files: `<root>/<bucket>/<key>`, written under `<root>/.incoming` and renamed when whole. What they are to be
 * stored with is in a second tree of the same shape, `<root>/.settings/<bucket>/<key>`, so that it can take no object's
 * name; no bucket's name begins with a dot.
 */
const INCOMING = '.incoming';
const SETTINGS = '.settings';
const OWNERS = '.owners';

export class DiskOutput implements SelectOutput {
  readonly #root: string;
  readonly #rules: NamingRules;
  readonly #owners: BucketOwners;
  /** Names are changed one change after the other, so that no directory goes that a file is about to be moved to. */
  #turn: Promise<unknown> = Promise.resolve();

  private constructor(root: string, rules: NamingRules) {
    this.#root = root;
    this.#rules = rules;
    this.#owners = new BucketOwners(join(root, OWNERS));
  }

  /** Opens the folder `root`, which is made if need be; its parent must be there. What an earlier run left unfinished goes. */
  static async open(root: string): Promise<DiskOutput> {
    await makeDirectory(root);
    await syncDirectory(join(root, '..'));
    const real = await realpath(root);
    for (const name of [INCOMING, SETTINGS, OWNERS]) await makeDirectories({ root: real, names: [name] });
    await syncDirectory(real);
    const incoming = join(real, INCOMING);
    for (const name of await readdir(incoming)) await rm(join(incoming, name), { recursive: true, force: true });
    return new DiskOutput(real, { foldsCase: await foldsCase(incoming) });
  }

  async put(object: OutputObject, bytes: Uint8Array): Promise<void> {
    await using writer = await this.begin(object);
    await writer.write(bytes);
    await writer.finish();
  }

  async begin(object: OutputObject): Promise<ObjectWriter> {
    checkBucketName(object.bucketName);
    checkKey(object.key);
    const { accountId, bucketName } = object;
    await this.#owners.claim(bucketName, { accountId, write: (text) => this.#fileOf(text) });
    const file = await UnfinishedFile.openIn(join(this.#root, INCOMING));
    return {
      write: (bytes) => file.write(bytes),
      finish: () => this.#finish(object, file),
      [Symbol.asyncDispose]: () => file[Symbol.asyncDispose](),
    };
  }

  async delete({ accountId, bucketName }: Omit<OutputFolder, 'prefix'>, keys: readonly string[]): Promise<void> {
    checkBucketName(bucketName);
    for (const key of keys) checkKey(key);
    if (!(await this.#owners.owns(bucketName, accountId))) return;
    for (const key of keys) {
      const names = namesOf(key, this.#rules);
      const directory = names.slice(0, -1);
      await this.#inTurn(async () => {
        for (const top of [[bucketName], [SETTINGS, bucketName]]) {
          const place = { root: this.#root, names: [...top, ...directory] };
          const found = await findDirectory(place);
          if (found === undefined || !(await removeFile(join(found, names.at(-1) ?? '')))) continue;
          await prune(place, { depthMin: top.length });
        }
      });
    }
  }

  async clear({ accountId, bucketName, prefix }: OutputFolder, keep: readonly string[]): Promise<void> {
    checkBucketName(bucketName);
    checkKey(prefix);
    if (!(await this.#owners.owns(bucketName, accountId))) return;
    const directory = namesOf(prefix.replace(/\/$/, ''), this.#rules);
    await this.#inTurn(async () => {
      for (const top of [[bucketName], [SETTINGS, bucketName]]) {
        const place = { root: this.#root, names: [...top, ...directory] };
        const found = await findDirectory(place);
        if (found === undefined) continue;
        const kept = new Set(keep.map((key) => join(this.#root, ...top, ...namesOf(key, this.#rules))));
        await removeFiles(found, kept);
        await prune(place, { depthMin: top.length });
      }
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {}

  async #finish(object: OutputObject, file: UnfinishedFile): Promise<void> {
    await file.close();
    await using settings = await this.#fileOf(settingsText(object));
    const names = [object.bucketName, ...namesOf(object.key, this.#rules)];
    // Before the object, so that none is ever without; those of an object that is replaced go first.
    await settings.moveBy((path) => this.#move(path, [SETTINGS, ...names]));
    await file.moveBy((path) => this.#move(path, names));
  }

  /** A whole file without a name, that holds the text. */
  async #fileOf(text: string): Promise<UnfinishedFile> {
    const file = await UnfinishedFile.openIn(join(this.#root, INCOMING));
    try {
      await file.write(Buffer.from(text));
      await file.close();
      return file;
    } catch (error) {
      await file[Symbol.asyncDispose]();
      throw error;
    }
  }

  async #move(from: string, names: readonly string[]): Promise<void> {
    const to = join(this.#root, ...names);
    const directories = await this.#inTurn(async () => {
      try {
        const paths = await makeDirectories({ root: this.#root, names: names.slice(0, -1) });
        await rename(from, to);
        return paths;
      } catch (error) {
        throw refusalOf(error);
      }
    });
    try {
      // Also those that were there: a run that was killed may have made them and not come as far as this.
      for (const path of directories.reverse()) await syncDirectory(path);
    } catch (error) {
      // What may or may not be durable must not be taken for an object.
      await unlink(to).catch(() => undefined);
      throw error;
    }
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#turn.then(work);
    this.#turn = result.catch(() => undefined);
    return result;
  }
}

/** What the key is to blame for; anything else is the disk's. */
function refusalOf(error: unknown): unknown {
  if (isErrno(error, 'ENAMETOOLONG')) {
    return new OutputRefusedError('KeyTooLongError', 'Your key is too long for this disk.', { cause: error });
  }
  return ['EISDIR', 'ENOTDIR', 'ENOTEMPTY', 'EEXIST'].some((code) => isErrno(error, code)) ? inTheWay() : error;
}

/** Whether it was there. What is no file stays: it stands for other keys. */
async function removeFile(path: string): Promise<boolean> {
  try {
    if ((await lstat(path)).isDirectory()) return false;
    await unlink(path);
    return true;
  } catch (error) {
    if (isErrno(error, 'ENOENT') || isErrno(error, 'ENAMETOOLONG')) return false;
    throw error;
  }
}

/** Removes the files below a directory, links themselves among them, and the directories that are empty then. */
async function removeFiles(directory: string, keep: ReadonlySet<string>): Promise<void> {
  for await (const entry of await opendir(directory)) {
    const path = join(directory, entry.name);
    if (entry.isDirectory()) {
      await removeFiles(path, keep);
      await removeEmpty(path);
    } else if (!keep.has(path)) {
      await unlink(path);
    }
  }
  await syncDirectory(directory);
}

/** Whether the file system takes capitals for small letters. */
async function foldsCase(directory: string): Promise<boolean> {
  const probe = join(directory, 'probe');
  await writeFile(probe, '', { mode: 0o600 });
  try {
    return await exists(join(directory, 'PROBE'));
  } finally {
    await unlink(probe);
  }
}

async function exists(path: string): Promise<boolean> {
  try {
    await lstat(path);
    return true;
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return false;
    throw error;
  }
}
