import type { Arrangement } from '../core/arrangement.ts';
import { limits } from '../model/limits.ts';
import type { Swept } from './sweep.ts';

/**
 * Publishes the daily inventories that are due, some vaults at each call, in rounds that go through all of them; with live
 * inventories there are none.
 */
export function publishInventories({ metadata, clock, inventory }: Arrangement): () => Promise<Swept> {
  let afterKey = 0;
  return async () => {
    if (inventory === 'live') return { done: 0, more: false };
    const nowMs = clock.nowMs();
    const when = { nowMs, beforeMs: nowMs - limits.inventoryDailyMs };
    const { vaultKeys, nextKey } = await metadata.inventories.due({ ...when, afterKey, limit: limits.sweepRowsMax });
    afterKey = nextKey ?? 0;
    return { done: await metadata.inventories.publish({ ...when, vaultKeys }), more: nextKey !== null };
  };
}
