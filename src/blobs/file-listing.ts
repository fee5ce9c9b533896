import type { Stats } from 'node:fs';
import { lstat, opendir } from 'node:fs/promises';
import { join } from 'node:path';
import { isErrno } from '../files/durable.ts';
import { limits } from '../model/limits.ts';
import { BlobMissingError, type Surveyed } from './blob-store.ts';
import { CopyReader } from './copy-reader.ts';
import type { DiskCalls } from './disk-calls.ts';
import { FILE_DIRECTORIES, filePathsIn, isFileBlobId } from './file-paths.ts';
import { treeHashOf } from './tree-hash-of.ts';

export interface FileListing {
  /** The directories of the copies. */
  roots: readonly string[];
  calls: DiskCalls;
  /** Blobs that no row can mention yet. */
  isBeingWritten: (blobId: string) => boolean;
}

/** Every blob with a file in any of the copies, once, in no order. */
export async function* listFiles(listing: FileListing): AsyncIterable<{ blobId: string; changedAtMs: number }> {
  for (const name of FILE_DIRECTORIES) {
    for (const [copy, root] of listing.roots.entries()) {
      for await (const { name: blobId } of await opendir(join(root, name))) {
        if (!isFileBlobId(blobId) || listing.isBeingWritten(blobId)) continue;
        const found = await statOf(root, blobId, listing);
        if (!found?.isFile() || (await isInAny(listing.roots.slice(0, copy), blobId, listing))) continue;
        yield { blobId, changedAtMs: found.mtimeMs };
      }
    }
  }
}

/** Every blob with a file, with what it says of itself; a few are read at once, the others wait until somebody asks. */
export async function* surveyFiles(listing: FileListing): AsyncIterable<Surveyed> {
  const reading: Promise<Surveyed | undefined>[] = [];
  for await (const { blobId } of listFiles(listing)) {
    const surveyed = surveyFile(blobId, listing);
    surveyed.catch(() => undefined);
    reading.push(surveyed);
    if (reading.length < limits.blobsSurveyedAtOnceMax) continue;
    const next = await reading.shift();
    if (next !== undefined) yield next;
  }
  for (const surveyed of reading) {
    const next = await surveyed;
    if (next !== undefined) yield next;
  }
}

/** What the first whole copy says; undefined when the blob was deleted meanwhile. */
async function surveyFile(blobId: string, { roots, calls }: FileListing): Promise<Surveyed | undefined> {
  let damaged: Surveyed | undefined;
  for (const root of roots) {
    try {
      await using copy = await CopyReader.open({ root, blobId, calls });
      const { sizeBytes, leaves, about, linearHash } = copy.tail;
      return { blobId, about, sizeBytes, linearHash, treeHash: treeHashOf(leaves) };
    } catch (error) {
      if (error instanceof BlobMissingError) continue;
      // A disk that does not give what is there is told like damage: the survey is what is left to be had.
      damaged ??= { place: filePathsIn(root, blobId).final, fault: (error as Error).message };
    }
  }
  return damaged;
}

async function isInAny(roots: readonly string[], blobId: string, listing: FileListing): Promise<boolean> {
  for (const root of roots) if ((await statOf(root, blobId, listing))?.isFile()) return true;
  return false;
}

/** What has the name of a blob, links not followed; undefined when nothing does, or nothing does any more. */
async function statOf(root: string, blobId: string, { calls }: FileListing): Promise<Stats | undefined> {
  try {
    return await calls.read(root, () => lstat(filePathsIn(root, blobId).final));
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return undefined;
    throw error;
  }
}
