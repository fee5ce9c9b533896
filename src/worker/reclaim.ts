import type { Arrangement } from '../core/arrangement.ts';
import { scanOrphans } from '../core/orphans.ts';
import { limits } from '../model/limits.ts';
import type { Swept } from './sweep.ts';

/**
 * Deletes bytes that were given up; nothing else in the server deletes bytes that a row ever mentioned. They go before the
 * note of them, so that a crash in between repeats the step. A blob that cannot be deleted does not keep the others: it is
 * tried again later, and the failure is thrown when the rest is done. A blob that a row mentions after all, because somebody
 * changed rows, is given back to it, which is thrown too.
 */
export async function reclaim({ metadata, blobs }: Arrangement): Promise<Swept> {
  const blobIds = await metadata.reclaim.list({ limit: limits.sweepRowsMax });
  const gone: string[] = [];
  const wanted = await metadata.reclaim.takeBackMentioned(blobIds);
  const failures: unknown[] = [];
  for (const blobId of blobIds.filter((id) => !wanted.includes(id))) {
    await blobs.delete(blobId).then(
      () => gone.push(blobId),
      (error: unknown) => failures.push(error),
    );
  }
  await metadata.reclaim.forget(gone);
  if (failures.length > 0) throw new AggregateError(failures, `${failures.length} blobs could not be deleted`);
  if (wanted.length > 0) throw new Error(`blobs were given up that rows mention; they are kept: ${wanted.join(', ')}`);
  return { done: gone.length, more: blobIds.length === limits.sweepRowsMax };
}

/** Gives up bytes that no row mentions, or tells how many are kept because a lock may stand behind them. */
export async function giveUpOrphans(given: Arrangement, isStopped: () => boolean): Promise<Swept> {
  const { givenUp, kept } = await scanOrphans(given, isStopped);
  const swept = { done: givenUp, more: false };
  if (kept === 0) return swept;
  const blobs = kept === 1 ? '1 blob without a row is' : `${kept} blobs without a row are`;
  return { ...swept, notice: `${blobs} kept, because vaults are locked or the clock is not believed` };
}
