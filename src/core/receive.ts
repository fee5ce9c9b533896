import type { BlobFacts, BlobStore } from '../blobs/blob-store.ts';
import { changedNothing } from '../metadata/failures.ts';
import type { BlobRef } from '../model/archives.ts';
import type { BlobAbout } from '../model/blob-about.ts';
import type { Arrangement } from './arrangement.ts';
import { type Bytes, flowOf } from './flow.ts';
import { FrameLine } from './frame-line.ts';
import type { FramePool } from './frame-pool.ts';

/**
 * The one way bytes come in: uploads, parts and the outputs of jobs. Bytes are cut into frames of 1 MiB; each frame is
 * hashed and written by the store while the next one fills. Nothing is stored unless `check` agrees with what was received.
 */

/** What came in, durable on return. No row refers to it yet. */
export interface Received<About extends BlobAbout = BlobAbout> extends BlobFacts {
  blobId: string;
  about: About;
}

export interface Receiving<About extends BlobAbout> {
  blobs: BlobStore;
  frames: FramePool;
  source: Bytes;
  /** Whether the source is given up if it is slow and others wait for its frames; what comes from clients is. */
  isHasty?: boolean;
  /** Called when all bytes are there and before they are committed; what it throws is thrown, and nothing is stored. */
  check: (facts: BlobFacts) => void;
  /** What the blob says of itself; called once, after the check. */
  about: () => About;
}

export async function receive<About extends BlobAbout>(receiving: Receiving<About>): Promise<Received<About>> {
  const { blobs, frames, source, check, isHasty = false } = receiving;
  await using writer = await blobs.put();
  await using line = new FrameLine({ writer, frames, isHasty });
  await flowOf(source)(line);
  const facts = await line.end();
  check(facts);
  const about = receiving.about();
  return { blobId: await writer.commit(about), about, ...facts };
}

/** Received bytes as a row refers to them. */
export const refTo = ({ blobId, sizeBytes, treeHash }: Received, startByte: number): BlobRef => ({
  blobId,
  startByte,
  sizeBytes,
  treeHash,
});

/**
 * Has a row made that refers to received bytes. False when `add` says there is no place for one any more; then the bytes
 * are handed to the reclaim sweep. On a full disk neither row can be written, and bytes that waited there as orphans would
 * keep it full: they are deleted at once, which only the reclaim sweep does otherwise. That is safe because their id
 * is new and the only attempt to record it has surely changed nothing. After any other failure a row may refer to them, so
 * they stay, and the scan for orphans decides.
 */
export async function record(
  { metadata, blobs }: Pick<Arrangement, 'metadata' | 'blobs'>,
  blobId: string,
  add: () => Promise<boolean>,
): Promise<boolean> {
  try {
    const added = await add();
    if (!added) await metadata.reclaim.addUnknown([blobId]);
    return added;
  } catch (error) {
    // A failure to delete must not hide the one that tells why; the bytes are orphans then.
    if (changedNothing(error)) await blobs.delete([blobId]).catch(() => undefined);
    throw error;
  }
}
