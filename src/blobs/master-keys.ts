/**
 * The keys that the keys of blobs are wrapped with. Each blob has a random key of its own, which is kept beside its bytes,
 * wrapped: `<id of the master key, 8> <nonce, 12> <ciphertext, 32> <tag, 16>`, AES-256-GCM. The id is the beginning of the
 * SHA-256 of the master key, so that after a rotation it is known which of several to try.
 */
export interface MasterKeys {
  /** Wraps a key of 32 bytes with the current master key; WRAPPED_KEY_BYTES. */
  wrap(dataKey: Buffer): Buffer;
  /** Throws KeyMissingError when none of the master keys wrapped it, KeyDamagedError when it was changed. */
  unwrap(wrapped: Buffer): Buffer;
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
