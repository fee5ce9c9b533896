import { hash } from 'node:crypto';
import type { LockRecord } from './lock-records.ts';

/** A vault lock as the metadata has it. Locked is for ever, so only one in progress expires. */
export interface VaultLock {
  id: string;
  /** The policy, letter by letter as it came. */
  document: string;
  state: 'InProgress' | 'Locked';
  /** When it went into progress. */
  createdAtMs: number;
  expiresAtMs: number | null;
}

/** What the metadata and the newest lock record say of one vault, taken together. */
export type LockComparison =
  | { kind: 'none' }
  | { kind: 'in-progress' | 'agrees' | 'unrecorded' | 'unfinished'; lock: VaultLock }
  | { kind: 'sealed'; reason: string };

/**
 * Holds the metadata against the record beside the bytes. A record says `Locked` for ever, whatever became of the row;
 * where the row says something else, somebody has tampered with one of the two or put an old one back, and the vault is
 * sealed. A row without a record is believed: it can only forbid more than was agreed.
 */
export function compareLock(lock: VaultLock | undefined, record: LockRecord | undefined): LockComparison {
  const recorded = record?.lock ?? undefined;
  if (record?.sound === false && recorded !== undefined && lock?.state !== 'Locked') {
    return { kind: 'sealed', reason: 'its lock record is damaged' };
  }
  if (recorded === undefined || record?.sound === false) {
    if (lock === undefined) return { kind: 'none' };
    return { kind: lock.state === 'Locked' ? 'unrecorded' : 'in-progress', lock };
  }
  if (lock === undefined) return { kind: 'sealed', reason: 'the metadata has no lock' };
  if (lock.id !== recorded.id) return { kind: 'sealed', reason: 'the metadata has another lock' };
  if (documentDigest(lock.document) !== recorded.documentDigest) {
    return { kind: 'sealed', reason: 'the metadata has another lock policy' };
  }
  // Completing writes the record first, so this is a completion that a crash or a full disk has cut in two.
  return { kind: lock.state === 'Locked' ? 'agrees' : 'unfinished', lock };
}

/** What the records say of a vault: the newest one of its own, and that of a locked vault of its name before it. */
export interface VaultRecords {
  own: LockRecord | undefined;
  predecessor: LockRecord | undefined;
}

/**
 * The same with the vaults that had the name before. A vault whose date was changed is none that the records know; but a
 * locked vault of that name was, and its deletion would be on record.
 */
export function compareWithRecords(lock: VaultLock | undefined, { own, predecessor }: VaultRecords): LockComparison {
  if (!own?.lock && predecessor && (predecessor.sound || lock?.state !== 'Locked')) {
    return { kind: 'sealed', reason: 'a locked vault of this name, made at another time, was never deleted' };
  }
  return compareLock(lock, own);
}

/** Whether a lock may go into progress where this one is, going by the records. */
export function mayBegin(present: VaultLock | undefined, records: VaultRecords, nowMs: number): boolean {
  return lockMoves.initiate(bindingLock(compareWithRecords(present, records), nowMs)) === 'begin';
}

/** The lock that counts at an instant. One that was recorded counts as Locked, also where that was not finished. */
export function bindingLock(comparison: LockComparison, nowMs: number): VaultLock | undefined {
  switch (comparison.kind) {
    case 'none':
    case 'sealed':
      return undefined;
    case 'in-progress':
      return (comparison.lock.expiresAtMs ?? nowMs) > nowMs ? comparison.lock : undefined;
    case 'unfinished':
      return { ...comparison.lock, state: 'Locked', expiresAtMs: null };
    default:
      return comparison.lock;
  }
}

/**
 * The state machine of the developer guide ("Vault Lock"): none, in progress, locked, and nothing leads out of locked. Each
 * move takes the lock that counts and tells what becomes of it, or why nothing does.
 */
export const lockMoves = {
  initiate: (lock: VaultLock | undefined) =>
    lock === undefined ? 'begin' : lock.state === 'Locked' ? 'locked' : 'in-progress',

  /** `isNamed` tells whether an id is the one that the client gave. */
  complete(lock: VaultLock | undefined, isNamed: (id: string) => boolean) {
    if (lock === undefined) return 'none';
    if (lock.state === 'Locked') return isNamed(lock.id) ? 'repeat' : 'locked';
    return isNamed(lock.id) ? 'lock' : 'other-id';
  },

  abort: (lock: VaultLock | undefined) => (lock === undefined ? 'none' : lock.state === 'Locked' ? 'locked' : 'remove'),
} as const;

/** What a record remembers a policy by. */
export const documentDigest = (document: string): string => hash('sha256', document, 'hex');
