import { BlobMissingError, FRAME_BYTES } from '../blobs/blob-store.ts';
import type { BlobRef } from '../model/archives.ts';
import { type ByteRange, overlap, sizeOf } from '../model/byte-range.ts';
import { combine, NODE_BYTES } from '../tree-hash/nodes.ts';
import type { Arrangement } from './arrangement.ts';
import { Pieces, type Taker } from './pieces.ts';
import { RangeReader } from './range-reader.ts';

type Stores = Pick<Arrangement, 'blobs' | 'frames'> & Partial<Pick<Arrangement, 'onDamage'>>;

/** Throws BlobMissingError unless the blobs, in order, hold every byte of the range. */
export function checkCoverage(refs: readonly BlobRef[], range: ByteRange): void {
  let nextByte = range.startByte;
  for (const ref of refs) {
    const wanted = overlap(range, ref);
    if (wanted === undefined) continue;
    if (ref.startByte + wanted.startByte !== nextByte) break;
    nextByte += sizeOf(wanted);
  }
  if (nextByte <= range.endByte) throw new BlobMissingError(`that holds byte ${nextByte} of an archive`);
}

/** What to read, and for whom. */
export interface Reading {
  refs: readonly BlobRef[];
  range: ByteRange;
  taker?: Taker | undefined;
}

/**
 * The bytes of a range that lies in these blobs, one verified frame (or a piece of one) at a time, while the next is being
 * read. A piece is valid until the next one is asked for. Throws BlobMissingError and BlobDamagedError.
 */
export async function* readRange(
  { blobs, frames, onDamage }: Stores,
  { refs, range, taker }: Reading,
): AsyncGenerator<Buffer, void, void> {
  // Fewer bytes than were announced would be taken for the next answer's by the client.
  checkCoverage(refs, range);
  await using reader = new RangeReader({ blobs, refs, range, onDamage });
  await using pieces = new Pieces({ frames, reader, taker });
  for (;;) {
    const piece = await pieces.next();
    if (piece === undefined) return;
    const startedAtMs = performance.now();
    yield piece;
    pieces.taken(piece, performance.now() - startedAtMs);
  }
}

/**
 * The tree hash (hexadecimal) of a tree-hash-aligned range of an archive, from stored hashes alone. Such a range lies in
 * one blob or covers whole blobs, because blobs of one archive have a power-of-two number of MiB.
 */
export async function treeHashOfRange(
  { blobs }: Stores,
  { refs, range }: { refs: readonly BlobRef[]; range: ByteRange },
): Promise<string> {
  const [first] = refs;
  if (first === undefined) throw new Error('no blob holds the range');
  const covered = refs.length > 1 || sizeOf(range) === first.sizeBytes;
  if (covered) {
    return combine(Buffer.from(refs.map((ref) => ref.treeHash).join(''), 'hex')).toString('hex');
  }
  await using reader = await blobs.open(first.blobId);
  const firstLeaf = (range.startByte - first.startByte) / FRAME_BYTES;
  const leafCount = Math.ceil(sizeOf(range) / FRAME_BYTES);
  const leaves = reader.leaves.subarray(firstLeaf * NODE_BYTES, (firstLeaf + leafCount) * NODE_BYTES);
  return combine(leaves).toString('hex');
}
