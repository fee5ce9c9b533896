import type { Arrangement } from '../core/arrangement.ts';
import { limits } from '../model/limits.ts';

/**
 * Deletes bytes that were given up; nothing else in the server deletes bytes. They go before the note of them, so that a
 * crash in between repeats the step. Returns how many blobs went.
 */
export async function reclaim({ metadata, blobs }: Arrangement): Promise<number> {
  const blobIds = await metadata.reclaim.list({ limit: limits.sweepRowsMax });
  for (const blobId of blobIds) await blobs.delete(blobId);
  await metadata.reclaim.forget(blobIds);
  return blobIds.length;
}

/**
 * Gives up bytes that no row mentions, left by a crash between storing and recording them. They are kept for a week, so
 * that a metadata backup put back in place still finds the bytes it names. Returns how many blobs were handed over.
 */
export async function giveUpOrphans(
  { metadata, blobs, clock }: Arrangement,
  isStopped: () => boolean,
): Promise<number> {
  let count = 0;
  let batch: string[] = [];
  const settle = async () => {
    const orphans = await metadata.reclaim.unknown(batch);
    for (const blobId of orphans) await metadata.reclaim.add(blobId);
    count += orphans.length;
    batch = [];
  };
  for await (const { blobId, changedAtMs } of blobs.list()) {
    if (isStopped()) return count;
    if (changedAtMs > clock.nowMs() - limits.orphanAgeMs) continue;
    batch.push(blobId);
    if (batch.length >= limits.sweepRowsMax) await settle();
  }
  await settle();
  return count;
}
