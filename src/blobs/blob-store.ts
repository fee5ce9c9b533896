import type { BlobAbout } from '../model/blob-about.ts';
import { MIB } from '../model/limits.ts';
import type { Rewrapped, Rewrapping } from './master-keys.ts';

/**
 * The byte port. A blob is written once, in frames of 1 MiB (the last one may be shorter), and never changes. Frames are
 * also the leaves of the tree hash, whose hashes are kept with the blob, so that the tree hash of any range can be told
 * without reading bytes. A store verifies every frame before it hands it out.
 */
export interface BlobStore extends AsyncDisposable {
  /** Begins a blob. Nothing is visible before `commit`; disposing the writer before that leaves nothing behind. */
  put(): Promise<BlobWriter>;
  /** Opens a blob for reading. Throws BlobMissingError, or BlobDamagedError when its description cannot be trusted. */
  open(blobId: string): Promise<BlobReader>;
  /** The size of a blob, or undefined when there is none; throws BlobDamagedError like `open`. */
  stat(blobId: string): Promise<{ sizeBytes: number } | undefined>;
  /** Deletes blobs; deleting what is not there succeeds. Never called while one of them is being sent. */
  delete(blobIds: readonly string[]): Promise<void>;
  /** Every committed blob that nobody is just writing, with the instant it was last changed. */
  list(): AsyncIterable<{ blobId: string; changedAtMs: number }>;
  /** Every committed blob with what it says of itself, and what is there and cannot be understood. */
  survey(): AsyncIterable<Surveyed>;
  /**
   * Reads and checks every byte of every copy of a blob, and puts right what can be, unless the store was opened to read
   * only. Throws only what the signal and `pace` do.
   */
  verify(blobId: string, options?: VerifyOptions): Promise<Verdict>;
  /** Has the current master key wrap what others have wrapped, in every copy. Nothing else may be using the store. */
  rewrap(options: Rewrapping): Promise<Rewrapped>;
  /**
   * Takes back the room of what was deleted, where deleting alone does not: a pass over everything, which may be broken off
   * and begun again at any time. It does nothing while a copy of the store is not there.
   */
  compact?(options: Compacting): Promise<{ reclaimedBytes: number }>;
}

export interface Compacting {
  /** The pass ends soon after it aborts, and throws nothing for it. */
  signal?: AbortSignal;
  /** Called after bytes were read or written, with how many of them; resolves when there may be more. */
  pace?: (bytes: number) => Promise<void>;
}

export const FRAME_BYTES = MIB;

export interface BlobWriter extends AsyncDisposable {
  /**
   * Takes the next frame, and hashes it. May be called before the last call resolves; the buffer is the caller's again when
   * its promise does, and may have been changed.
   */
  write(frame: Buffer): Promise<void>;
  /** What was written; no frame comes after it. */
  end(): Promise<BlobFacts>;
  /** Makes what was ended durable and visible, and returns its id. */
  commit(about: BlobAbout): Promise<string>;
}

/** What can be said of bytes without looking into them. */
export interface BlobFacts {
  sizeBytes: number;
  /** SHA-256 of the bytes, hexadecimal. */
  linearHash: string;
  /** SHA-256 tree hash of the bytes, hexadecimal. */
  treeHash: string;
}

/** A blob as it describes itself; what older versions wrote does not. */
export type Surveyed =
  | ({ blobId: string; about: BlobAbout | null } & Omit<BlobFacts, 'linearHash'> & { linearHash: string | null })
  /** Something that is no whole blob: where, and what is wrong. */
  | { place: string; fault: string };

export interface VerifyOptions {
  signal?: AbortSignal;
  /** Called before bytes are read, with how many of them; resolves when they may be, so that others have the disk too. */
  pace?: (bytes: number) => Promise<void>;
}

/** How looking at every byte of a blob has ended. */
export interface Verdict {
  /** `repaired`: a copy was damaged or missing, and was made again from the other one. */
  state: 'intact' | 'repaired' | 'damaged' | 'missing';
  /** Of the bytes that were read, hexadecimal; null unless all of them could be. */
  treeHash: string | null;
  /** What was found, unless all is well. */
  what: string | null;
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
