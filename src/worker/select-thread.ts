import { Worker } from 'node:worker_threads';
import { threadEntry } from '../metadata/thread-entry.ts';
import { limits } from '../model/limits.ts';
import type { SelectQuery } from '../model/select.ts';
import { type RecordPlace, SelectError } from '../select/select-error.ts';
import { Mailbox } from './mailbox.ts';

/** What a thread is begun with. */
export interface SelectOrder {
  query: SelectQuery;
  /** What the query takes for now. */
  nowMs: number;
}

/** What the thread is sent: bytes of the archive, their end, or room for what the query writes. */
export type SelectInput = { chunk: ArrayBuffer; sizeBytes: number } | { end: true } | { room: ArrayBuffer };

/** What comes back: a chunk that has been read, what was written, the end, or why the query failed. */
export type SelectAnswer =
  | { chunk: ArrayBuffer }
  | { room: ArrayBuffer; sizeBytes: number; endedBytes: number }
  | { done: true }
  | { failure: { code: string; message: string; at: RecordPlace | undefined } };

/** Some of the output. */
export interface Piece {
  bytes: Buffer;
  /** So many of them come before the last end of a record; 0 if none has ended in them. */
  endedBytes: number;
}

type Written = Extract<SelectAnswer, { room: ArrayBuffer }> | { done: true };

/**
 * Runs a query in a thread of its own, which gets the archive chunk by chunk and hands its output back piece by piece. Both
 * travel in buffers that go to and fro, so that the memory is bounded, nothing is copied on the way back, and whichever of
 * the archive, the query and the output is slow makes the other two wait. One that hangs is ended.
 */
export class SelectThread implements AsyncDisposable {
  readonly #worker: Worker;
  readonly #chunks = new Mailbox<ArrayBuffer>();
  readonly #written = new Mailbox<Written>();
  readonly #stallMs: number;
  /** What the thread has been sent and has not sent back. */
  #chunksThere = 0;
  #roomsThere = 0;
  #ended = false;
  /** Whether the query is through, whatever is still sent. */
  #isDone = false;
  #stall: NodeJS.Timeout | undefined;

  constructor(order: SelectOrder, { stallMs = limits.selectStallMs }: { stallMs?: number } = {}) {
    this.#stallMs = stallMs;
    this.#worker = new Worker(threadEntry('select-runner', import.meta.url), {
      workerData: order,
      name: 'select',
      resourceLimits: { maxOldGenerationSizeMb: limits.selectThreadHeapMibMax },
    });
    this.#worker
      .on('message', (answer: SelectAnswer) => this.#take(answer))
      .on('error', (error) => this.#fail(failureOf(error)))
      .on('exit', () => this.#close(new Error('the thread of a query ended before the query did')));
    for (let made = 0; made < limits.selectChunksMax; made += 1)
      this.#chunks.put(new ArrayBuffer(limits.selectChunkBytes));
    for (let made = 0; made < limits.selectPiecesMax; made += 1)
      this.#giveRoom(new ArrayBuffer(limits.selectPieceBytes));
  }

  /**
   * The output, a piece at a time, which is good until the next one is asked for. `source` gives the archive in pieces of a
   * chunk at most, and is left where it is when the query needs no more. Throws SelectError, what `source` throws, and the
   * reason of the signal.
   */
  async *run({ source, signal }: { source: AsyncIterable<Buffer>; signal: AbortSignal }): AsyncGenerator<Piece, void> {
    const onAbort = () => this.#fail(signal.reason);
    if (signal.aborted) onAbort();
    signal.addEventListener('abort', onAbort);
    const feeding = this.#feed(source).catch((error: unknown) => this.#failUnfinished(error));
    try {
      for (let next = await this.#written.take(); !('done' in next); next = await this.#written.take()) {
        const { room, sizeBytes, endedBytes } = next;
        yield { bytes: Buffer.from(room, 0, sizeBytes), endedBytes };
        this.#giveRoom(room);
      }
    } finally {
      signal.removeEventListener('abort', onAbort);
      this.#fail(new Error('nobody waits for the query any more'));
      await feeding;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearTimeout(this.#stall);
    await this.#worker.terminate();
  }

  async #feed(source: AsyncIterable<Buffer>): Promise<void> {
    for await (const bytes of source) {
      const chunk = await this.#chunks.take();
      new Uint8Array(chunk).set(bytes);
      this.#chunksThere += 1;
      this.#send({ chunk, sizeBytes: bytes.length }, [chunk]);
    }
    this.#ended = true;
    this.#send({ end: true });
  }

  #giveRoom(room: ArrayBuffer): void {
    this.#roomsThere += 1;
    this.#send({ room }, [room]);
  }

  #send(input: SelectInput, transferred: ArrayBuffer[] = []): void {
    this.#worker.postMessage(input, transferred);
    this.#watch();
  }

  #take(answer: SelectAnswer): void {
    clearTimeout(this.#stall);
    this.#stall = undefined;
    if ('chunk' in answer) {
      this.#chunksThere -= 1;
      this.#chunks.put(answer.chunk);
    } else if ('failure' in answer) {
      const { code, message, at } = answer.failure;
      this.#fail(new SelectError(code, message, at && { at }));
    } else if ('room' in answer) {
      this.#roomsThere -= 1;
      this.#written.put(answer);
    } else {
      this.#isDone = true;
      this.#written.put(answer);
    }
    this.#watch();
  }

  /** From when the thread can get on until it gives a sign. */
  #watch(): void {
    const canGetOn = this.#roomsThere > 0 && (this.#chunksThere > 0 || this.#ended);
    if (!canGetOn || this.#isDone || this.#stall !== undefined) return;
    const seconds = this.#stallMs / 1000;
    const stalled = new SelectError('InternalError', `The query did not get on for ${seconds} seconds.`);
    this.#stall = setTimeout(() => this.#fail(stalled), this.#stallMs);
  }

  /** What becomes of the archive is nothing to a query that is through. */
  #failUnfinished(error: unknown): void {
    if (!this.#isDone) this.#fail(error);
  }

  /** What has been written is still taken. */
  #close(error: unknown): void {
    this.#chunks.close(error);
    this.#written.close(error);
  }

  #fail(error: unknown): void {
    clearTimeout(this.#stall);
    this.#stall = undefined;
    this.#chunks.fail(error);
    this.#written.fail(error);
  }
}

/** A thread that runs out of memory does so again. */
function failureOf(error: unknown): unknown {
  const outOfMemory = error instanceof Error && 'code' in error && error.code === 'ERR_WORKER_OUT_OF_MEMORY';
  if (!outOfMemory) return error;
  return new SelectError('InternalError', 'The query takes more memory than there is for one.', { cause: error });
}
