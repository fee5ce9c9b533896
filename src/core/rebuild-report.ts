import type { FindOutcome } from '../metadata/rebuilding.ts';

/** What a rebuild has found and done; what is not said to be restored is as it was. */
export interface RebuildReport {
  blobs: number;
  vaults: { restored: number; known: number };
  archives: { restored: number; known: number; deleted: number; bytesRestored: number };
  locks: { recorded: number; restored: number };
  left: {
    /** Bytes of archives that are in no vault there can be now. */
    otherVaults: number;
    /** Parts of uploads that were not completed. */
    parts: number;
    /** Lists whose parts are all gone: those of archives that were being deleted. */
    lists: number;
    /** What jobs made. */
    outputs: number;
    /** Blobs that no row mentions and that do not say what they are: those of earlier versions. */
    undescribed: number;
  };
  /** How many of each kind of problem there are. */
  problems: { damaged: number; missing: number; conflicts: number };
}

/** Something that is not as it should be, in a line for the operator. */
export interface RebuildProblem {
  kind: keyof RebuildReport['problems'];
  text: string;
}

export const emptyReport = (): RebuildReport => ({
  blobs: 0,
  vaults: { restored: 0, known: 0 },
  archives: { restored: 0, known: 0, deleted: 0, bytesRestored: 0 },
  locks: { recorded: 0, restored: 0 },
  left: { otherVaults: 0, parts: 0, lists: 0, outputs: 0, undescribed: 0 },
  problems: { damaged: 0, missing: 0, conflicts: 0 },
});

/** Counts what became of an archive of this size. */
export function countArchive(report: RebuildReport, outcome: FindOutcome, sizeBytes: number): void {
  const { archives, left } = report;
  if (outcome === 'other-vault') left.otherVaults += 1;
  else if (outcome === 'added') {
    archives.restored += 1;
    archives.bytesRestored += sizeBytes;
  } else archives[outcome] += 1;
}
