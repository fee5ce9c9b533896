import type { Arrangement } from '../core/arrangement.ts';
import { scanOrphans } from '../core/orphans.ts';
import { limits } from '../model/limits.ts';
import type { Swept } from './sweep.ts';

/** Where a sweep over the blobs that were given up has come to. */
export interface ReclaimPlace {
  afterBlobId: string;
}

/** What became of some blobs. */
interface Deletion {
  gone: string[];
  failures: unknown[];
}

/**
 * Deletes bytes that were given up; nothing else in the server deletes bytes that a row ever mentioned. They go before the
 * note of them, so that a crash in between repeats the step. What is being sent stays until it is, and a blob that cannot be
 * deleted does not keep the others: each is met again in the next round, and a failure is thrown when the step is done. A
 * blob that a row mentions after all, because somebody changed rows, is given back to it, which is thrown too.
 */
export async function reclaim(
  given: Pick<Arrangement, 'metadata' | 'blobs' | 'downloads'>,
  place: ReclaimPlace = { afterBlobId: '' },
): Promise<Swept> {
  const { metadata } = given;
  const gathered = await metadata.reclaim.gather({ limit: limits.rowsRemovedAtOnceMax });
  const blobIds = await metadata.reclaim.list({ ...place, limit: limits.sweepRowsMax });
  const more = blobIds.length === limits.sweepRowsMax;
  place.afterBlobId = more ? (blobIds.at(-1) ?? '') : '';
  const wanted = new Set(await metadata.reclaim.takeBackMentioned(blobIds));
  const unwanted = blobIds.filter((id) => !wanted.has(id));
  const { gone, failures } = await deleteAll(given, unwanted);
  await metadata.reclaim.forget(gone);
  if (failures.length > 0) throw new AggregateError(failures, `${failures.length} blobs could not be deleted`);
  if (wanted.size > 0) {
    throw new Error(`blobs were given up that rows mention; they are kept: ${[...wanted].join(', ')}`);
  }
  return { done: gone.length, more: more || gathered > 0 };
}

/** A few at a time, because a store may take long for each. */
async function deleteAll(
  { blobs, downloads }: Pick<Arrangement, 'blobs' | 'downloads'>,
  blobIds: readonly string[],
): Promise<Deletion> {
  const done: Deletion = { gone: [], failures: [] };
  const waiting = blobIds.values();
  const deleteNext = async () => {
    for (const blobId of waiting) {
      if (downloads.isRead(blobId)) continue;
      await blobs.delete([blobId]).then(
        () => done.gone.push(blobId),
        (error: unknown) => done.failures.push(error),
      );
    }
  };
  await Promise.all(Array.from({ length: limits.blobsDeletedAtOnceMax }, deleteNext));
  return done;
}

/** Gives up bytes that no row mentions, or tells how many are kept because a lock may stand behind them. */
export async function giveUpOrphans(given: Arrangement, isStopped: () => boolean): Promise<Swept> {
  const { givenUp, kept } = await scanOrphans(given, isStopped);
  const swept = { done: givenUp, more: false };
  if (kept === 0) return swept;
  const blobs = kept === 1 ? '1 blob without a row is' : `${kept} blobs without a row are`;
  return { ...swept, notice: `${blobs} kept, because vaults are locked or the clock is not believed` };
}
