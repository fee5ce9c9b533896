import { setImmediate } from 'node:timers/promises';
import type { Arrangement } from '../core/arrangement.ts';
import { type InventoryEnd, type InventoryRequest, inventoryText } from '../core/inventories.ts';
import { receive } from '../core/receive.ts';
import type { InventoryRetrievalJob } from '../model/jobs.ts';
import { limits } from '../model/limits.ts';
import { formatInventoryMarker, parseInventoryMarker } from '../model/markers.ts';
import { type Vault, vaultArn } from '../model/vaults.ts';
import type { InventoryThread } from './inventory-thread.ts';
import type { WorkResult } from './leases.ts';

/** Writes the inventory of a vault, as of this instant or as of the last daily one, piece by piece into a blob. */
export async function retrieveInventory(
  given: Arrangement,
  { job, thread }: { job: InventoryRetrievalJob; thread: InventoryThread },
): Promise<WorkResult> {
  const { metadata, region, blobs, frames } = given;
  const vault = await metadata.vaults.findByKey(job.vaultKey);
  const shown = vault && (await snapshotOf(given, vault));
  if (vault === undefined || shown === undefined) return { failure: 'The vault was deleted.' };
  const { startAtMs, endAtMs, limit, format } = job;
  const after = job.marker === null ? null : (parseInventoryMarker(job.marker) ?? null);
  const request: InventoryRequest = {
    selection: { vaultKey: vault.key, snapshotAtMs: shown.snapshotAtMs, startAtMs, endAtMs, after, limit },
    format,
    vaultArn: vaultArn({ region, ...vault }),
    inventoryAtMs: shown.inventoryAtMs,
    pageRows: limits.inventoryPageRows,
  };
  const rowsMax = Math.min(shown.archiveCount, limit ?? Number.POSITIVE_INFINITY);
  const text = rowsMax <= limits.inventoryInPlaceRowsMax ? inPlace(given, request) : thread.read(request);
  const end: InventoryEnd = { next: null };
  const { blobId, sizeBytes } = await receive({ blobs, frames, source: noting(text, end), check: () => undefined });
  return { output: { blobId, sizeBytes }, marker: end.next === null ? null : formatInventoryMarker(end.next) };
}

/** What the inventory shows, the date that it bears and how much there is at most; undefined when the vault is gone. */
async function snapshotOf({ metadata, clock, inventory }: Arrangement, vault: Vault) {
  const { inventoryAtMs, inventorySnapshotAtMs } = vault;
  if (inventory === 'daily' && inventoryAtMs !== null && inventorySnapshotAtMs !== null) {
    return { inventoryAtMs, snapshotAtMs: inventorySnapshotAtMs, archiveCount: vault.inventoryArchiveCount };
  }
  const snapshotAtMs = await metadata.inventories.takeSnapshot(vault.key);
  if (snapshotAtMs === undefined) return undefined;
  // A clock that was set back must not date what it shows after the inventory.
  return { inventoryAtMs: Math.max(clock.nowMs(), snapshotAtMs), snapshotAtMs, archiveCount: vault.archiveCount };
}

/** For an inventory that is written sooner than a thread starts. */
function inPlace({ metadata }: Arrangement, request: InventoryRequest): AsyncGenerator<Buffer, InventoryEnd, void> {
  const buffer = Buffer.allocUnsafeSlow(limits.inventoryPieceBytes);
  const page: typeof metadata.inventories.page = async (asked) => {
    // Nothing of this leaves the event loop by itself, where requests are waiting.
    await setImmediate();
    return metadata.inventories.page(asked);
  };
  return inventoryText({ page }, request, () => buffer);
}

/** The pieces; `end` is filled in when the last one is through. */
async function* noting(pieces: AsyncGenerator<Buffer, InventoryEnd, void>, end: InventoryEnd) {
  end.next = (yield* pieces).next;
}
