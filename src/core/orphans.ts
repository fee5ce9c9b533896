import { AdminError } from '../model/errors.ts';
import { limits } from '../model/limits.ts';
import type { Arrangement } from './arrangement.ts';
import { locksAreDisputed, someVaultIsLocked } from './lock-findings.ts';

export interface OrphanScan {
  /** How many were handed to the sweep that deletes them. */
  givenUp: number;
  /** How many are old enough to go and are kept all the same. */
  kept: number;
}

/**
 * Looks for bytes that no row mentions, left by a crash between storing and recording them. They are kept for a week, so
 * that a metadata backup put back in place still finds the bytes it names. As long as a vault is locked they are kept for
 * good: metadata from before an upload look sound in every other way, and the archives that they do not know may be locked.
 */
export async function scanOrphans(given: Arrangement, isStopped: () => boolean): Promise<OrphanScan> {
  const keeping = (await doubt(given)) !== undefined || (await someVaultIsLocked(given));
  if (!keeping) await forgetVaults(given);
  return scan(given, { keeping, isStopped });
}

/** Records of vaults that are not there: a crash came before such a vault was made, or after it was deleted. */
async function forgetVaults({ metadata, vaultRecords, clock }: Arrangement): Promise<void> {
  for await (const record of vaultRecords.list()) {
    if (!('vault' in record) || record.writtenAtMs > clock.nowMs() - limits.orphanAgeMs) continue;
    const { vault } = record;
    const found = await metadata.vaults.find(vault);
    if (found?.createdAtMs !== vault.createdAtMs) await vaultRecords.remove(vault);
  }
}

/** Gives them up though vaults are locked; for the operator, who knows that the metadata are the newest there are. */
export async function releaseOrphans(given: Arrangement): Promise<{ released: number }> {
  const reason = await doubt(given);
  if (reason !== undefined) throw new AdminError(`nothing is released while ${reason}`);
  const { givenUp } = await scan(given, { keeping: false, isStopped: () => false });
  return { released: givenUp };
}

/** Why nobody can be sure that bytes without a row are not wanted any more. */
async function doubt(given: Arrangement): Promise<string | undefined> {
  if (given.retention.isSuspect) return 'the wall clock is not believed; see `moraine clock show`';
  if (await locksAreDisputed(given)) return 'a lock is not as it was recorded; see `moraine locks list`';
  return undefined;
}

async function scan(
  { metadata, blobs, clock }: Arrangement,
  { keeping, isStopped }: { keeping: boolean; isStopped: () => boolean },
): Promise<OrphanScan> {
  let found = 0;
  let batch: string[] = [];
  const settle = async () => {
    found += await (keeping ? metadata.reclaim.countUnknown(batch) : metadata.reclaim.addUnknown(batch));
    batch = [];
  };
  for await (const { blobId, changedAtMs } of blobs.list()) {
    if (isStopped()) break;
    if (changedAtMs > clock.nowMs() - limits.orphanAgeMs) continue;
    batch.push(blobId);
    if (batch.length >= limits.sweepRowsMax) await settle();
  }
  if (!isStopped()) await settle();
  return keeping ? { givenUp: 0, kept: found } : { givenUp: found, kept: 0 };
}
