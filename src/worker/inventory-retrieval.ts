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
    selection: { vaultKey: vault.key, snapshot: shown.snapshot, startAtMs, endAtMs, after, limit },
    format,
    vaultArn: vaultArn({ region, ...vault }),
    inventoryAtMs: shown.inventoryAtMs,
    pageRows: limits.inventoryPageRows,
  };
  const rowsMax = Math.min(shown.archiveCount, limit ?? Number.POSITIVE_INFINITY);
  const text =
    rowsMax <= limits.inventoryInPlaceRowsMax ? inPlaceOrThread(given, { request, thread }) : thread.read(request);
  const end: InventoryEnd = { next: null };
  const { blobId, sizeBytes } = await receive({
    blobs,
    frames,
    source: noting(text, end),
    check: () => undefined,
    about: () => ({ kind: 'output' as const, createdAtMs: given.clock.nowMs() }),
  });
  return { output: { blobId, sizeBytes }, marker: end.next === null ? null : formatInventoryMarker(end.next) };
}

/** What the inventory shows, the date that it bears and how much there is at most; undefined when the vault is gone. */
async function snapshotOf({ metadata, clock, inventory }: Arrangement, vault: Vault) {
  const { inventoryAtMs, inventorySnapshot } = vault;
  if (inventory === 'daily' && inventoryAtMs !== null && inventorySnapshot !== null) {
    return { inventoryAtMs, snapshot: inventorySnapshot, archiveCount: vault.inventoryArchiveCount };
  }
  const taken = await metadata.inventories.takeSnapshot(vault.key);
  if (taken === undefined) return undefined;
  const { newestAtMs, ...snapshot } = taken;
  // A clock that was set back must not date what it shows after the inventory.
  return { inventoryAtMs: Math.max(clock.nowMs(), newestAtMs ?? 0), snapshot, archiveCount: vault.archiveCount };
}

/**
 * For an inventory that is written sooner than a thread starts, unless there are many archives in between that it does not
 * show: then the thread begins it anew, and what it writes goes on where this ended, since a snapshot never changes.
 */
async function* inPlaceOrThread(
  { metadata }: Arrangement,
  { request, thread }: { request: InventoryRequest; thread: InventoryThread },
): AsyncGenerator<Buffer, InventoryEnd, void> {
  const buffer = Buffer.allocUnsafeSlow(limits.inventoryPieceBytes);
  const tooMany = new Error('too many archives to look at in place');
  let rows = 0;
  let writtenBytes = 0;
  const page: typeof metadata.inventories.page = async (asked) => {
    if (rows > limits.inventoryInPlaceRowsMax) throw tooMany;
    // Nothing of this leaves the event loop by itself, where requests are waiting.
    await setImmediate();
    const found = await metadata.inventories.page(asked);
    rows += found.length;
    return found;
  };
  try {
    const pieces = inventoryText({ page }, request, () => buffer);
    let step = await pieces.next();
    for (; step.done !== true; step = await pieces.next()) {
      writtenBytes += step.value.length;
      yield step.value;
    }
    return step.value;
  } catch (error) {
    if (error !== tooMany) throw error;
  }
  return yield* beyond(thread.read(request), writtenBytes);
}

/** The pieces without their first bytes. */
async function* beyond(pieces: AsyncGenerator<Buffer, InventoryEnd, void>, sizeBytes: number) {
  let leftBytes = sizeBytes;
  try {
    let step = await pieces.next();
    for (; step.done !== true; step = await pieces.next()) {
      const piece = step.value.subarray(leftBytes);
      leftBytes = Math.max(0, leftBytes - step.value.length);
      if (piece.length > 0) yield piece;
    }
    return step.value;
  } finally {
    // Does nothing unless nobody wants the rest.
    await pieces.return({ next: null });
  }
}

/** The pieces; `end` is filled in when the last one is through. */
async function* noting(pieces: AsyncGenerator<Buffer, InventoryEnd, void>, end: InventoryEnd) {
  end.next = (yield* pieces).next;
}
