import { BlobDamagedError, BlobMissingError, type BlobStore } from '../blobs/blob-store.ts';
import type { Arrangement } from '../core/arrangement.ts';
import { checkCoverage } from '../core/outputs.ts';
import type { BlobRef } from '../model/archives.ts';
import type { ArchiveRetrievalJob } from '../model/jobs.ts';
import { limits } from '../model/limits.ts';
import type { WorkResult } from './leases.ts';

/**
 * Retrieves an archive. The output is the archive itself, so the work is to see that every blob is there and is the one
 * that was stored; its frames are verified when they are sent.
 */
export async function retrieveArchive({ metadata, blobs }: Arrangement, job: ArchiveRetrievalJob): Promise<WorkResult> {
  const { archiveKey } = job;
  const { endByte } = job.range;
  try {
    for (let startByte = job.range.startByte; startByte <= endByte; ) {
      const limit = limits.blobPageRows;
      const refs = await metadata.archives.blobs({ archiveKey, range: { startByte, endByte }, limit });
      const last = refs.length < limit ? undefined : refs.at(-1);
      const covered = { startByte, endByte: last === undefined ? endByte : endOf(last, endByte) };
      checkCoverage(refs, covered);
      for (const ref of refs) await checkStored(blobs, ref);
      startByte = covered.endByte + 1;
    }
  } catch (error) {
    if (!(error instanceof BlobMissingError || error instanceof BlobDamagedError)) throw error;
    return { failure: 'The archive cannot be retrieved: its stored bytes are missing or damaged.' };
  }
  return { output: null, marker: null };
}

const endOf = ({ startByte, sizeBytes }: BlobRef, atMost: number): number =>
  Math.min(startByte + sizeBytes - 1, atMost);

async function checkStored(blobs: BlobStore, ref: BlobRef): Promise<void> {
  const found = await blobs.stat(ref.blobId);
  if (found === undefined) throw new BlobMissingError(ref.blobId);
  if (found.sizeBytes !== ref.sizeBytes) throw new BlobDamagedError(ref.blobId, 'its size is not what was stored');
}
