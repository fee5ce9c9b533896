import type { Arrangement } from '../core/arrangement.ts';
import { locksAreDisputed } from '../core/lock-findings.ts';
import { limits } from '../model/limits.ts';
import type { Swept } from './sweep.ts';

/**
 * Deletes bytes that were given up; nothing else in the server deletes bytes that a row ever mentioned. They go before the note of them, so that a
 * crash in between repeats the step. A blob that cannot be deleted does not keep the others: it is tried again later, and
 * the failure is thrown when the rest is done.
 */
export async function reclaim({ metadata, blobs }: Arrangement): Promise<Swept> {
  const blobIds = await metadata.reclaim.list({ limit: limits.sweepRowsMax });
  const gone: string[] = [];
  const failures: unknown[] = [];
  for (const blobId of blobIds) {
    await blobs.delete(blobId).then(
      () => gone.push(blobId),
      (error: unknown) => failures.push(error),
    );
  }
  await metadata.reclaim.forget(gone);
  if (failures.length > 0) throw new AggregateError(failures, `${failures.length} blobs could not be deleted`);
  return { done: gone.length, more: blobIds.length === limits.sweepRowsMax };
}

/**
 * Gives up bytes that no row mentions, left by a crash between storing and recording them. They are kept for a week, so
 * that a metadata backup put back in place still finds the bytes it names; and for as long as lock records tell that these
 * are not the metadata that the locks were completed in.
 */
export async function giveUpOrphans(given: Arrangement, isStopped: () => boolean): Promise<Swept> {
  const { metadata, blobs, clock } = given;
  if (await locksAreDisputed(given)) return { done: 0, more: false };
  let done = 0;
  let batch: string[] = [];
  const settle = async () => {
    done += await metadata.reclaim.addUnknown(batch);
    batch = [];
  };
  for await (const { blobId, changedAtMs } of blobs.list()) {
    if (isStopped()) break;
    if (changedAtMs > clock.nowMs() - limits.orphanAgeMs) continue;
    batch.push(blobId);
    if (batch.length >= limits.sweepRowsMax) await settle();
  }
  if (!isStopped()) await settle();
  return { done, more: false };
}
