import { BlobDamagedError, BlobMissingError } from '../blobs/blob-store.ts';
import type { Arrangement } from '../core/arrangement.ts';
import { checkCoverage } from '../core/outputs.ts';
import type { ArchiveRetrievalJob } from '../model/jobs.ts';
import type { WorkResult } from './leases.ts';

/**
 * Retrieves an archive. The output is the archive itself, so the work is to see that every blob is there and is the one
 * that was stored; its frames are verified when they are sent.
 */
export async function retrieveArchive({ metadata, blobs }: Arrangement, job: ArchiveRetrievalJob): Promise<WorkResult> {
  const refs = await metadata.archives.blobs({ archiveKey: job.archiveKey, range: job.range });
  try {
    checkCoverage(refs, job.range);
    for (const ref of refs) {
      const found = await blobs.stat(ref.blobId);
      if (found === undefined) throw new BlobMissingError(ref.blobId);
      if (found.sizeBytes !== ref.sizeBytes) throw new BlobDamagedError(ref.blobId, 'its size is not what was stored');
    }
  } catch (error) {
    if (!(error instanceof BlobMissingError || error instanceof BlobDamagedError)) throw error;
    return { failure: 'The archive cannot be retrieved: its stored bytes are missing or damaged.' };
  }
  return { output: null, marker: null };
}
