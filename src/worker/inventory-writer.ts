import { on } from 'node:events';
import { parentPort, workerData } from 'node:worker_threads';
import { inventoryText } from '../core/inventories.ts';
import { type MetadataSource, openSource } from '../metadata/reader.ts';
import type { InventoryAnswer, InventoryOrder } from './inventory-thread.ts';

/**
 * What runs in the inventory thread (`inventory-thread.ts`): inventories are written side by side, each into the buffers that
 * come on its port. When the port is closed, its inventory ends where it is.
 */
const reader = openSource(workerData as MetadataSource);

parentPort?.on('message', (order: InventoryOrder) => void write(order));

async function write({ request, port }: InventoryOrder): Promise<void> {
  const answer = (what: InventoryAnswer, transferred: ArrayBuffer[] = []) => port.postMessage(what, transferred);
  const buffers = on(port, 'message', { close: ['close'] }) as AsyncIterableIterator<[ArrayBuffer]>;
  const take = async () => {
    const { value, done } = await buffers.next();
    if (done === true) throw new Error('nobody waits for the inventory any more');
    return Buffer.from(value[0]);
  };
  try {
    const pieces = inventoryText(reader.inventories, request, take);
    let step = await pieces.next();
    for (; step.done !== true; step = await pieces.next()) {
      const { buffer, length: sizeBytes } = step.value as Buffer<ArrayBuffer>;
      answer({ buffer, sizeBytes }, [buffer]);
    }
    answer({ end: step.value });
  } catch (failure) {
    answer({ failure });
  }
}
