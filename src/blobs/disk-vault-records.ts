import { constants } from 'node:fs';
import { lstat, open, opendir, readdir, rename, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { isErrno, makeDirectory, readFully, syncDirectory, writeFully } from '../files/durable.ts';
import { limits } from '../model/limits.ts';
import type { VaultIdentity } from '../model/lock-records.ts';
import { formatVaultRecord, parseVaultRecord, vaultRecordName } from './vault-record-format.ts';
import type { VaultRecord, VaultRecordStore } from './vault-record-store.ts';

const NAME = /^[0-9a-f]{32}\.json$/;
const UNFINISHED = '.unfinished';

/**
 * Records of vaults as files, the same ones in each of some directories (one, or one on each of two disks). What a record
 * says never changes, so a file that is there need not be written again.
 */
export class DiskVaultRecords implements VaultRecordStore {
  readonly #roots: readonly string[];
  #unfinished = 0;

  private constructor(roots: readonly string[]) {
    this.#roots = roots;
  }

  /** Opens the records in these directories, which are made if need be. Their parents must be there. */
  static async open(roots: readonly string[]): Promise<DiskVaultRecords> {
    for (const root of roots) {
      await makeDirectory(root);
      await syncDirectory(join(root, '..'));
      for (const name of await readdir(root)) if (name.endsWith(UNFINISHED)) await unlink(join(root, name));
    }
    return new DiskVaultRecords(roots);
  }

  async add(vaults: readonly VaultIdentity[]): Promise<void> {
    for (const root of this.#roots) {
      let written = 0;
      for (const vault of vaults) {
        if (await isThere(join(root, vaultRecordName(vault)))) continue;
        await this.#write(root, vault);
        written += 1;
      }
      if (written > 0) await syncDirectory(root);
    }
  }

  async remove(vault: VaultIdentity): Promise<void> {
    for (const root of this.#roots) {
      try {
        await unlink(join(root, vaultRecordName(vault)));
      } catch (error) {
        if (isErrno(error, 'ENOENT')) continue;
        throw error;
      }
      await syncDirectory(root);
    }
  }

  /** Each vault once, from whichever directory has a record of it that can be read. */
  async *list(): AsyncIterable<VaultRecord> {
    for (const [index, root] of this.#roots.entries()) {
      for await (const { name } of await opendir(root)) {
        if (!NAME.test(name) || (await this.#isReadIn(this.#roots.slice(0, index), name))) continue;
        const found = await readRecord(root, name);
        const elsewhere = this.#roots.slice(index + 1);
        if ('vault' in found || !(await this.#isReadIn(elsewhere, name))) yield found;
      }
    }
  }

  async #isReadIn(roots: readonly string[], name: string): Promise<boolean> {
    for (const root of roots) if ('vault' in (await readRecord(root, name))) return true;
    return false;
  }

  async #write(root: string, vault: VaultIdentity): Promise<void> {
    const path = join(root, vaultRecordName(vault));
    this.#unfinished += 1;
    const unfinished = `${path}.${this.#unfinished}${UNFINISHED}`;
    try {
      await writeNew(unfinished, formatVaultRecord(vault));
      await rename(unfinished, path);
    } catch (error) {
      await unlink(unfinished).catch(() => undefined);
      throw error;
    }
  }
}

async function isThere(path: string): Promise<boolean> {
  try {
    await lstat(path);
    return true;
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return false;
    throw error;
  }
}

async function writeNew(path: string, text: string): Promise<void> {
  await using file = await open(path, 'wx', 0o600);
  await writeFully(file, Buffer.from(text), 0);
  await file.sync();
}

async function readRecord(root: string, name: string): Promise<VaultRecord> {
  const place = join(root, name);
  const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK } = constants;
  try {
    await using file = await open(place, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
    const bytes = await readFully(file, Buffer.alloc(limits.vaultRecordBytesMax), 0);
    const vault = parseVaultRecord(bytes.toString('utf8'));
    if (vault === undefined || vaultRecordName(vault) !== name) return { place, fault: 'is not as it was written' };
    return { vault, writtenAtMs: (await file.stat()).mtimeMs };
  } catch (error) {
    return { place, fault: `cannot be read: ${(error as Error).message}` };
  }
}
