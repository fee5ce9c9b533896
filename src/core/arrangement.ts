import type { BlobStore } from '../blobs/blob-store.ts';
import type { Metadata } from '../metadata/metadata.ts';
import type { Clock } from '../model/clock.ts';
import type { RetrievalLimits } from '../model/retrieval-limits.ts';
import type { RetrievalTimes } from '../model/retrieval-times.ts';
import type { Downloads } from './downloads.ts';
import type { FramePool } from './frame-pool.ts';
import type { LockBook } from './lock-book.ts';
import type { RetentionClock } from './retention-clock.ts';

/** What the rules stand on: the stores, the time, and the settings that the rules depend on. */
export interface Arrangement {
  metadata: Metadata;
  blobs: BlobStore;
  frames: FramePool;
  downloads: Downloads;
  clock: Clock;
  /** What ages go by, and nothing else. */
  retention: RetentionClock;
  lockBook: LockBook;
  region: string;
  retrievalTimes: RetrievalTimes;
  retrievalLimits: RetrievalLimits;
  /** Whether counts and inventories are as of now, or as of the last daily inventory. */
  inventory: 'live' | 'daily';
  jobRetentionMs: number;
}
