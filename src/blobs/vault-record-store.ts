import type { VaultIdentity } from '../model/lock-records.ts';

/**
 * Where vaults are noted beside the bytes: what the metadata know of a vault that is empty, or when it was made, no archive
 * says. A record is there before the vault is, and goes after it.
 */
export interface VaultRecordStore {
  /** Notes these vaults, durable on return; those that are noted already cost a look. */
  add(vaults: readonly VaultIdentity[]): Promise<void>;
  /** Takes the record of a vault away; what is not there is fine. */
  remove(vault: VaultIdentity): Promise<void>;
  /** Every record, and what is there and cannot be read. */
  list(): AsyncIterable<VaultRecord>;
}

export type VaultRecord = { vault: VaultIdentity; writtenAtMs: number } | { place: string; fault: string };
