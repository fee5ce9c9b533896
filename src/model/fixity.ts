import type { VaultName } from './vaults.ts';

/**
 * Fixity: that bytes are still those that were stored. An archive is verified by reading all of them, and the verdict on it
 * is an event that is put on record.
 */
export const VERDICT_STATES = ['intact', 'repaired', 'damaged', 'missing'] as const;

/** `repaired`: bytes were damaged, and are whole again from another copy. `missing`: bytes are not there at all. */
export type VerdictState = (typeof VERDICT_STATES)[number];

export const VERIFIED_BY = ['scrub', 'check'] as const;
export type VerifiedBy = (typeof VERIFIED_BY)[number];

/** How the verification of something ended; `what` says what was found, null when nothing was. */
export interface Fixity {
  state: VerdictState;
  what: string | null;
}

/** An archive as whoever verifies it knows it. */
export interface StoredArchive {
  key: number;
  id: string;
  vault: VaultName;
  sizeBytes: number;
  treeHash: string;
}

/** A stored archive with the last verdict on it. */
export interface VerifiedArchive extends StoredArchive {
  fixity: Fixity & { by: VerifiedBy; atMs: number };
  /** Since when it is known to be damaged; null when it is whole. */
  damagedAtMs: number | null;
}

export const isDamage = (state: VerdictState): boolean => state === 'damaged' || state === 'missing';

/** From the best to the worst: what an archive is, when that is what its blobs are. */
const GRAVITY: Readonly<Record<VerdictState, number>> = { intact: 0, repaired: 1, damaged: 2, missing: 3 };

/** Much more of what was found helps nobody. */
const WHAT_LENGTH_MAX = 1000;
const MORE = '; and more';

/** Two verdicts on parts of an archive as one. */
export function together(one: Fixity, other: Fixity): Fixity {
  const state = GRAVITY[one.state] >= GRAVITY[other.state] ? one.state : other.state;
  if (one.what === null || other.what === null) return { state, what: one.what ?? other.what };
  if (one.what.endsWith(MORE)) return { state, what: one.what };
  const what = `${one.what}; ${other.what}`;
  return { state, what: what.length > WHAT_LENGTH_MAX ? `${one.what}${MORE}` : what };
}

export const INTACT: Fixity = { state: 'intact', what: null };

/** An event of an archive's life, as it is put on record for good: a line of the fixity log. */
export interface FixityEvent {
  at: string;
  account: string;
  vault: string;
  archiveId: string;
  sizeBytes: number;
  treeHash: string;
  by: VerifiedBy;
  result: VerdictState;
  what: string | null;
}

/** A pass over all archives that runs: which are in it, and how far it has come. Bytes count something for each archive. */
export interface ScrubPass {
  /** Later than every verification before it, whatever the clock shows. */
  startedAtMs: number;
  /** The last archive in it; those that came later wait for the next pass. */
  lastKey: number;
  totalArchives: number;
  totalBytes: number;
  doneBytes: number;
  archives: number;
  damaged: number;
  place: ScrubPlace | null;
}

/** How far the verification of one archive has come, and what was found until there. */
export interface ScrubPlace {
  archiveKey: number;
  nextByte: number;
  fixity: Fixity;
}

export interface ScrubState {
  /** When the next pass begins. */
  beginsAtMs: number;
  pass: ScrubPass | null;
  /** The last pass that came to its end. */
  finished: { atMs: number; archives: number; bytes: number; damaged: number } | null;
}
