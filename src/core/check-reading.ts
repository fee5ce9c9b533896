import { type Fixity, isDamage, type StoredArchive } from '../model/fixity.ts';
import { limits } from '../model/limits.ts';
import { bytesOf, partOf, type Subset } from '../model/subset.ts';
import type { CheckStores, Watching } from './check-stores.ts';
import { sideBySide } from './side-by-side.ts';
import { verifyArchive } from './verification.ts';

export interface ReadingOptions {
  subset: Subset;
  /** Ends the reading, whatever is in the middle of being read. */
  signal: AbortSignal;
  /** Those first that were not verified for longest, because the reading may end before its end. */
  oldestFirst: boolean;
}

/** An archive that was read whole; undefined when the reading ended in the middle of it, or the archive is gone. */
export type ReadArchive = { archive: StoredArchive; fixity: Fixity } | undefined;

/** Reads archives of a subset, every byte of them, several at once. */
export function readArchives(
  stores: CheckStores,
  { watching, ...options }: ReadingOptions & { watching: Watching },
): AsyncGenerator<ReadArchive, void, void> {
  return sideBySide(chosen(stores, options), {
    atOnce: limits.checkedAtOnceMax,
    work: (archive) => read(stores, archive, { ...options, watching }),
  });
}

async function read(
  { metadata, blobs }: CheckStores,
  archive: StoredArchive,
  { signal, watching }: Pick<ReadingOptions, 'signal'> & { watching: Watching },
): Promise<ReadArchive> {
  try {
    const fixity = await verifyArchive({ metadata, blobs }, archive, {
      signal,
      pause: watching.pause,
      pace: async (bytes) => {
        signal.throwIfAborted();
        watching.onBytes(bytes);
      },
    });
    // Bytes of an archive that was deleted meanwhile may be gone.
    if (isDamage(fixity.state) && (await metadata.fixity.find(archive.key)) === undefined) return undefined;
    return { archive, fixity };
  } catch (error) {
    if (signal.aborted) return undefined;
    throw error;
  }
}

/** The archives of a subset, in the order in which they are read. */
export async function* chosen(
  { metadata: { checks } }: Pick<CheckStores, 'metadata'>,
  { subset, oldestFirst, signal }: ReadingOptions,
): AsyncGenerator<StoredArchive, void, void> {
  const { bytes: totalBytes } = await checks.totals();
  const bytesMax = bytesOf(subset, totalBytes);
  const archives = oldestFirst || bytesMax !== undefined ? byLastVerification(checks) : byKey(checks);
  let bytes = 0;
  for await (const archive of archives) {
    if (signal.aborted || (bytesMax !== undefined && bytes >= bytesMax)) return;
    if (subset.kind === 'part' && partOf(archive.id, subset.of) !== subset.part) continue;
    bytes += archive.sizeBytes;
    yield archive;
  }
}

type Checks = CheckStores['metadata']['checks'];

/** All archives, those that come while it goes on included. */
export async function* byKey(checks: Checks): AsyncGenerator<StoredArchive, void, void> {
  for (let afterKey = 0; ; ) {
    const page = await checks.archives({ afterKey, limit: limits.checkPageRows });
    yield* page;
    const last = page.at(-1);
    if (last === undefined) return;
    afterKey = last.key;
  }
}

/** Those that a server verifies meanwhile may be passed over: they come to the end of this order. */
async function* byLastVerification(checks: Checks): AsyncGenerator<StoredArchive, void, void> {
  const beganAtMs = (await checks.lastVerifiedAtMs()) ?? 0;
  let after: { verifiedAtMs: number | null; key: number } | null = null;
  for (;;) {
    const page = await checks.leastRecentlyVerified({ after, limit: limits.checkPageRows });
    for (const { archive, verifiedAtMs } of page) {
      if (verifiedAtMs !== null && verifiedAtMs > beganAtMs) return;
      yield archive;
    }
    const last = page.at(-1);
    if (last === undefined) return;
    after = { verifiedAtMs: last.verifiedAtMs, key: last.archive.key };
  }
}
