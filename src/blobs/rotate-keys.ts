import type { EncryptionKeys } from '../config/encryption-keys.ts';
import { ConfigError } from '../config/errors.ts';
import type { BlobStore } from './blob-store.ts';
import type { KeyRecord } from './key-record.ts';
import { masterKeyId } from './key-wrap.ts';
import { MasterKeyRing } from './master-key-ring.ts';
import type { MasterKeys, Rewrapped, Rewrapping } from './master-keys.ts';

/**
 * A rotation: a new master key wraps the keys of all blobs, and the old one goes. Each step is durable before the next, and
 * at every moment the keys that are kept read everything: the new key is in the file before it is on record, on record
 * before it wraps, and the old one leaves the record and the file, in this order, when nothing needs it any more. Two keys
 * in the file are a rotation that was interrupted: the next one goes on with the first of them and makes no other.
 */
export interface Rotation extends Rewrapping {
  keys: EncryptionKeys;
  record: KeyRecord;
  openStore: (masterKeys: MasterKeys) => Promise<BlobStore>;
}

export interface Rotated extends Rewrapped {
  /** Of the key that is current now. */
  keyId: string;
  /** Of the keys that are not needed any more; none when something failed. */
  retiredKeyIds: string[];
}

/** Call it only while owning the data directory. Throws ConfigError, and has changed nothing then. */
export async function rotateKeys({ keys, record, openStore, ...rewrapping }: Rotation): Promise<Rotated> {
  const before = new MasterKeyRing({ keys, record, encrypts: true });
  const problem = before.problem();
  if (problem !== undefined) throw new ConfigError(problem);
  takeNewKey({ keys, record });
  const ring = new MasterKeyRing({ keys, record, encrypts: true });
  const { id: keyId } = ring.prepare();
  await using store = await openStore(ring);
  const rewrapped = await store.rewrap(rewrapping);
  if (rewrapped.failed.size > 0) return { ...rewrapped, keyId, retiredKeyIds: [] };
  const retiredKeyIds = [...new Set([...record.keyIds, ...keys.find().map(masterKeyId)])].filter((id) => id !== keyId);
  record.keep([keyId]);
  if (keys.source === 'file') keys.keep(keys.find().slice(0, 1));
  return { ...rewrapped, keyId, retiredKeyIds };
}

/** Has two keys at least, of which the first is the new one. */
function takeNewKey({ keys, record }: Pick<Rotation, 'keys' | 'record'>): void {
  const [first, second] = keys.find();
  if (second !== undefined) return;
  if (keys.source !== 'file') {
    throw new ConfigError(`${keys.origin} has one key only: put a new one before it, and keep the old one after it`);
  }
  if (first === undefined && record.keyIds.length === 0) {
    throw new ConfigError(`there is nothing to rotate: ${keys.path} is made with the first archive that is encrypted`);
  }
  keys.add();
}
