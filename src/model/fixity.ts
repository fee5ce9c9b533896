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

/** Much more of what was found helps nobody: the first things, and that there were more. */
const WHAT_LENGTH_MAX = 1000;

/** Two verdicts on parts of an archive as one. */
export function together(one: Fixity, other: Fixity): Fixity {
  const state = GRAVITY[one.state] >= GRAVITY[other.state] ? one.state : other.state;
  const said = [one.what, other.what].filter((what) => what !== null);
  return { state, what: said.length === 0 ? null : shortened(said.join('; ')) };
}

function shortened(text: string): string {
  const more = '; and more';
  if (text.length <= WHAT_LENGTH_MAX) return text;
  const end = text.lastIndexOf('; ', WHAT_LENGTH_MAX);
  return text.endsWith(more)
    ? text.slice(0, WHAT_LENGTH_MAX)
    : `${text.slice(0, end > 0 ? end : WHAT_LENGTH_MAX)}${more}`;
}

export const INTACT: Fixity = { state: 'intact', what: null };

/** A pass over all archives that runs: which are in it, and how far it has come. Bytes count something for each archive. */
export interface ScrubPass {
  /** Later than every verification before it, whatever the clock shows. */
  startedAtMs: number;
  /** The last archive in it; those that came later wait for the next pass. */
  lastKey: number;
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
  finished: { atMs: number; archives: number; damaged: number } | null;
}
