import type { EncryptionKeys } from '../config/encryption-keys.ts';
import { ConfigError } from '../config/errors.ts';
import type { KeyRecord } from './key-record.ts';
import { masterKeyId, unwrapKey, wrapKey, wrappedBy } from './key-wrap.ts';
import { KeyMissingError, type MasterKeys } from './master-keys.ts';

export interface MasterKeyRingOptions {
  keys: EncryptionKeys;
  record: KeyRecord;
  encrypts: boolean;
  /** Told when the first key was made, with the file that it is in. */
  onMade?: (path: string) => void;
}

/** The operator's keys as master keys. Nothing is wrapped unless everything that was wrapped before can be read too. */
export class MasterKeyRing implements MasterKeys {
  readonly encrypts: boolean;
  readonly #options: MasterKeyRingOptions;
  #byId: ReadonlyMap<string, Buffer> | undefined;
  /** The current key, once it is certain that it may wrap. */
  #current: { id: string; key: Buffer } | undefined;

  constructor(options: MasterKeyRingOptions) {
    this.encrypts = options.encrypts;
    this.#options = options;
  }

  /**
   * What keeps blobs that were encrypted from being read, as one line; undefined when nothing does. Throws ConfigError when
   * the keys themselves cannot be had.
   */
  problem(): string | undefined {
    const { keys, record } = this.#options;
    // Nothing was ever encrypted, nor will it be: whether there are keys is of no interest.
    if (record.keyIds.length === 0 && !this.encrypts) return undefined;
    const found = this.#keys();
    const missing = record.keyIds.filter((id) => !found.has(id));
    if (missing.length === 0) return undefined;
    const inFile = new Set(keys.fileKeys().map(masterKeyId));
    const where = missing.every((id) => inFile.has(id))
      ? `it is in ${keys.path}, which counts only when no other keys are given`
      : 'put it back from its copy; no new one is made, because nothing could be read with that';
    const why = found.size === 0 ? `there is no ${keys.origin}` : `it is not in ${keys.origin}`;
    return `archives are encrypted under the key ${missing.join(' and ')}, and ${why}: ${where}`;
  }

  /** Has the current key ready, made and on record; throws ConfigError when it may not wrap anything. */
  prepare(): { id: string; key: Buffer } {
    if (this.#current !== undefined) return this.#current;
    const { keys, record, onMade } = this.#options;
    const problem = this.problem();
    if (problem !== undefined) throw new ConfigError(problem);
    if (keys.find().length === 0) {
      keys.add();
      this.#byId = undefined;
      onMade?.(keys.path);
    }
    const [first] = this.#keys();
    if (first === undefined) throw new ConfigError(`there is no key in ${keys.origin}`);
    const [id, key] = first;
    record.add(id);
    this.#current = { id, key };
    return this.#current;
  }

  wrap(dataKey: Buffer): Buffer {
    return wrapKey(dataKey, this.prepare().key);
  }

  unwrap(wrapped: Buffer): Buffer {
    const id = wrappedBy(wrapped);
    const key = this.#keys().get(id);
    if (key === undefined) throw new KeyMissingError(id);
    return unwrapKey(wrapped, key);
  }

  isCurrent(wrapped: Buffer): boolean {
    return wrappedBy(wrapped) === this.prepare().id;
  }

  /** By their ids, the current one first. */
  #keys(): ReadonlyMap<string, Buffer> {
    this.#byId ??= new Map(this.#options.keys.find().map((key) => [masterKeyId(key), key]));
    return this.#byId;
  }
}
