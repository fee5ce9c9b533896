import { MIB } from '../model/limits.ts';

/**
 * The byte port. A blob is written once, in frames of 1 MiB (the last one may be shorter), and never changes. Frames are
 * also the leaves of the tree hash, whose hashes are kept with the blob, so that the tree hash of any range can be told
 * without reading bytes. A store verifies every frame before it hands it out.
 */
export interface BlobStore extends AsyncDisposable {
  /**
   * Begins a blob. Nothing is visible before `commit`; disposing the writer before that leaves nothing behind. Blobs never
   * change, so an id that is taken is refused.
   */
  put(blobId: string): Promise<BlobWriter>;
  /** Opens a blob for reading. Throws BlobMissingError, or BlobDamagedError when its description cannot be trusted. */
  open(blobId: string): Promise<BlobReader>;
  /** The size of a blob, or undefined when there is none; throws BlobDamagedError like `open`. */
  stat(blobId: string): Promise<{ sizeBytes: number } | undefined>;
  /** Deletes a blob; deleting what is not there succeeds. Never called while the blob is being sent. */
  delete(blobId: string): Promise<void>;
  /** Every committed blob that nobody is just writing, with the instant it was last changed. */
  list(): AsyncIterable<{ blobId: string; changedAtMs: number }>;
}

export const FRAME_BYTES = MIB;

export interface BlobWriter extends AsyncDisposable {
  /** Takes the next frame; the caller may reuse the buffer once the promise resolves. */
  write(frame: Buffer): Promise<void>;
  /** Makes the blob durable and visible; `leaves` are the SHA-256 hashes of the frames, 32 bytes each. */
  commit(leaves: Buffer): Promise<void>;
}

export interface BlobReader extends AsyncDisposable {
  readonly sizeBytes: number;
  /** The SHA-256 hashes of the frames, 32 bytes each. */
  readonly leaves: Buffer;
  /**
   * Reads a frame into `into` (FRAME_BYTES or more) and verifies it; throws BlobDamagedError, or RangeError when the blob
   * has no such frame. Returns the bytes.
   */
  readFrame(index: number, into: Buffer): Promise<Buffer>;
}

/** There are no bytes under this id. */
export class BlobMissingError extends Error {
  constructor(blobId: string, options?: ErrorOptions) {
    super(`the blob ${blobId} is missing`, options);
    this.name = 'BlobMissingError';
  }
}

/** The bytes under this id are not the ones that were stored. */
export class BlobDamagedError extends Error {
  constructor(blobId: string, what: string, options?: ErrorOptions) {
    super(`the blob ${blobId} is damaged: ${what}`, options);
    this.name = 'BlobDamagedError';
  }
}
