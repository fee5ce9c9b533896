import type { Assembled, Completion } from '../metadata/completions.ts';
import { assemblyDigest } from '../model/assembly.ts';
import type { AssemblyAbout } from '../model/blob-about.ts';
import { newArchiveId } from '../model/ids.ts';
import { limits } from '../model/limits.ts';
import { identityOf } from '../model/lock-records.ts';
import type { Vault } from '../model/vaults.ts';
import type { Arrangement } from './arrangement.ts';
import { receive, record } from './receive.ts';

/** An upload that is to become an archive of this size and tree hash, in lower case. */
export interface Completing {
  vault: Vault;
  uploadKey: number;
  sizeBytes: number;
  treeHash: string;
}

type Completed = Exclude<Completion, { outcome: 'changed' }>;

/**
 * Makes an archive of an upload's parts. The list of them is stored like any other bytes, durable before the row is: by it
 * alone the archive can be made again. It is written only for what would be completed, and is given up when the row is not
 * made after all. Parts that come in between make another list, so it is begun anew.
 */
export async function completeUpload(given: Arrangement, completing: Completing): Promise<Completed> {
  const { uploadKey, sizeBytes, treeHash } = completing;
  for (let attempt = 1; attempt <= limits.completionAttemptsMax; attempt += 1) {
    const assembled = await given.metadata.uploads.assemble({ uploadKey, sizeBytes, treeHash });
    if (assembled.outcome !== 'assembled') return assembled;
    const completion = await completeWith(given, completing, assembled);
    if (completion.outcome !== 'changed') return completion;
  }
  throw new Error(`the parts of an upload changed ${limits.completionAttemptsMax} times while it was completed`);
}

async function completeWith(
  given: Arrangement,
  { vault, uploadKey, sizeBytes, treeHash }: Completing,
  { list, description }: Extract<Assembled, { outcome: 'assembled' }>,
): Promise<Completion> {
  const { metadata, blobs, frames, retention } = given;
  const archiveId = newArchiveId();
  const nowMs = retention.stampMs();
  const about: AssemblyAbout = {
    kind: 'assembly',
    archiveId,
    vault: identityOf(vault),
    description,
    createdAtMs: nowMs,
    sizeBytes,
    treeHash,
  };
  const { blobId } = await receive({ blobs, frames, source: once(list), check: () => undefined, about: () => about });
  const assembly = { blobId, digest: assemblyDigest(list) };
  let completion: Completion = { outcome: 'gone' };
  await record(given, blobId, async () => {
    completion = await metadata.uploads.complete({ uploadKey, archiveId, nowMs, sizeBytes, treeHash, assembly });
    return completion.outcome === 'completed';
  });
  return completion;
}

async function* once(bytes: Uint8Array): AsyncGenerator<Buffer, void, void> {
  yield Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
