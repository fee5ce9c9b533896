import { type BlobFacts, type BlobStore, type BlobWriter, FRAME_BYTES } from '../blobs/blob-store.ts';
import { changedNothing } from '../metadata/failures.ts';
import type { BlobRef } from '../model/archives.ts';
import type { BlobAbout } from '../model/blob-about.ts';
import type { Arrangement } from './arrangement.ts';
import type { FramePool } from './frame-pool.ts';

/**
 * The one way bytes come in: uploads, parts and the outputs of jobs. Bytes are cut into frames of 1 MiB; each frame is
 * hashed and written by the store while the next one fills. Nothing is stored unless `check`
 * agrees with what was received.
 */
const FRAMES_IN_FLIGHT_MAX = 3;

/** What came in, durable on return. No row refers to it yet. */
export interface Received<About extends BlobAbout = BlobAbout> extends BlobFacts {
  blobId: string;
  about: About;
}

export interface Receiving<About extends BlobAbout> {
  blobs: BlobStore;
  frames: FramePool;
  source: AsyncIterable<Buffer>;
  /** Called when all bytes are there and before they are committed; what it throws is thrown, and nothing is stored. */
  check: (facts: BlobFacts) => void;
  /** What the blob says of itself; called once, after the check. */
  about: () => About;
}

export async function receive<About extends BlobAbout>(receiving: Receiving<About>): Promise<Received<About>> {
  const { blobs, frames, source, check } = receiving;
  await using writer = await blobs.put();
  await using line = new FrameLine(writer, frames);
  for await (const chunk of source) await line.push(chunk);
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

/** Fills frames and hands them to the writer in order. */
class FrameLine implements AsyncDisposable {
  readonly #writer: BlobWriter;
  readonly #frames: FramePool;
  #frame: Buffer;
  #filledBytes = 0;
  #inFlight: Promise<void>[] = [];

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

  async end(): Promise<BlobFacts> {
    if (this.#filledBytes > 0) await this.#submit();
    await Promise.all(this.#inFlight);
    return this.#writer.end();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.allSettled(this.#inFlight);
    this.#frames.give(this.#frame);
  }

  async #submit(): Promise<void> {
    const buffer = this.#frame;
    const written = this.#writer.write(buffer.subarray(0, this.#filledBytes));
    const settled = written.finally(() => this.#frames.give(buffer));
    settled.catch(() => undefined);
    this.#inFlight.push(settled);
    this.#frame = this.#frames.take();
    this.#filledBytes = 0;
    if (this.#inFlight.length >= FRAMES_IN_FLIGHT_MAX) await this.#inFlight.shift();
  }
}
