import { createCipheriv, createDecipheriv, hash, randomBytes } from 'node:crypto';
import { KeyDamagedError, KeyMissingError, type MasterKeys } from '../../src/blobs/master-keys.ts';
import type { BlobAbout } from '../../src/model/blob-about.ts';

/** For tests: what archives say of themselves, and master keys. */
export const ABOUT: BlobAbout = {
  kind: 'archive',
  archiveId: 'an-archive',
  vault: {
    accountId: '111122223333',
    name: 'v',
    createdAtMs: 7,
  },
  description: 'with "quotes" and ü',
  createdAtMs: 8,
};

/** Master keys that are made of numbers; the first one wraps, all of them unwrap. */
export function testMasterKeys(...numbers: [number, ...number[]]): MasterKeys {
  const keys = numbers.map((number) => Buffer.alloc(32, number));
  const idOf = (key: Buffer) => hash('sha256', key, 'buffer').subarray(0, 8);
  const [current = Buffer.alloc(32)] = keys;
  return {
    encrypts: true,
    isCurrent: (wrapped) => wrapped.subarray(0, 8).equals(idOf(current)),
    wrap(dataKey) {
      const nonce = randomBytes(12);
      const cipher = createCipheriv('aes-256-gcm', current, nonce);
      return Buffer.concat([idOf(current), nonce, cipher.update(dataKey), cipher.final(), cipher.getAuthTag()]);
    },
    unwrap(wrapped) {
      const keyId = wrapped.subarray(0, 8);
      const key = keys.find((candidate) => idOf(candidate).equals(keyId));
      if (key === undefined) throw new KeyMissingError(keyId.toString('hex'));
      const decipher = createDecipheriv('aes-256-gcm', key, wrapped.subarray(8, 20));
      decipher.setAuthTag(wrapped.subarray(52));
      const dataKey = decipher.update(wrapped.subarray(20, 52));
      try {
        decipher.final();
      } catch {
        throw new KeyDamagedError(keyId.toString('hex'));
      }
      return dataKey;
    },
  };
}
