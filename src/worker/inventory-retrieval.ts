import { setImmediate } from 'node:timers/promises';
import type { Arrangement } from '../core/arrangement.ts';
import { type InventoryEnd, type InventoryWriter, inventoryPages, inventoryWriter } from '../core/inventories.ts';
import { receive } from '../core/receive.ts';
import type { Archive } from '../model/archives.ts';
import type { InventoryRetrievalJob } from '../model/jobs.ts';
import { limits } from '../model/limits.ts';
import { formatInventoryMarker, parseInventoryMarker } from '../model/markers.ts';
import { vaultArn } from '../model/vaults.ts';
import type { WorkResult } from './leases.ts';

/** Writes the inventory of a vault, as of this instant or as of the last daily one, page by page into a blob. */
export async function retrieveInventory(given: Arrangement, job: InventoryRetrievalJob): Promise<WorkResult> {
  const { metadata, clock, region, blobs, frames, inventory } = given;
  const vault = await metadata.vaults.findByKey(job.vaultKey);
  if (vault === undefined) return { failure: 'The vault was deleted.' };
  // A clock that was set back must not hide what was written before.
  const liveAtMs = Math.max(clock.nowMs(), vault.writtenAtMs ?? 0);
  const snapshotAtMs = (inventory === 'daily' ? vault.inventoryAtMs : null) ?? liveAtMs;
  const { startAtMs, endAtMs, limit } = job;
  const after = job.marker === null ? null : (parseInventoryMarker(job.marker) ?? null);
  const pages = inventoryPages(given, {
    selection: { vaultKey: vault.key, snapshotAtMs, startAtMs, endAtMs, after, limit },
    pageRows: limits.inventoryPageRows,
  });
  const writer = inventoryWriter(job.format, { vaultArn: vaultArn({ region, ...vault }), inventoryAtMs: snapshotAtMs });
  const end: InventoryEnd = { next: null };
  const source = inventoryText({ pages, writer, end });
  const { blobId, sizeBytes } = await receive({ blobs, frames, source, check: () => undefined });
  return { output: { blobId, sizeBytes }, marker: end.next === null ? null : formatInventoryMarker(end.next) };
}

/** The text of an inventory as bytes; `end` is filled in when the last page is through. */
async function* inventoryText({
  pages,
  writer,
  end,
}: {
  pages: AsyncGenerator<Archive[], InventoryEnd, void>;
  writer: InventoryWriter;
  end: InventoryEnd;
}): AsyncGenerator<Buffer, void, void> {
  yield Buffer.from(writer.head);
  let step = await pages.next();
  for (let isFirst = true; step.done !== true; isFirst = false) {
    yield Buffer.from(writer.page(step.value, isFirst));
    // Neither the database nor a page that fits a frame leaves the event loop, where requests are waiting.
    await setImmediate();
    step = await pages.next();
  }
  end.next = step.value.next;
  yield Buffer.from(writer.tail);
}
