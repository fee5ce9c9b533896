import type { Transaction } from 'kysely';
import { assemblyDigest, formatAssembly } from '../model/assembly.ts';
import { assemblyFault, type Part } from '../model/uploads.ts';
import { combine } from '../tree-hash/nodes.ts';
import { insertArchive } from './archives.ts';
import { close, partsOf } from './parts.ts';
import { refuseGivenUp } from './reclaim.ts';
import type { Tables, UploadRow } from './tables.ts';
import { vaultExists } from './vaults.ts';

/** Which upload is to become an archive, and what is said of that. */
export interface Asked {
  uploadKey: number;
  sizeBytes: number;
  treeHash: string;
}

/** The archive to be, and the blob that lists its parts: its id, and what tells the list from others. */
export interface NewAssembly {
  archiveId: string;
  nowMs: number;
  assembly: { blobId: string; digest: string };
}

/** An upload that does not become an archive now. */
type Otherwise =
  | { outcome: 'repeated'; archiveId: string; treeHash: string }
  /** The parts are not what was said of them; `fault` tells why, or is null when only the tree hash differs. */
  | { outcome: 'refused'; fault: string | null }
  | { outcome: 'gone' };

/** How completing an upload ends. `changed`: there are other parts than those listed. */
export type Completion =
  | Otherwise
  | { outcome: 'completed'; archiveId: string; treeHash: string }
  | { outcome: 'changed' };

/** An upload that can be completed, with the list of its parts (model/assembly.ts). */
export type Assembled = Otherwise | { outcome: 'assembled'; list: Uint8Array; description: string | null };

export async function assemble(trx: Transaction<Tables>, asked: Asked): Promise<Assembled> {
  const judged = await judge(trx, asked);
  if ('outcome' in judged) return judged;
  return { outcome: 'assembled', list: formatAssembly(judged.parts), description: judged.upload.description };
}

export async function complete(trx: Transaction<Tables>, asked: Asked & NewAssembly): Promise<Completion> {
  const judged = await judge(trx, asked);
  if ('outcome' in judged) return judged;
  const { upload, parts } = judged;
  const { archiveId, nowMs, sizeBytes, treeHash, assembly } = asked;
  if (assemblyDigest(formatAssembly(parts)) !== assembly.digest) return { outcome: 'changed' };
  await refuseGivenUp(trx, assembly.blobId);
  const archiveKey = await insertArchive(trx, {
    id: archiveId,
    vaultKey: upload.vault_key,
    description: upload.description,
    sizeBytes,
    treeHash,
    nowMs,
    assemblyBlobId: assembly.blobId,
  });
  if (archiveKey === undefined) return { outcome: 'gone' };
  await movePartsToArchive(trx, { uploadKey: upload.key, archiveKey });
  await close(trx, { uploadKey: upload.key, state: 'completed', archiveId, nowMs });
  return { outcome: 'completed', archiveId, treeHash };
}

/** The upload and its parts, if they make up what is asked for. */
async function judge(
  trx: Transaction<Tables>,
  { uploadKey, sizeBytes, treeHash }: Asked,
): Promise<Otherwise | { upload: UploadRow; parts: Part[] }> {
  const upload = await trx.selectFrom('uploads').selectAll().where('key', '=', uploadKey).executeTakeFirst();
  if (upload === undefined || upload.state === 'aborted') return { outcome: 'gone' };
  if (!(await vaultExists(trx, upload.vault_key))) return { outcome: 'gone' };
  if (upload.archive_id !== null) return repeated(trx, upload.archive_id);
  const parts = await partsOf(trx, upload.key);
  const fault = assemblyFault({ parts, partSizeBytes: upload.part_size_bytes, sizeBytes });
  if (fault !== undefined) return { outcome: 'refused', fault };
  if (treeHashOf(parts) !== treeHash) return { outcome: 'refused', fault: null };
  return { upload, parts };
}

const treeHashOf = (parts: readonly Part[]): string =>
  combine(Buffer.from(parts.map((part) => part.treeHash).join(''), 'hex')).toString('hex');

async function repeated(trx: Transaction<Tables>, archiveId: string): Promise<Otherwise> {
  const archive = await trx.selectFrom('archives').select('tree_hash').where('id', '=', archiveId).executeTakeFirst();
  if (archive === undefined) return { outcome: 'gone' };
  return { outcome: 'repeated', archiveId, treeHash: archive.tree_hash };
}

async function movePartsToArchive(
  trx: Transaction<Tables>,
  { uploadKey, archiveKey }: { uploadKey: number; archiveKey: number },
): Promise<void> {
  const parts = trx
    .selectFrom('parts')
    .select((eb) => [eb.val(archiveKey).as('archive_key'), 'start_byte', 'size_bytes', 'tree_hash', 'blob_id'])
    .where('upload_key', '=', uploadKey);
  await trx
    .insertInto('archive_blobs')
    .columns(['archive_key', 'start_byte', 'size_bytes', 'tree_hash', 'blob_id'])
    .expression(parts)
    .execute();
  await trx.deleteFrom('parts').where('upload_key', '=', uploadKey).execute();
}
