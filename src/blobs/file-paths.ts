import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { makeDirectory, removeFile, syncDirectory } from '../files/durable.ts';

/**
 * Where the files of large blobs are in a copy of the store: `<root>/<first two digits of the id>/<id>`, written under
 * `<root>/incoming` and renamed when whole. The 256 directories are made when the copy is opened, so that a write never has
 * to make a directory durable.
 */
export const INCOMING = 'incoming';
export const FILE_DIRECTORIES = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));

const FILE_BLOB_ID = /^[0-9a-f]{32}$/;

/** Where a blob is written and where it ends up. */
export interface FilePaths {
  incoming: string;
  directory: string;
  final: string;
}

/** Whether this is the id of a blob with a file of its own. */
export const isFileBlobId = (blobId: string): boolean => FILE_BLOB_ID.test(blobId);

export function filePathsIn(root: string, blobId: string): FilePaths {
  if (!isFileBlobId(blobId)) throw new Error(`not a blob id: ${blobId}`);
  const directory = join(root, blobId.slice(0, 2));
  return { incoming: join(root, INCOMING, blobId), directory, final: join(directory, blobId) };
}

/** Makes the directories of a copy; its parent must be there. Unfinished files of an earlier run are removed. */
export async function makeFileDirectories(root: string): Promise<void> {
  await makeDirectory(root);
  await syncDirectory(join(root, '..'));
  const present = new Set(await readdir(root));
  const missing = [INCOMING, ...FILE_DIRECTORIES].filter((name) => !present.has(name));
  for (const name of missing) await makeDirectory(join(root, name));
  // Also when none is missing: a run that was killed may have made them and not come as far as this.
  await syncDirectory(root);
  for (const name of await readdir(join(root, INCOMING))) await removeFile(join(root, INCOMING, name));
}
