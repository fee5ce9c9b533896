import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto';
import { DATA_KEY_BYTES, KeyDamagedError, WRAPPED_KEY_BYTES } from './master-keys.ts';

/** How one master key wraps the key of a blob; the form is described with `MasterKeys`. */
const CIPHER = 'aes-256-gcm';
const ID_BYTES = 8;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const SEALED_AT = ID_BYTES + NONCE_BYTES;

/** What a master key is known by, hexadecimal: the beginning of its SHA-256, which tells nothing about it. */
export function masterKeyId(masterKey: Buffer): string {
  return createHash('sha256').update(masterKey).digest().subarray(0, ID_BYTES).toString('hex');
}

/** Which master key has wrapped this. */
export function wrappedBy(wrapped: Buffer): string {
  return wrapped.subarray(0, ID_BYTES).toString('hex');
}

export function wrapKey(dataKey: Buffer, masterKey: Buffer): Buffer {
  if (dataKey.length !== DATA_KEY_BYTES) throw new RangeError(`a key has ${DATA_KEY_BYTES} bytes`);
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv(CIPHER, masterKey, nonce, { authTagLength: TAG_BYTES });
  const sealed = cipher.update(dataKey);
  cipher.final();
  return Buffer.concat([Buffer.from(masterKeyId(masterKey), 'hex'), nonce, sealed, cipher.getAuthTag()]);
}

/** Throws KeyDamagedError when this is not what the master key has wrapped. */
export function unwrapKey(wrapped: Buffer, masterKey: Buffer): Buffer {
  const damaged = new KeyDamagedError(wrappedBy(wrapped));
  if (wrapped.length !== WRAPPED_KEY_BYTES) throw damaged;
  const decipher = createDecipheriv(CIPHER, masterKey, wrapped.subarray(ID_BYTES, SEALED_AT), {
    authTagLength: TAG_BYTES,
  });
  decipher.setAuthTag(wrapped.subarray(-TAG_BYTES));
  const dataKey = decipher.update(wrapped.subarray(SEALED_AT, -TAG_BYTES));
  try {
    decipher.final();
    return dataKey;
  } catch {
    throw damaged;
  }
}
