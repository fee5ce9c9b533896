/**
 * Work on frames of bytes (1 MiB, the last one of a blob may be shorter), each in one visit to a thread of libuv's pool where
 * the addon of `native/` is there, so that the event loop spends no time on hashes, ciphers and disks.
 */
export interface FrameWork {
  readonly kind: 'native' | 'plain';
  /** Why the addon is not used, for people; null when it is. */
  readonly reason: string | null;
  /** A buffer for one frame; aligned to pages when native, so that it may go to a file opened for direct I/O. */
  allocate(): Buffer;
  hasher(): FrameHasher;
  /**
   * Hashes (with a hasher), seals in place (with a seal) and writes a frame at `position`; returns the check to keep: the
   * GCM tag (16 bytes) of what was sealed, else the CRC-32 (4 bytes, little-endian). Frames of one hasher must be given in
   * order; the next one may be given before the last has resolved, and is hashed while that one is written. Rejects with
   * the system's error; the hasher is used up then.
   */
  write(fd: number, frame: Buffer, work: WriteWork): Promise<Buffer>;
  /** Fills `into` from `position`, verifies it against its check and opens it. What is not `intact` must not be used. */
  read(fd: number, into: Buffer, work: ReadWork): Promise<'intact' | 'short' | 'damaged'>;
}

export interface WriteWork {
  /** In bytes, from the start of the file. */
  position: number;
  hasher?: FrameHasher;
  seal?: FrameSeal;
}

export interface ReadWork {
  /** In bytes, from the start of the file. */
  position: number;
  check: Buffer;
  seal?: FrameSeal;
}

/** AES-256-GCM: a key that no other blob has, and the frame's place, which is the nonce. */
export interface FrameSeal {
  /** 32 bytes. */
  key: Buffer;
  index: number;
}

/** SHA-256 of all bytes and of each MiB of them, in one pass where there is the addon. */
export interface FrameHasher {
  /** At once, on the calling thread; for a few bytes. RangeError while frames of this hasher are being written. */
  update(bytes: Buffer): void;
  /** 32 bytes, and 32 for each MiB begun (none of an empty blob). The hasher is used up. */
  digest(): { linear: Buffer; leaves: Buffer };
}
