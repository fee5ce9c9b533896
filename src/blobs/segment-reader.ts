import { type BlobReader, FRAME_BYTES } from './blob-store.ts';
import type { SegmentStore } from './segments/segment-store.ts';

/**
 * A blob of a segment, which is read and verified as a whole. Its bytes are kept until they are asked for, once, and read
 * again after that: whoever takes them slowly, in pieces, would keep memory that nobody counts.
 */
export class SegmentReader implements BlobReader {
  readonly sizeBytes: number;
  readonly leaves: Buffer;
  readonly #segments: Pick<SegmentStore, 'read'>;
  readonly #blobId: string;
  #bytes: Buffer | undefined;

  private constructor({ segments, blobId }: SegmentReading, { bytes, leaf }: { bytes: Buffer; leaf: Buffer }) {
    this.#segments = segments;
    this.#blobId = blobId;
    this.#bytes = bytes;
    this.sizeBytes = bytes.length;
    // A copy: the hash lies in the memory of the whole record.
    this.leaves = bytes.length === 0 ? Buffer.alloc(0) : Buffer.from(leaf);
  }

  /** Throws BlobMissingError, BlobDamagedError, or KeyMissingError. */
  static async open(reading: SegmentReading): Promise<SegmentReader> {
    return new SegmentReader(reading, await reading.segments.read(reading.blobId));
  }

  async readFrame(index: number, into: Buffer): Promise<Buffer> {
    const position = index * FRAME_BYTES;
    if (position < 0 || position >= this.sizeBytes) throw new RangeError(`there is no frame ${index}`);
    const bytes = this.#bytes ?? (await this.#segments.read(this.#blobId)).bytes;
    this.#bytes = undefined;
    return into.subarray(0, bytes.copy(into));
  }

  async [Symbol.asyncDispose](): Promise<void> {}
}

export interface SegmentReading {
  segments: Pick<SegmentStore, 'read'>;
  blobId: string;
}
