import { BlobDamagedError } from '../blobs/blob-store.ts';
import type { OtherBlob } from '../metadata/checks.ts';
import type { BlobRef } from '../model/archives.ts';
import { type Fixity, INTACT, isDamage, type StoredArchive, together, type VerdictState } from '../model/fixity.ts';
import { limits } from '../model/limits.ts';
import { byKey } from './check-reading.ts';
import type { CheckStores, Watching } from './check-stores.ts';
import { listLocks } from './lock-findings.ts';
import { sideBySide } from './side-by-side.ts';
import { faultOfRows, refsOf } from './verification.ts';

/**
 * Looks whether what is stored hangs together: that there are bytes for every row, of the size that it says, and that rows
 * agree with each other. It goes on beside a server that changes all of this, so that whatever seems wrong is looked at again
 * and counts only if it is still wrong, and of something that is still there. Nothing is changed.
 */

/** Something that is wrong. */
export interface Finding {
  kind: 'metadata' | 'vault' | 'lock' | 'archive' | 'upload' | 'output';
  account: string | null;
  vault: string | null;
  archiveId: string | null;
  state: VerdictState;
  what: string;
}

/** Everything that is wrong with what hangs together, the metadata themselves first. */
export async function* checkStructure(stores: CheckStores, watching: Watching): AsyncGenerator<Finding, void, void> {
  for (const what of await stores.metadata.checks.integrity()) yield finding('metadata', { state: 'damaged', what });
  yield* checkLocks(stores);
  yield* checkVaults(stores, watching);
  const archives = sideBySide(byKey(stores.metadata.checks), {
    atOnce: limits.checkedAtOnceMax,
    work: (archive) => checkArchive(stores, archive, watching),
  });
  for await (const found of archives) if (found !== undefined) yield found;
  yield* checkOthers(stores, { kind: 'upload', others: partsOf(stores), watching });
  yield* checkOthers(stores, { kind: 'output', others: outputsOf(stores), watching });
}

export function finding(
  kind: Finding['kind'],
  { state, what }: Fixity,
  { vault, id = null }: { vault?: { accountId: string; name: string }; id?: string | null } = {},
): Finding {
  const [account, name] = [vault?.accountId ?? null, vault?.name ?? null];
  return { kind, account, vault: name, archiveId: id, state, what: what ?? state };
}

async function* checkLocks({ metadata, lockBook, region }: CheckStores): AsyncGenerator<Finding, void, void> {
  const { locks, faults } = await listLocks({ metadata, lockBook, region });
  for (const { number, fault } of faults)
    yield finding('lock', { state: 'damaged', what: `lock record ${number} ${fault}` });
  for (const { vault, state, reason } of locks) {
    if (state === 'sealed') yield finding('lock', { state: 'damaged', what: `${vault} is sealed: ${reason}` });
    if (state === 'lost')
      yield finding('lock', { state: 'missing', what: `the locked vault ${vault} is not in the metadata` });
  }
}

async function* checkVaults({ metadata }: CheckStores, _: Watching): AsyncGenerator<Finding, void, void> {
  for (let afterKey = 0; ; ) {
    const page = await metadata.checks.vaults({ afterKey, limit: limits.checkPageVaults });
    for (const { vault, counted, present } of page) {
      if (counted.archives === present.archives && counted.bytes === present.bytes) continue;
      const says = `it counts ${counted.archives} archives of ${counted.bytes} bytes`;
      const what = `${says}, and there are ${present.archives} of ${present.bytes}`;
      yield finding('vault', { state: 'damaged', what }, { vault });
    }
    const last = page.at(-1);
    if (last === undefined) return;
    afterKey = last.key;
  }
}

async function checkArchive(
  { metadata, blobs }: CheckStores,
  archive: StoredArchive,
  watching: Watching,
): Promise<Finding | undefined> {
  watching.onArchive();
  const look = async (): Promise<Fixity> => {
    let fixity: Fixity = (await faultOfRows(metadata, archive)) ?? INTACT;
    for await (const ref of refsOf(metadata, archive, 0)) fixity = together(fixity, await lookAt(blobs, ref));
    return fixity;
  };
  const isGone = async () => (await metadata.fixity.find(archive.key)) === undefined;
  const fixity = await again({ look, isGone, watching });
  return fixity && finding('archive', fixity, archive);
}

