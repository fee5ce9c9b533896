import type { Kysely, Transaction } from 'kysely';
import type { BlobRef } from '../model/archives.ts';
import type { Part, Upload } from '../model/uploads.ts';
import { toBlobRef } from './archives.ts';
import type { Tables } from './tables.ts';

/** The parts of an upload in order of their place; of a page, those after the one that starts at `afterByte`. */
export async function partsOf(
  db: Kysely<Tables>,
  uploadKey: number,
  page?: { afterByte: number; limit: number },
): Promise<Part[]> {
  let query = db
    .selectFrom('parts')
    .select(['blob_id', 'start_byte', 'size_bytes', 'tree_hash'])
    .where('upload_key', '=', uploadKey)
    .orderBy('start_byte');
  if (page !== undefined) query = query.where('start_byte', '>', page.afterByte).limit(page.limit);
  return (await query.execute()).map(toBlobRef);
}

export function toPartRow(uploadKey: number, part: BlobRef) {
  return {
    upload_key: uploadKey,
    blob_id: part.blobId,
    start_byte: part.startByte,
    size_bytes: part.sizeBytes,
    tree_hash: part.treeHash,
  };
}

/** Ends an upload, which is remembered for a while. */
export async function close(
  trx: Transaction<Tables>,
  closed: { uploadKey: number; state: Upload['state']; archiveId: string | null; nowMs: number },
): Promise<void> {
  await trx
    .updateTable('uploads')
    .set({ state: closed.state, archive_id: closed.archiveId, touched_at: closed.nowMs })
    .where('key', '=', closed.uploadKey)
    .execute();
}
