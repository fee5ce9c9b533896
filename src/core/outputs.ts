import { BlobDamagedError, BlobMissingError, FRAME_BYTES } from '../blobs/blob-store.ts';
import type { BlobRef } from '../model/archives.ts';
import { type ByteRange, overlap, sizeOf } from '../model/byte-range.ts';
import { combine, NODE_BYTES } from '../tree-hash/nodes.ts';
import type { Arrangement } from './arrangement.ts';

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

/**
 * The bytes of a range that lies in these blobs, one verified frame (or a piece of one) at a time, while the next is being
 * read. A piece is valid until the next one is asked for. Throws BlobMissingError and BlobDamagedError.
 */
export async function* readRange(
  stores: Stores,
  { refs, range }: { refs: readonly BlobRef[]; range: ByteRange },
): AsyncGenerator<Buffer, void, void> {
  // Fewer bytes than were announced would be taken for the next answer's by the client.
  checkCoverage(refs, range);
  const pieces = readPieces(stores, refs, range);
  let next = pieces.next();
  try {
    for (;;) {
      const { value: piece, done } = await next;
      if (done === true) return;
      next = pieces.next();
      // A failure to read ahead is thrown when its turn comes.
      next.catch(() => undefined);
      try {
        yield piece.bytes;
      } finally {
        stores.frames.give(piece.frame);
      }
    }
  } finally {
    await next.then(({ value }) => value && stores.frames.give(value.frame)).catch(() => undefined);
    await pieces.return();
  }
}

interface Piece {
  frame: Buffer;
  bytes: Buffer;
}

async function* readPieces(stores: Stores, refs: readonly BlobRef[], range: ByteRange) {
  for (const ref of refs) {
    const wanted = overlap(range, ref);
    if (wanted === undefined) continue;
    try {
      yield* readBlob(stores, ref, wanted);
    } catch (error) {
      const isDamage = error instanceof BlobDamagedError || error instanceof BlobMissingError;
      if (isDamage) stores.onDamage?.({ what: error.message, blobId: ref.blobId });
      throw error;
    }
  }
}

async function* readBlob({ blobs, frames }: Stores, ref: BlobRef, wanted: ByteRange) {
  await using reader = await blobs.open(ref.blobId);
  if (reader.sizeBytes !== ref.sizeBytes) {
    throw new BlobDamagedError(ref.blobId, `it has ${reader.sizeBytes} bytes, ${ref.sizeBytes} were stored`);
  }
  const last = Math.floor(wanted.endByte / FRAME_BYTES);
  for (let index = Math.floor(wanted.startByte / FRAME_BYTES); index <= last; index += 1) {
    const frame = frames.take();
    let bytes: Buffer;
    try {
      bytes = await reader.readFrame(index, frame);
    } catch (error) {
      frames.give(frame);
      throw error;
    }
    const frameStart = index * FRAME_BYTES;
    const from = Math.max(wanted.startByte - frameStart, 0);
    yield { frame, bytes: bytes.subarray(from, wanted.endByte - frameStart + 1) } satisfies Piece;
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