/** Looks again where something is wrong; undefined when nothing is in the end, or when it is gone. */
async function again(given: {
  look: () => Promise<Fixity>;
  isGone: () => Promise<boolean>;
  watching: Watching;
}): Promise<Fixity | undefined> {
  for (let attempt = 1; ; attempt += 1) {
    const fixity = await given.look();
    if (!isDamage(fixity.state) || (await given.isGone())) return undefined;
    if (attempt === limits.verifyAttemptsMax) return fixity;
    await given.watching.pause(limits.verifyRetryPauseMs);
  }
}

async function lookAt(
  blobs: CheckStores['blobs'],
  { blobId, startByte, sizeBytes }: Pick<BlobRef, 'blobId' | 'startByte' | 'sizeBytes'>,
): Promise<Fixity> {
  const bytes = `bytes ${startByte}-${startByte + sizeBytes - 1}`;
  try {
    const found = await blobs.stat(blobId);
    if (found === undefined) return { state: 'missing', what: `${bytes}: the blob ${blobId} is missing` };
    if (found.sizeBytes === sizeBytes) return INTACT;
    const sizes = `it has ${found.sizeBytes} bytes, ${sizeBytes} were stored`;
    return { state: 'damaged', what: `${bytes}: the blob ${blobId} is damaged: ${sizes}` };
  } catch (error) {
    if (error instanceof BlobDamagedError) return { state: 'damaged', what: `${bytes}: ${error.message}` };
    throw error;
  }
}

/** Blobs that are not of archives: their rows may go at any moment. */
async function* checkOthers(
  { metadata, blobs }: CheckStores,
  { kind, others, watching }: { kind: 'upload' | 'output'; others: AsyncIterable<OtherBlob>; watching: Watching },
): AsyncGenerator<Finding, void, void> {
  const findings = sideBySide(others, {
    atOnce: limits.checkedAtOnceMax,
    work: async (other) => {
      const isGone = async () => {
        const [unknown, givenUp] = [
          await metadata.checks.unknown([other.blobId]),
          await metadata.checks.givenUp([other.blobId]),
        ];
        return unknown.length + givenUp.length > 0;
      };
      const fixity = await again({ look: () => lookAt(blobs, other), isGone, watching });
      return fixity && finding(kind, { ...fixity, what: `${other.whose}: ${fixity.what}` }, { vault: other.vault });
    },
  });
  for await (const found of findings) if (found !== undefined) yield found;
}

async function* partsOf({ metadata: { checks } }: CheckStores): AsyncGenerator<OtherBlob, void, void> {
  for (let after = { key: 0, startByte: -1 }; ; ) {
    const page = await checks.parts({ after, limit: limits.checkPageRows });
    yield* page;
    const last = page.at(-1);
    if (last === undefined) return;
    after = last;
  }
}

async function* outputsOf({ metadata: { checks } }: CheckStores): AsyncGenerator<OtherBlob, void, void> {
  for (let after = { key: 0 }; ; ) {
    const page = await checks.outputs({ after, limit: limits.checkPageRows });
    yield* page;
    const last = page.at(-1);
    if (last === undefined) return;
    after = last;
  }
}

/** How many blobs no row mentions, those apart that are so new that their row may be on its way. No error: sweeps see to them. */
export async function countOrphans({ metadata, blobs }: CheckStores, { nowMs }: Watching): Promise<number> {
  const beforeMs = nowMs() - limits.checkOrphanAgeMs;
  let found = 0;
  let batch: string[] = [];
  const settle = async () => {
    if (batch.length > 0) found += (await metadata.checks.unknown(batch)).length;
    batch = [];
  };
  for await (const { blobId, changedAtMs } of blobs.list()) {
    if (changedAtMs > beforeMs) continue;
    batch.push(blobId);
    if (batch.length >= limits.checkPageRows) await settle();
  }
  await settle();
  return found;
}
