import type { BlobStore, Verdict, VerifyOptions } from '../blobs/blob-store.ts';
import type { Metadata } from '../metadata/metadata.ts';
import type { BlobRef } from '../model/archives.ts';
import { type Fixity, INTACT, isDamage, type ScrubPlace, type StoredArchive, together } from '../model/fixity.ts';
import { limits } from '../model/limits.ts';
import { combine } from '../tree-hash/nodes.ts';

/**
 * Holding the bytes of an archive against what was stored: every byte is read by the store, which knows its checksums, and
 * what the store found is held against the rows. Damage is only what is found again after a while, because cables, memory and
 * disks also fail for a moment.
 */
export interface Verifying extends VerifyOptions {
  /** Waits a while, or throws what the signal does. */
  pause: (durationMs: number) => Promise<void>;
  /** Told after each blob of an archive that has several, to go on there another time. */
  onPlace?: (place: ScrubPlace) => Promise<void>;
}

/** What is read of the metadata. */
interface Rows {
  archives: Pick<Metadata['archives'], 'blobs'>;
}

type Stores = { metadata: Rows; blobs: Pick<BlobStore, 'verify'> };

/** Reads an archive, from a place in it if there is one. What the verdict says names bytes of the archive and blobs. */
export async function verifyArchive(
  { metadata, blobs }: Stores,
  archive: StoredArchive,
  { place, ...verifying }: Verifying & { place?: ScrubPlace | null },
): Promise<Fixity> {
  const fault = await faultOfRows(metadata, archive);
  let fixity: Fixity = place?.fixity ?? INTACT;
  for await (const ref of refsOf(metadata, archive, place?.nextByte ?? 0)) {
    fixity = together(fixity, await verifyRef(blobs, ref, verifying));
    const nextByte = ref.startByte + ref.sizeBytes;
    if (nextByte < archive.sizeBytes) await verifying.onPlace?.({ archiveKey: archive.key, nextByte, fixity });
  }
  return fault === null ? fixity : together(fixity, fault);
}

/** Reads one blob, more than once where it seems to be damaged. */
async function verifyRef(blobs: Stores['blobs'], ref: BlobRef, verifying: Verifying): Promise<Fixity> {
  const { signal, pace, pause } = verifying;
  const options = { ...(signal && { signal }), ...(pace && { pace }) };
  for (let attempt = 1; ; attempt += 1) {
    const fixity = fixityOf(await blobs.verify(ref.blobId, options), ref);
    if (!isDamage(fixity.state) || attempt === limits.verifyAttemptsMax) return fixity;
    await pause(limits.verifyRetryPauseMs);
  }
}

function fixityOf({ state, treeHash, what }: Verdict, ref: BlobRef): Fixity {
  const bytes = `bytes ${ref.startByte}-${ref.startByte + ref.sizeBytes - 1}`;
  if (!isDamage(state) && treeHash !== ref.treeHash) {
    const found = `the blob ${ref.blobId} has the tree hash ${treeHash}, and ${ref.treeHash} was stored`;
    return { state: 'damaged', what: `${bytes}: ${found}` };
  }
  return { state, what: state === 'intact' ? null : `${bytes}: ${what ?? `the blob ${ref.blobId} is ${state}`}` };
}

/** Whether the rows of an archive say that its blobs cover it, in order, and have its tree hash; what is wrong otherwise. */
export async function faultOfRows(metadata: Rows, archive: StoredArchive): Promise<Fixity | null> {
  const hashes: Buffer[] = [];
  let nextByte = 0;
  for await (const ref of refsOf(metadata, archive, 0)) {
    if (ref.startByte > nextByte) return gap(nextByte, ref.startByte - 1);
    if (ref.startByte < nextByte) {
      return { state: 'damaged', what: `bytes ${ref.startByte}-${nextByte - 1} are in two blobs, by the metadata` };
    }
    nextByte += ref.sizeBytes;
    hashes.push(Buffer.from(ref.treeHash, 'hex'));
  }
  if (nextByte < archive.sizeBytes || hashes.length === 0) return gap(nextByte, Math.max(0, archive.sizeBytes - 1));
  if (nextByte > archive.sizeBytes) {
    return {
      state: 'damaged',
      what: `its blobs have ${nextByte} bytes and it has ${archive.sizeBytes}, by the metadata`,
    };
  }
  if (combine(Buffer.concat(hashes)).toString('hex') === archive.treeHash) return null;
  return { state: 'damaged', what: 'its tree hash is not that of its blobs, by the metadata' };
}

const gap = (startByte: number, endByte: number): Fixity => ({
  state: 'missing',
  what: `bytes ${startByte}-${endByte} are in no blob, by the metadata`,
});

/** The blobs of an archive, in order, from the one that holds a byte. */
export async function* refsOf(
  metadata: Rows,
  archive: Pick<StoredArchive, 'key' | 'sizeBytes'>,
  fromByte: number,
): AsyncGenerator<BlobRef, void, void> {
  const endByte = Math.max(0, archive.sizeBytes - 1);
  const limit = limits.blobPageRows;
  for (let startByte = fromByte; ; ) {
    const page = await metadata.archives.blobs({ archiveKey: archive.key, range: { startByte, endByte }, limit });
    const refs = page.filter((ref) => ref.startByte >= startByte);
    yield* refs;
    const last = refs.at(-1);
    if (last === undefined || page.length < limit) return;
    startByte = last.startByte + Math.max(1, last.sizeBytes);
  }
}
