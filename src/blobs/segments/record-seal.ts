import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { DATA_KEY_BYTES, type MasterKeys } from '../master-keys.ts';

/**
 * Each record is encrypted with a key of its own, AES-256-GCM, which is kept in its head, wrapped. A key is used once, so the
 * nonce is always that of the first frame: zeros.
 */
const CIPHER = 'aes-256-gcm';
const NONCE = Buffer.alloc(12);

export interface RecordSeal {
  wrappedKey: Buffer;
  tag: Buffer;
}

export function sealRecord(bytes: Buffer, masterKeys: MasterKeys): { stored: Buffer; seal: RecordSeal } {
  const key = randomBytes(DATA_KEY_BYTES);
  const cipher = createCipheriv(CIPHER, key, NONCE);
  const stored = cipher.update(bytes);
  cipher.final();
  return { stored, seal: { wrappedKey: masterKeys.wrap(key), tag: cipher.getAuthTag() } };
}

/** Undefined when the bytes or the tag were changed. Throws what `unwrap` of MasterKeys throws. */
export function openRecord(stored: Buffer, seal: RecordSeal, masterKeys: MasterKeys): Buffer | undefined {
  const decipher = createDecipheriv(CIPHER, masterKeys.unwrap(seal.wrappedKey), NONCE);
  decipher.setAuthTag(seal.tag);
  const bytes = decipher.update(stored);
  try {
    decipher.final();
    return bytes;
  } catch {
    return undefined;
  }
}
