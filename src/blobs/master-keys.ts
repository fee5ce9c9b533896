/**
 * The keys that the keys of blobs are wrapped with. Each blob has a random key of its own, which is kept beside its bytes,
 * wrapped: `<id of the master key, 8> <nonce, 12> <ciphertext, 32> <tag, 16>`, AES-256-GCM. The id is the beginning of the
 * SHA-256 of the master key, so that after a rotation it is known which of several to try.
 */
export interface MasterKeys {
  /** Whether new blobs are encrypted. What is encrypted already is read all the same. */
  readonly encrypts: boolean;
  /**
   * Wraps a key of 32 bytes with the current master key; WRAPPED_KEY_BYTES. The first call may have to make a master key,
   * which is durable on return.
   */
  wrap(dataKey: Buffer): Buffer;
  /** Throws KeyMissingError when none of the master keys wrapped it, KeyDamagedError when it was changed. */
  unwrap(wrapped: Buffer): Buffer;
  /** Whether the current master key has wrapped this; if not, a rotation wraps it anew. */
  isCurrent(wrapped: Buffer): boolean;
}

/**
 * What a store of blobs does for a rotation of master keys: whatever the current one has not wrapped, in every copy, is
 * wrapped by it. Resolves when all of it is durable. Interrupted at any moment, every blob stays readable with the keys of
 * before and the current one, and the next call goes on.
 */
export interface Rewrapping {
  signal?: AbortSignal;
  /** Called now and then with how many blobs have been looked at. */
  onProgress?: (lookedAt: number) => void;
}

export interface Rewrapped {
  /** Encrypted blobs that the current key had wrapped already. */
  current: number;
  /** Those that it has wrapped now. */
  rewrapped: number;
  /** Those whose key cannot be had: what is wrong with them, by blob id, or by the path of what could not be read. The keys of before must stay then. */
  failed: ReadonlyMap<string, string>;
}

export const DATA_KEY_BYTES = 32;
export const WRAPPED_KEY_BYTES = 68;

/** The master key that a blob needs is not among those that were given. */
export class KeyMissingError extends Error {
  constructor(keyId: string) {
    super(`the master key ${keyId} is not here`);
    this.name = 'KeyMissingError';
  }
}

/** A wrapped key is not what was written. */
export class KeyDamagedError extends Error {
  constructor(keyId: string) {
    super(`a key that the master key ${keyId} has wrapped was changed`);
    this.name = 'KeyDamagedError';
  }
}
