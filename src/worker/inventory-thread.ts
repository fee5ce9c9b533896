import { on } from 'node:events';
import { MessageChannel, type MessagePort, Worker } from 'node:worker_threads';
import type { InventoryEnd, InventoryRequest } from '../core/inventories.ts';
import type { MetadataSource } from '../metadata/reader.ts';
import { threadEntry } from '../metadata/thread-entry.ts';
import { limits } from '../model/limits.ts';

/** What the thread is told to begin with: an inventory, and the port on which its pieces are exchanged. */
export interface InventoryOrder {
  request: InventoryRequest;
  port: MessagePort;
}

/**
 * What comes back: a buffer that was sent to be filled, and how much of it was; the end; or what went wrong. No more pieces
 * are on their way than buffers were sent, so that an inventory waits for whoever takes it.
 */
export type InventoryAnswer = { buffer: ArrayBuffer; sizeBytes: number } | { end: InventoryEnd } | { failure: unknown };

/** A thread, how many inventories it is at, and what it failed of. */
interface Running {
  readonly worker: Worker;
  inventories: number;
  failure: unknown;
}

/**
 * Reads and writes large inventories in a thread of its own, so that requests do not wait for it. There is a thread as long
 * as there is such an inventory. When the thread fails, so do the inventories that it is at, and the next begins a new one.
 */
export class InventoryThread implements AsyncDisposable {
  readonly #source: MetadataSource;
  #running: Running | undefined;

  constructor(source: MetadataSource) {
    this.#source = source;
  }

  /** The pieces of an inventory; one is valid until the next is asked for. */
  async *read(request: InventoryRequest): AsyncGenerator<Buffer, InventoryEnd, void> {
    // First of all, for it may fail.
    const running = this.#engage();
    const { worker } = running;
    const { port1: near, port2: port } = new MessageChannel();
    const send = (buffer: ArrayBuffer) => near.postMessage(buffer, [buffer]);
    const answers = on(near, 'message', { close: ['close'] });
    try {
      worker.postMessage({ request, port } satisfies InventoryOrder, [port]);
      for (let sent = 0; sent < limits.inventoryPiecesMax; sent += 1) send(new ArrayBuffer(limits.inventoryPieceBytes));
      for await (const [answer] of answers as AsyncIterable<[InventoryAnswer]>) {
        if ('end' in answer) return answer.end;
        if ('failure' in answer) throw new Error('the inventory could not be read', { cause: answer.failure });
        yield Buffer.from(answer.buffer, 0, answer.sizeBytes);
        send(answer.buffer);
      }
      await worker.terminate();
      throw new Error('the inventory thread ended before the inventory did', { cause: running.failure });
    } finally {
      near.close();
      await this.#release(running);
    }
  }

  /** Inventories that are still being read fail. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#running?.worker.terminate();
  }

  #engage(): Running {
    this.#running ??= this.#start();
    this.#running.inventories += 1;
    return this.#running;
  }

  async #release(running: Running): Promise<void> {
    running.inventories -= 1;
    if (running.inventories > 0) return;
    this.#forget(running);
    await running.worker.terminate();
  }

  #forget(running: Running): void {
    if (this.#running === running) this.#running = undefined;
  }

  #start(): Running {
    const worker = new Worker(threadEntry('inventory-writer', import.meta.url), {
      workerData: this.#source,
      name: 'inventories',
      resourceLimits: { maxOldGenerationSizeMb: limits.inventoryThreadHeapMibMax },
    });
    const running: Running = { worker, inventories: 0, failure: undefined };
    // Its inventories learn of it by their ports, which close with it.
    worker
      .on('exit', () => this.#forget(running))
      .on('error', (error) => {
        running.failure = error;
        this.#forget(running);
      });
    return running;
  }
}
