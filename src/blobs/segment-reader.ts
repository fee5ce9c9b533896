import { type BlobReader, FRAME_BYTES } from './blob-store.ts';

/** A blob of a segment, which was read and verified as a whole. */
export class SegmentReader implements BlobReader {
  readonly sizeBytes: number;
  readonly leaves: Buffer;
  readonly #bytes: Buffer;

  constructor({ bytes, leaf }: { bytes: Buffer; leaf: Buffer }) {
    this.sizeBytes = bytes.length;
    this.leaves = bytes.length === 0 ? Buffer.alloc(0) : leaf;
    this.#bytes = bytes;
  }

  async readFrame(index: number, into: Buffer): Promise<Buffer> {
    const position = index * FRAME_BYTES;
    if (position < 0 || position >= this.sizeBytes) throw new RangeError(`there is no frame ${index}`);
    return into.subarray(0, this.#bytes.copy(into));
  }

  async [Symbol.asyncDispose](): Promise<void> {}
}
