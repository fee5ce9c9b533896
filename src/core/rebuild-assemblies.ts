import type { BlobStore } from '../blobs/blob-store.ts';
import { readBlob } from '../blobs/read-blob.ts';
import type { FoundArchive } from '../metadata/rebuilding.ts';
import type { BlobRef } from '../model/archives.ts';
import { parseAssembly } from '../model/assembly.ts';
import type { AssemblyAbout } from '../model/blob-about.ts';
import { limits, MIB } from '../model/limits.ts';
import { combine } from '../tree-hash/nodes.ts';

/** The list of the most parts, with the longest names that a store could give them. */
const LIST_BYTES_MAX = 4 * MIB;

/** An archive as the list of its parts tells of it, with those of them that are not there; or what is wrong with the list. */
export async function archiveOfParts(
  blobs: BlobStore,
  { about, blobId }: { about: AssemblyAbout; blobId: string },
): Promise<{ archive: FoundArchive; missing: BlobRef[] } | { fault: string }> {
  const read = await readList(blobs, blobId);
  if ('fault' in read) return read;
  const refs = parseAssembly(read.list);
  if (refs === undefined || !makeUp(refs, about)) return { fault: 'does not make up the archive' };
  const missing: BlobRef[] = [];
  await inParallel(refs, async (part) => {
    // One that is damaged is there, and is told of when it is met itself.
    if ((await blobs.stat(part.blobId).catch(() => null)) === undefined) missing.push(part);
  });
  missing.sort((one, other) => one.startByte - other.startByte);
  const { archiveId, vault, description, createdAtMs, sizeBytes, treeHash } = about;
  const facts = { archiveId, vault, description, createdAtMs, sizeBytes, treeHash };
  return { archive: { ...facts, refs, assemblyBlobId: blobId }, missing };
}

async function readList(blobs: BlobStore, blobId: string): Promise<{ list: Buffer } | { fault: string }> {
  try {
    const list = await readBlob(blobs, { blobId, sizeBytesMax: LIST_BYTES_MAX });
    return list === undefined ? { fault: 'is too long' } : { list };
  } catch (error) {
    // Such as one whose key is not there.
    return { fault: `cannot be read: ${(error as Error).message}` };
  }
}

function makeUp(refs: readonly BlobRef[], { sizeBytes, treeHash }: AssemblyAbout): boolean {
  let nextByte = 0;
  for (const part of refs) {
    if (part.startByte !== nextByte) return false;
    nextByte += part.sizeBytes;
  }
  const nodes = Buffer.from(refs.map((part) => part.treeHash).join(''), 'hex');
  return refs.length > 0 && nextByte === sizeBytes && combine(nodes).toString('hex') === treeHash;
}

/** Looks at all of these, a few at a time. */
export async function inParallel<T>(items: readonly T[], look: (item: T) => Promise<void>): Promise<void> {
  const waiting = items.values();
  const lookAtNext = async () => {
    for (const item of waiting) await look(item);
  };
  await Promise.all(Array.from({ length: limits.blobsLookedAtAtOnceMax }, lookAtNext));
}
