import type { Arrangement } from '../core/arrangement.ts';
import { limits } from '../model/limits.ts';
import type { Swept } from './sweep.ts';

/** Publishes the daily inventories that are due; with live inventories there are none. */
export async function publishInventories({ metadata, clock, inventory }: Arrangement): Promise<Swept> {
  if (inventory === 'live') return { done: 0, more: false };
  const nowMs = clock.nowMs();
  const done = await metadata.vaults.publishInventories({ nowMs, beforeMs: nowMs - limits.inventoryDailyMs });
  return { done, more: false };
}
