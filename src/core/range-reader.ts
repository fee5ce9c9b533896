import {
  BlobDamagedError,
  BlobMissingError,
  type BlobReader,
  type BlobStore,
  FRAME_BYTES,
} from '../blobs/blob-store.ts';
import type { BlobRef } from '../model/archives.ts';
import { type ByteRange, sizeOf } from '../model/byte-range.ts';
import type { Arrangement } from './arrangement.ts';

export interface RangeReading {
  blobs: BlobStore;
  refs: readonly BlobRef[];
  range: ByteRange;
  /** Told of damage, which is thrown too. */
  onDamage?: Arrangement['onDamage'] | undefined;
}

/** Reads the frames that hold a range of an archive, one after the other; each blob is open as long as it is read. */
export class RangeReader implements AsyncDisposable {
  readonly #blobs: BlobStore;
  readonly #refs: readonly BlobRef[];
  readonly #range: ByteRange;
  readonly #onDamage: RangeReading['onDamage'];
  /** The next byte, within the archive, and the blob that holds it. */
  #nextByte: number;
  #refIndex = 0;
  #open: { reader: BlobReader; ref: BlobRef } | undefined;

  constructor({ blobs, refs, range, onDamage }: RangeReading) {
    this.#blobs = blobs;
    this.#refs = refs;
    this.#range = range;
    this.#onDamage = onDamage;
    this.#nextByte = range.startByte;
    this.skip(0);
  }

  /** How much of the range is still to come. */
  get leftBytes(): number {
    return sizeOf({ startByte: this.#nextByte, endByte: this.#range.endByte });
  }

  /** The length of the frame that comes next, which has to be read as a whole to be verified. */
  get frameBytes(): number {
    const { ref, frame } = this.#place();
    return Math.min(FRAME_BYTES, ref.sizeBytes - frame * FRAME_BYTES);
  }

  /** The next bytes of the range, as far as they lie in one frame, verified; the same ones until they are skipped. */
  async read(into: Buffer): Promise<Buffer> {
    const { ref, frame, from } = this.#place();
    const { leftBytes } = this;
    try {
      const reader = await this.#readerOf(ref);
      const bytes = await reader.readFrame(frame, into);
      return bytes.subarray(from, from + leftBytes);
    } catch (error) {
      const isDamage = error instanceof BlobDamagedError || error instanceof BlobMissingError;
      if (isDamage) this.#onDamage?.({ what: error.message, blobId: ref.blobId });
      throw error;
    }
  }

  /** Goes on behind so many bytes. */
  skip(sizeBytes: number): void {
    this.#nextByte += sizeBytes;
    for (let ref = this.#refs[this.#refIndex]; ref !== undefined; ref = this.#refs[this.#refIndex]) {
      if (this.#nextByte < ref.startByte + ref.sizeBytes) return;
      this.#refIndex += 1;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#close();
  }

  #place(): { ref: BlobRef; frame: number; from: number } {
    const ref = this.#refs[this.#refIndex];
    if (ref === undefined) throw new RangeError('the range has ended');
    const at = this.#nextByte - ref.startByte;
    return { ref, frame: Math.floor(at / FRAME_BYTES), from: at % FRAME_BYTES };
  }

  async #readerOf(ref: BlobRef): Promise<BlobReader> {
    if (this.#open?.ref === ref) return this.#open.reader;
    await this.#close();
    const reader = await this.#blobs.open(ref.blobId);
    this.#open = { reader, ref };
    if (reader.sizeBytes === ref.sizeBytes) return reader;
    throw new BlobDamagedError(ref.blobId, `it has ${reader.sizeBytes} bytes, ${ref.sizeBytes} were stored`);
  }

  async #close(): Promise<void> {
    const open = this.#open;
    this.#open = undefined;
    await open?.reader[Symbol.asyncDispose]();
  }
}
