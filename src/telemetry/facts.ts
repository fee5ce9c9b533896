import type { Degradation, FileFailure, ScrubFacts } from './health.ts';

/** How the server stands, all of it at one moment: what the metrics and the pages of the admin listener tell. */
export interface Facts {
  /** Every reason there may be, and which of them hold. */
  reasons: readonly { reason: Degradation; holds: boolean }[];
  disks: readonly DiskState[];
  failures: Readonly<Record<FileFailure, number>>;
  damaged: number;
  repaired: number;
  scrub: ScrubFacts | undefined;
  uploads: number;
  frameBytes: number;
  jobs: number;
}

/** The file system of one of the directories. */
export interface DiskState {
  /** What lies there: metadata, blobs, mirror. */
  name: string;
  totalBytes: number;
  freeBytes: number;
  reserveBytes: number;
}
