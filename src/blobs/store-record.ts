import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { isErrno, moveFile, readFully, removeFile, syncDirectory, syncFile, writeFully } from '../files/durable.ts';

/**
 * The file `store.json` in each copy of a store, the same in all of them: which store it is, so that copies of two stores
 * are never taken for one another, and whether there is a mirror, so that a disk that is not mounted is told from a
 * mirror that was never made.
 */
export interface StoreRecord {
  format: 1;
  /** 32 hexadecimal digits. */
  storeId: string;
  /** Whether the store has a mirror, or once had one. */
  mirrored: boolean;
}

const NAME = 'store.json';
const RECORD_BYTES_MAX = 4096;

export const newStoreRecord = (): StoreRecord => ({
  format: 1,
  storeId: randomBytes(16).toString('hex'),
  mirrored: false,
});

/** The record of the copy under `root`, undefined when there is none. Throws when there is something else in its place. */
export async function readStoreRecord(root: string): Promise<StoreRecord | undefined> {
  const path = join(root, NAME);
  let text: string;
  try {
    await using file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    text = (await readFully(file, Buffer.alloc(RECORD_BYTES_MAX), 0)).toString('utf8');
  } catch (error) {
    if (isErrno(error, 'ENOENT') || isErrno(error, 'ENOTDIR')) return undefined;
    throw error;
  }
  const record = parse(text);
  if (record === undefined) throw new Error(`${path} is not the record of a store; put it back from the other copy`);
  return record;
}

/** Puts the record in place whole or not at all, and makes it durable. */
export async function writeStoreRecord(root: string, record: StoreRecord): Promise<void> {
  const path = join(root, NAME);
  const unfinished = `${path}.unfinished`;
  await removeFile(unfinished);
  {
    await using file = await open(unfinished, 'wx', 0o600);
    await writeFully(file, Buffer.from(`${JSON.stringify(record)}\n`), 0);
    await syncFile(file);
  }
  await moveFile(unfinished, path);
  await syncDirectory(root);
}

function parse(text: string): StoreRecord | undefined {
  try {
    const { format, storeId, mirrored } = JSON.parse(text) as Partial<StoreRecord>;
    if (format !== 1 || !/^[0-9a-f]{32}$/.test(storeId ?? '') || typeof mirrored !== 'boolean') return undefined;
    return { format, storeId: storeId as string, mirrored };
  } catch {
    return undefined;
  }
}
