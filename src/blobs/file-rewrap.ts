import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { syncFile, writeFully } from '../files/durable.ts';
import { BlobMissingError } from './blob-store.ts';
import { CopyReader } from './copy-reader.ts';
import { type FileListing, listFiles } from './file-listing.ts';
import { filePathsIn } from './file-paths.ts';
import { emptySlot, formatSlot, type KeySlot, type KeySlots, SLOT_BYTES, SLOTS } from './key-slots.ts';
import type { MasterKeys, Rewrapped, Rewrapping } from './master-keys.ts';

/** The slots of a copy of a sealed blob. */
interface SealedCopy {
  root: string;
  keys: KeySlots & { keysAt: number };
  dataKey: Buffer;
}

/**
 * Has the current master key wrap the keys of all blobs that have files, in every copy. The new wrapping goes into the slot
 * that is not in use and is durable before the old one is wiped, so whenever this ends early, each blob has a slot that
 * is whole; the next run finds what is left to do.
 */
export async function rewrapFiles(
  listing: FileListing,
  { masterKeys, signal, onProgress }: Rewrapping & { masterKeys: MasterKeys },
): Promise<Rewrapped> {
  const failed = new Map<string, string>();
  const counts = { plain: 0, current: 0, rewrapped: 0 };
  let lookedAt = 0;
  for await (const { blobId } of listFiles(listing)) {
    signal?.throwIfAborted();
    try {
      counts[await rewrapFile(blobId, { listing, masterKeys })] += 1;
    } catch (error) {
      failed.set(blobId, (error as Error).message);
    }
    lookedAt += 1;
    onProgress?.(lookedAt);
  }
  return { current: counts.current, rewrapped: counts.rewrapped, failed };
}

interface FileRewrapping {
  listing: FileListing;
  masterKeys: MasterKeys;
}

async function rewrapFile(
  blobId: string,
  { listing, masterKeys }: FileRewrapping,
): Promise<'plain' | 'current' | 'rewrapped'> {
  const copies: SealedCopy[] = [];
  for (const root of listing.roots) {
    const copy = await sealedCopy(blobId, root, { listing, masterKeys });
    if (copy !== undefined) copies.push(copy);
  }
  const [first] = copies;
  if (first === undefined) return 'plain';
  const isCurrent = ({ wrapped }: KeySlot): boolean => masterKeys.isCurrent(wrapped);
  const stale = copies.filter(
    ({ keys }) => keys.keys.length !== 1 || keys.broken.length > 0 || !keys.keys.every(isCurrent),
  );
  if (stale.length === 0) return 'current';
  // One wrapping for all copies, so that these stay the same to the byte.
  const known = copies.flatMap(({ keys }) => keys.keys).find(isCurrent);
  const wrapped = known?.wrapped ?? masterKeys.wrap(first.dataKey);
  for (const copy of stale) {
    await listing.calls.run(copy.root, () =>
      writeSlots(blobId, copy, { wrapped, current: copy.keys.keys.find(isCurrent) }),
    );
  }
  return 'rewrapped';
}

/** Undefined when the blob is not sealed, or is not in this copy. */
async function sealedCopy(
  blobId: string,
  root: string,
  { listing, masterKeys }: FileRewrapping,
): Promise<SealedCopy | undefined> {
  try {
    await using reader = await CopyReader.open({ root, blobId, calls: listing.calls });
    const dataKey = reader.dataKey(masterKeys);
    const { keys } = reader.tail;
    return keys === null || dataKey === undefined ? undefined : { root, keys, dataKey };
  } catch (error) {
    if (error instanceof BlobMissingError) return undefined;
    throw error;
  }
}

/**
 * Leaves one slot in use, the one with the current key, which is durable before any other is wiped. One that an earlier run
 * has left is written again: it may have been read from memory only, after a sync that failed or never came.
 */
async function writeSlots(
  blobId: string,
  { root, keys }: SealedCopy,
  { wrapped, current }: { wrapped: Buffer; current: KeySlot | undefined },
): Promise<void> {
  await using file = await open(filePathsIn(root, blobId).final, constants.O_RDWR | constants.O_NOFOLLOW);
  const [newest] = keys.keys;
  const fresh = { place: newest?.place === 0 ? 1 : 0, sequence: (newest?.sequence ?? 0) + 1, wrapped };
  const { place, ...slot } = current ?? fresh;
  const write = (bytes: Buffer, at: number): Promise<void> => writeSlot(file, bytes, keys.keysAt + at * SLOT_BYTES);
  await write(formatSlot(blobId, slot), place);
  for (let other = 0; other < SLOTS; other += 1) if (other !== place) await write(emptySlot(), other);
}

async function writeSlot(file: FileHandle, slot: Buffer, position: number): Promise<void> {
  await writeFully(file, slot, position);
  await syncFile(file);
}
