import { hash } from 'node:crypto';
import { removeFile } from '../files/durable.ts';
import { BlobDamagedError, BlobMissingError, FRAME_BYTES, type Verdict } from './blob-store.ts';
import { CopyReader } from './copy-reader.ts';
import { type CopyPlace, CopyWriter } from './copy-writer.ts';
import { LEAF_BYTES } from './file-format.ts';
import { faultOf, type FileReading } from './file-reader.ts';
import type { ReadTail } from './file-tail.ts';
import { withOneKey } from './key-slots.ts';
import { treeHashOf } from './tree-hash-of.ts';

export interface FileVerifying extends FileReading {
  /** Where a copy under this directory is written. */
  placeIn: (root: string) => CopyPlace;
  signal?: AbortSignal | undefined;
}

/** A copy as it was found. */
interface FoundCopy {
  root: string;
  /** Undefined when it could not be opened. */
  reader: CopyReader | undefined;
  dataKey: Buffer | undefined;
  /** Frames that cannot be read or are not what was stored. */
  badFrames: Set<number>;
  /** Undefined when every byte is right. */
  fault: Error | undefined;
}

/**
 * Checks every byte of every copy of a blob that has a file: the tail by its checksum, the frames by their checks and
 * their SHA-256. A copy that is missing or damaged is made again from whatever frames are right in any copy; the file with the
 * damage stays until the new one is durable. Throws only what the signal does.
 */
export async function verifyFile(verifying: FileVerifying): Promise<Verdict> {
  await using opened = new AsyncDisposableStack();
  const copies: FoundCopy[] = [];
  for (const root of verifying.roots) copies.push(await openCopy(verifying, root, opened));
  const { signal } = verifying;
  const frame = verifying.frames.allocate();
  for (const copy of copies) await checkFrames(copy, { ...verifying, frame });

  const faulty = copies.filter(({ fault }) => fault !== undefined);
  const what = faulty.map(({ root, fault }) => `${fault?.message} (${root})`).join('; ') || null;
  if (copies.every(({ fault }) => fault instanceof BlobMissingError)) return { state: 'missing', treeHash: null, what };
  for (const { root: directory, fault } of faulty) {
    verifying.onFault({ ...faultOf(fault), directory, blobId: verifying.blobId });
  }
  const sources = copies.filter(({ reader }) => reader !== undefined);
  const [tail, ...otherTails] = sources.map(({ reader }) => reader?.tail);
  if (tail === undefined) return { state: 'damaged', treeHash: null, what };
  const differs = otherTails.some((other) => !other?.leaves.equals(tail.leaves) || other.sizeBytes !== tail.sizeBytes);
  if (differs) return { state: 'damaged', treeHash: null, what: 'its copies differ' };
  const lost = Array.from({ length: tail.frames }, (_, index) => index).filter((index) =>
    sources.every(({ badFrames }) => badFrames.has(index)),
  );
  if (lost.length > 0) return { state: 'damaged', treeHash: null, what };
  const treeHash = treeHashOf(tail.leaves);
  if (faulty.length === 0) return { state: 'intact', treeHash, what: null };
  try {
    for (const { root } of faulty) await makeAgain(root, { verifying, sources, tail, frame });
    return { state: 'repaired', treeHash, what };
  } catch (error) {
    signal?.throwIfAborted();
    return { state: 'damaged', treeHash, what: `${what}; it could not be repaired: ${(error as Error).message}` };
  }
}
