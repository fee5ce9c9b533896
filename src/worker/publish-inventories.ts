import type { Arrangement } from '../core/arrangement.ts';
import { limits } from '../model/limits.ts';

/** Publishes the daily inventories that are due; with live inventories there are none. Returns how many. */
export function publishInventories({ metadata, clock, inventory }: Arrangement): Promise<number> {
  if (inventory === 'live') return Promise.resolve(0);
  const nowMs = clock.nowMs();
  return metadata.vaults.publishInventories({ nowMs, beforeMs: nowMs - limits.inventoryDailyMs });
}
