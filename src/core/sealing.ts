import { createCipheriv, createDecipheriv, hash, randomBytes } from 'node:crypto';

/**
 * Secret access keys at rest. They cannot be hashed, because a signature is checked with the secret itself; so they are
 * kept sealed, AES-256-GCM with a random nonce, under a key that is not in the database. The access key id is
 * authenticated with it: a sealed secret that is moved to another row does not open.
 *
 * The text is `1.<key>.<nonce, ciphertext and tag>`: the version; 16 hexadecimal digits that tell keys apart, out of a
 * hash of the key; the rest in base64.
 */
export interface SecretsKey {
  /** 32 bytes; undefined while there is none. */
  find(): Buffer | undefined;
  /** As `find`, but makes one, durably, where there is none. */
  findOrMake(): Buffer;
}

const CIPHER = 'aes-256-gcm';
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const VERSION = '1';
const KEY_NAME_LENGTH = 16;
const SEALED = /^1\.[0-9a-f]{16}\.[A-Za-z0-9+/]+={0,2}$/;
const BEGINNING = /^1\.[0-9a-f]{16}\.$/;

/** How many characters tell with which key a secret was sealed. */
export const SEAL_BEGINNING_LENGTH = VERSION.length + 1 + KEY_NAME_LENGTH + 1;

/** Seals the secret of an access key. */
export function seal(key: Buffer, { accessKeyId, secret }: { accessKeyId: string; secret: string }): string {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv(CIPHER, key, nonce, { authTagLength: TAG_BYTES });
  cipher.setAAD(Buffer.from(accessKeyId));
  const sealed = Buffer.concat([nonce, cipher.update(secret, 'utf8'), cipher.final(), cipher.getAuthTag()]);
  return beginningOf(key) + sealed.toString('base64');
}

/** Opens what `seal` made; undefined when it was made with another key, for another access key, or is damaged. */
export function unseal(
  key: Buffer,
  { accessKeyId, sealedSecret }: { accessKeyId: string; sealedSecret: string },
): string | undefined {
  if (!SEALED.test(sealedSecret) || !sealedSecret.startsWith(beginningOf(key))) return undefined;
  const bytes = Buffer.from(sealedSecret.slice(SEAL_BEGINNING_LENGTH), 'base64');
  if (bytes.length <= NONCE_BYTES + TAG_BYTES) return undefined;
  try {
    const decipher = createDecipheriv(CIPHER, key, bytes.subarray(0, NONCE_BYTES), { authTagLength: TAG_BYTES });
    decipher.setAAD(Buffer.from(accessKeyId));
    decipher.setAuthTag(bytes.subarray(-TAG_BYTES));
    const secret = decipher.update(bytes.subarray(NONCE_BYTES, -TAG_BYTES));
    return Buffer.concat([secret, decipher.final()]).toString('utf8');
  } catch {
    // Its tag does not fit, and that is all that can be known.
    return undefined;
  }
}

/** Whether a sealed secret that begins so was sealed with another key; one that begins like none is damaged. */
export function isOfAnotherKey(beginning: string, key: Buffer | undefined): boolean {
  return BEGINNING.test(beginning) && (key === undefined || beginning !== beginningOf(key));
}

const beginningOf = (key: Buffer): string => `${VERSION}.${hash('sha256', key, 'hex').slice(0, KEY_NAME_LENGTH)}.`;
