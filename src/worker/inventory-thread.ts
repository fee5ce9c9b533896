import { on } from 'node:events';
import { extname } from 'node:path';
import { MessageChannel, type MessagePort, Worker } from 'node:worker_threads';
import type { InventoryEnd, InventoryRequest } from '../core/inventories.ts';
import type { MetadataSource } from '../metadata/reader.ts';
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

/**
 * Reads and writes large inventories in a thread of its own, so that requests do not wait for it. There is a thread as long
 * as there is such an inventory. When the thread fails, so do the inventories that it is at, and the next begins a new one.
 */
export class InventoryThread implements AsyncDisposable {
  readonly #source: MetadataSource;
  #worker: Worker | undefined;
  #inventories = 0;
  #failure: unknown;

  constructor(source: MetadataSource) {
    this.#source = source;
  }

  /** The pieces of an inventory; one is valid until the next is asked for. */
  async *read(request: InventoryRequest): AsyncGenerator<Buffer, InventoryEnd, void> {
    const { port1: near, port2: port } = new MessageChannel();
    const send = (buffer: ArrayBuffer) => near.postMessage(buffer, [buffer]);
    const answers = on(near, 'message', { close: ['close'] });
    const worker = this.#engage();
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
      throw new Error('the inventory thread ended before the inventory did', { cause: this.#failure });
    } finally {
      near.close();
      await this.#release();
    }
  }

  /** Inventories that are still being read fail. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#worker?.terminate();
  }

  #engage(): Worker {
    this.#inventories += 1;
    this.#worker ??= this.#start();
    return this.#worker;
  }

  async #release(): Promise<void> {
    this.#inventories -= 1;
    if (this.#inventories > 0) return;
    const worker = this.#worker;
    this.#worker = undefined;
    await worker?.terminate();
  }

  #start(): Worker {
    const worker = new Worker(ENTRY, {
      workerData: this.#source,
      name: 'inventories',
      resourceLimits: { maxOldGenerationSizeMb: limits.inventoryThreadHeapMibMax },
    });
    const forget = () => {
      if (this.#worker === worker) this.#worker = undefined;
    };
    // Its inventories learn of it by their ports, which close with it.
    worker.on('exit', forget).on('error', (error) => {
      this.#failure = error;
      forget();
    });
    return worker;
  }
}

/** The entry is TypeScript where this file is, and JavaScript where this file was built. */
const ENTRY = new URL(`./inventory-writer${extname(import.meta.url)}`, import.meta.url);
