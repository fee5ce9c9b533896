import { limits } from '../model/limits.ts';

/** Keys as operators write them: 32 bytes each, which AES-256 takes, in base64 or hexadecimal. */
export const KEY_BYTES = 32;

const HEXADECIMAL_KEY = /^[0-9A-Fa-f]{64}$/;
const BASE64_KEY = /^[A-Za-z0-9+/]{43}=?$/;
const BETWEEN = /[\s,]+/;

/** Undefined when the text is no key. */
export function parseKey(text: string): Buffer | undefined {
  if (HEXADECIMAL_KEY.test(text)) return Buffer.from(text, 'hex');
  return BASE64_KEY.test(text) ? Buffer.from(text, 'base64') : undefined;
}

/** Reads several keys, or says what is wrong with them without repeating any. */
export function readEncryptionKeys(text: string): { keys: Buffer[] } | { problem: string } {
  const words = text.split(BETWEEN).filter((word) => word !== '');
  if (words.length === 0) return { problem: 'must hold a key' };
  if (words.length > limits.encryptionKeysMax) {
    return { problem: `must hold at most ${limits.encryptionKeysMax} keys` };
  }
  const keys = words.map(parseKey).filter((key) => key !== undefined);
  if (keys.length < words.length) return { problem: `must be keys of ${KEY_BYTES} bytes in base64 or hexadecimal` };
  if (new Set(keys.map((key) => key.toString('hex'))).size < keys.length) return { problem: 'must not repeat a key' };
  return { keys };
}
