import type { VaultName } from './vaults.ts';

/** A vault and no other: the name may be used again after it was deleted. */
export interface VaultIdentity extends VaultName {
  createdAtMs: number;
}

/** What tells a vault from all others, and nothing else of it. */
export const identityOf = ({ accountId, name, createdAtMs }: VaultIdentity): VaultIdentity => ({
  accountId,
  name,
  createdAtMs,
});

/**
 * What is kept beside the bytes about a vault: that it was locked, or, without a lock, that a locked vault was deleted. The
 * newest record of a vault counts.
 */
export interface LockRecordText {
  /** Counts up from 1, without gaps. */
  number: number;
  writtenAtMs: number;
  /** The ARN is for people; the rest is what the vault goes by. */
  vault: VaultIdentity & { arn: string };
  lock: RecordedLock | null;
}

export interface RecordedLock {
  id: string;
  document: string;
  createdAtMs: number;
  completedAtMs: number;
}

/** A record as far as it is kept in mind: policies are long. */
export interface LockRecord {
  number: number;
  vault: VaultIdentity & { arn: string };
  lock: { id: string; documentDigest: string } | null;
  /** False when it was changed after it was written, so that nothing in it may be believed. */
  sound: boolean;
}
