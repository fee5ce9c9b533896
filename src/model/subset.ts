import { hash } from 'node:crypto';

/**
 * Which archives a check reads. `3/12` is the third of twelve parts that together are all archives, each archive always in
 * the same one; a share or a size takes those first that were not verified for longest.
 */
export type Subset =
  | { kind: 'all' }
  | { kind: 'part'; part: number; of: number }
  | { kind: 'share'; percent: number }
  | { kind: 'size'; bytes: number };

/** Of the archives' ids, which are random, the hash is taken so that ids of other makers are spread evenly too. */
const SPREAD = 2 ** 48;
const SPREAD_DIGITS = 12;

/** The number of the part that an archive is in, from 1. */
export function partOf(archiveId: string, of: number): number {
  const spread = Number.parseInt(hash('sha256', archiveId, 'hex').slice(0, SPREAD_DIGITS), 16);
  return Math.floor((spread / SPREAD) * of) + 1;
}

/** How many bytes a subset has at most, of so many; undefined when what is in it is not told by size. */
export function bytesOf(subset: Subset, totalBytes: number): number | undefined {
  if (subset.kind === 'share') return Math.ceil((totalBytes * subset.percent) / 100);
  return subset.kind === 'size' ? subset.bytes : undefined;
}
