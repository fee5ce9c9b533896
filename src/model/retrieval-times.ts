import type { Tier } from './jobs.ts';

/** A delay drawn uniformly between the two, both included. */
export interface Delay {
  minMs: number;
  maxMs: number;
}

/** From InitiateJob to completion: the tiers of archive retrieval, and inventory jobs, which have no tier. */
export type RetrievalTimes = Record<Lowercase<Tier> | 'inventory', Delay>;
