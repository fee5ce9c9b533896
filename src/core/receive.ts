import { createHash } from 'node:crypto';
import { type BlobStore, type BlobWriter, FRAME_BYTES } from '../blobs/blob-store.ts';
import { changedNothing } from '../metadata/failures.ts';
import { newBlobId } from '../model/ids.ts';
import { TreeHasher } from '../tree-hash/tree-hasher.ts';
import type { Arrangement } from './arrangement.ts';
import type { FramePool } from './frame-pool.ts';

/**
 * The one way bytes come in: uploads, parts and the outputs of jobs. Bytes are cut into frames of 1 MiB; each frame is
 * hashed while it is still in the processor's cache and written while the next one fills. Nothing is stored unless `check`
 * agrees with what was received.
 */
const FRAMES_IN_FLIGHT_MAX = 3;

/** What came in, durable on return. No row refers to it yet. */
export interface Received {
  blobId: string;
  sizeBytes: number;
  /** SHA-256 of the bytes, hexadecimal. */
  linearHash: string;
  /** SHA-256 tree hash of the bytes, hexadecimal. */
  treeHash: string;
}

export interface Receiving {
  blobs: BlobStore;
  frames: FramePool;
  source: AsyncIterable<Buffer>;
  /** Called when all bytes are there and before they are committed; what it throws is thrown, and nothing is stored. */
  check: (received: Received) => void;
}

export async function receive({ blobs, frames, source, check }: Receiving): Promise<Received> {
  const blobId = newBlobId();
  await using writer = await blobs.put(blobId);
  await using line = new FrameLine(writer, frames);
  for await (const chunk of source) await line.push(chunk);
  const { leaves, ...facts } = await line.end();
  const received = { blobId, ...facts };
  check(received);
  await writer.commit(leaves);
  return received;
}

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
    if (changedNothing(error)) await blobs.delete(blobId).catch(() => undefined);
    throw error;
  }
}

/** Fills frames, hashes them and hands them to the writer in order. */
class FrameLine implements AsyncDisposable {
  readonly #writer: BlobWriter;
  readonly #frames: FramePool;
  readonly #tree = new TreeHasher();
  readonly #linear = createHash('sha256');
  #frame: Buffer;
  #filledBytes = 0;
  #sizeBytes = 0;
  #inFlight: Promise<void>[] = [];
  #written: Promise<void> = Promise.resolve();

  constructor(writer: BlobWriter, frames: FramePool) {
    this.#writer = writer;
    this.#frames = frames;
    this.#frame = frames.take();
  }

  async push(chunk: Buffer): Promise<void> {
    for (let done = 0; done < chunk.length; ) {
      const copied = chunk.copy(this.#frame, this.#filledBytes, done);
      done += copied;
      this.#filledBytes += copied;
      if (this.#filledBytes === FRAME_BYTES) await this.#submit();
    }
  }

  async end(): Promise<{ sizeBytes: number; linearHash: string; treeHash: string; leaves: Buffer }> {
    if (this.#filledBytes > 0) await this.#submit();
    await this.#written;
    const { treeHash, leaves } = this.#tree.digest();
    const oneLeaf = this.#sizeBytes < FRAME_BYTES;
    return {
      sizeBytes: this.#sizeBytes,
      // Bytes that do not fill a frame have one leaf, which is their tree hash and their linear hash.
      linearHash: (oneLeaf ? treeHash : this.#linear.digest()).toString('hex'),
      treeHash: treeHash.toString('hex'),
      leaves: this.#sizeBytes === 0 ? Buffer.alloc(0) : leaves,
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.allSettled(this.#inFlight);
    this.#frames.give(this.#frame);
  }

  async #submit(): Promise<void> {
    const buffer = this.#frame;
    const frame = buffer.subarray(0, this.#filledBytes);
    const only = this.#sizeBytes === 0 && frame.length < FRAME_BYTES;
    this.#tree.addLeaf(frame);
    if (!only) this.#linear.update(frame);
    this.#sizeBytes += frame.length;
    this.#written = this.#written.then(() => this.#writer.write(frame));
    const settled = this.#written.finally(() => this.#frames.give(buffer));
    settled.catch(() => undefined);
    this.#inFlight.push(settled);
    this.#frame = this.#frames.take();
    this.#filledBytes = 0;
    if (this.#inFlight.length >= FRAMES_IN_FLIGHT_MAX) await this.#inFlight.shift();
  }
}
