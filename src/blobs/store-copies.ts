import { opendir, readdir, realpath, stat } from 'node:fs/promises';
import { basename, dirname, join, sep } from 'node:path';
import { isErrno, makeDirectory, removeFile, syncDirectory } from '../files/durable.ts';
import { FILE_DIRECTORIES, isFileBlobId } from './file-paths.ts';
import { newStoreRecord, readStoreRecord, type StoreRecord, writeStoreRecord } from './store-record.ts';

/**
 * Which directories are copies of one store. A mirror is made where there is nothing, and only once: after that, a mirror
 * that is not where it was is a disk that is not mounted, and to begin an empty one in its mount point would be to lose the
 * second copy without a word. Whoever puts a new disk in the place of one that is lost says so with an empty file on it.
 */
export interface StoreCopies {
  /** The first copy and, if it is there, the mirror. */
  roots: readonly string[];
  /** Why the mirror is not there, as one line; then nothing may be written. */
  mirrorMissing: string | undefined;
}

/** Put by an operator where a copy is to be begun anew. */
export const NEW_COPY_MARK = 'new-copy';

/** What mkfs leaves on an empty disk. */
const LOST_AND_FOUND = 'lost+found';
const SEGMENTS = 'segments';

/** The directories cannot be the copies of one store. The message is one line for the operator. */
export class StoreRefusedError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'StoreRefusedError';
  }
}

/**
 * Finds out what `first` and `mirror` are, and makes what is new. `first` is the directory of blobs in the data
 * directory; `mirror` the one in the directory that the operator gave, which is made if need be. Throws StoreRefusedError.
 */
export async function openCopies({
  first,
  mirror,
}: {
  first: string;
  mirror?: string | undefined;
}): Promise<StoreCopies> {
  await makeDirectory(first);
  await syncDirectory(dirname(first));
  const firstRecord = await recordIn(first);
  if (mirror === undefined) {
    if (firstRecord === undefined) await writeStoreRecord(first, newStoreRecord());
    return { roots: [first], mirrorMissing: undefined };
  }
  await refuseOverlap({ first, mirror });
  let mirrorRecord: StoreRecord | undefined;
  try {
    mirrorRecord = await recordIn(mirror);
  } catch (error) {
    if (firstRecord?.mirrored !== true || error instanceof StoreRefusedError) throw error;
    return {
      roots: [first],
      mirrorMissing: `the mirror ${dirname(mirror)} cannot be read: ${(error as Error).message}`,
    };
  }
  if (mirrorRecord === undefined) return await beginMirror({ first, mirror, firstRecord });
  if (firstRecord === undefined) await beginFirst({ first, mirror, mirrorRecord });
  else if (firstRecord.storeId !== mirrorRecord.storeId) throw notOfOneStore({ first, mirror });
  if (firstRecord?.mirrored === false) await writeStoreRecord(first, { ...firstRecord, mirrored: true });
  return { roots: [first, mirror], mirrorMissing: undefined };
}

/** There is no mirror yet, or not any more. */
async function beginMirror({
  first,
  mirror,
  firstRecord,
}: {
  first: string;
  mirror: string;
  firstRecord: StoreRecord | undefined;
}): Promise<StoreCopies> {
  const place = dirname(mirror);
  const record = firstRecord ?? newStoreRecord();
  if (firstRecord === undefined) await writeStoreRecord(first, record);
  const isMarked = await isThere(join(place, NEW_COPY_MARK));
  if (record.mirrored && !isMarked) {
    const mirrorMissing =
      `the mirror is not in ${place}: mount its disk and start again, or, if it is lost, make an empty file ` +
      `${NEW_COPY_MARK} on the disk that takes its place`;
    return { roots: [first], mirrorMissing };
  }
  await expectEmpty(place);
  await makePlace(place);
  await makeDirectory(mirror);
  await syncDirectory(place);
  // The mirror's record first: a crash between the two leaves a pair that belongs together.
  const mirrored = { ...record, mirrored: true };
  await writeStoreRecord(mirror, mirrored);
  await writeStoreRecord(first, mirrored);
  await removeFile(join(place, NEW_COPY_MARK));
  return { roots: [first, mirror], mirrorMissing: undefined };
}

/** The first copy is new and the mirror is not. */
async function beginFirst({
  first,
  mirror,
  mirrorRecord,
}: {
  first: string;
  mirror: string;
  mirrorRecord: StoreRecord;
}): Promise<void> {
  if (await hasBlobs(first)) throw notOfOneStore({ first, mirror });
  if (!(await isThere(join(first, NEW_COPY_MARK)))) {
    throw new StoreRefusedError(
      `${first} is empty and the mirror in ${dirname(mirror)} is not: mount the disk that is missing and start again, ` +
        `or, if it is lost, make an empty file ${NEW_COPY_MARK} in ${first}`,
    );
  }
  await writeStoreRecord(first, { ...mirrorRecord, mirrored: true });
  await removeFile(join(first, NEW_COPY_MARK));
}

/** One in the other, or both the same, would be one disk taken for two. */
async function refuseOverlap({ first, mirror }: { first: string; mirror: string }): Promise<void> {
  const [one, other] = [await realPlace(dirname(first)), await realPlace(dirname(mirror))];
  const isWithin = (inner: string, outer: string): boolean => `${inner}${sep}`.startsWith(`${outer}${sep}`);
  const same = await Promise.all([one, other].map((path) => stat(path).catch(() => undefined)));
  const isSameDirectory = same[0] !== undefined && same[0].ino === same[1]?.ino && same[0].dev === same[1].dev;
  if (isSameDirectory || isWithin(one, other) || isWithin(other, one)) {
    throw new StoreRefusedError(
      `the mirror ${dirname(mirror)} and the data directory ${dirname(first)} lie in one another`,
    );
  }
}

/** The path without links, of what is not there yet too. */
async function realPlace(path: string): Promise<string> {
  try {
    return await realpath(path);
  } catch (error) {
    if (!isErrno(error, 'ENOENT') || dirname(path) === path) throw error;
    return join(await realPlace(dirname(path)), basename(path));
  }
}

async function expectEmpty(place: string): Promise<void> {
  const names = await namesIn(place);
  const strange = names.filter((name) => ![LOST_AND_FOUND, NEW_COPY_MARK, 'blobs'].includes(name));
  // Directories that a run has made that ended before it came to the record are fine.
  if (strange.length > 0 || (await hasBlobs(join(place, 'blobs')))) {
    throw new StoreRefusedError(`${place} is no mirror of this store, and not empty either`);
  }
}

async function makePlace(place: string): Promise<void> {
  try {
    await makeDirectory(place);
  } catch (error) {
    if (!isErrno(error, 'ENOENT')) throw error;
    throw new StoreRefusedError(`the mirror ${place} cannot be made: there is no ${dirname(place)}`, { cause: error });
  }
  await syncDirectory(dirname(place));
}

async function hasBlobs(root: string): Promise<boolean> {
  if ((await namesIn(join(root, SEGMENTS))).some((name) => name.endsWith('.seg'))) return true;
  const present = (await namesIn(root)).filter((name) => FILE_DIRECTORIES.includes(name));
  for (const name of present) {
    for await (const entry of await opendir(join(root, name))) if (isFileBlobId(entry.name)) return true;
  }
  return false;
}

async function recordIn(root: string): Promise<StoreRecord | undefined> {
  try {
    return await readStoreRecord(root);
  } catch (error) {
    if (error instanceof Error && !('code' in error)) throw new StoreRefusedError(error.message, { cause: error });
    throw error;
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

async function isThere(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined)) !== undefined;
}

function notOfOneStore({ first, mirror }: { first: string; mirror: string }): StoreRefusedError {
  return new StoreRefusedError(`${dirname(mirror)} is the mirror of another store than that of ${dirname(first)}`);
}
