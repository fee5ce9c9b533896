import { Worker } from 'node:worker_threads';
import { threadEntry } from '../metadata/thread-entry.ts';
import { limits } from '../model/limits.ts';
import type { SelectQuery } from '../model/select.ts';
import { type RecordPlace, SelectError } from '../select/select-error.ts';
import { Mailbox } from './mailbox.ts';

/** What a thread is to run. */
export interface SelectOrder {
  query: SelectQuery;
  /** What the query takes for now. */
  nowMs: number;
}

/** What the thread is sent: a query, bytes of its archive, their end, or room for what it writes. */
export type SelectInput =
  | { order: SelectOrder }
  | { chunk: ArrayBuffer; sizeBytes: number }
  | { end: true }
  | { room: ArrayBuffer };

/**
 * What comes back: a chunk that has been read or that no query wants any more, what was written, the end of the query, or why
 * it failed.
 */
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

/** A query, its archive in pieces of a chunk at most, and what breaks it off. */
export interface SelectRun {
  order: SelectOrder;
  source: AsyncIterable<Buffer>;
  signal: AbortSignal;
}

/**
 * Runs queries in a thread of its own, one after the other: each gets its archive chunk by chunk and hands its output back
 * piece by piece. Both travel in buffers that go to and fro, so that the memory is bounded, nothing is copied on the way
 * back, and whichever of the archive, the query and the output is slow makes the other two wait. A query that hangs is ended,
 * and a thread in which one did not come to its end is of no use any more.
 */
export class SelectThread implements AsyncDisposable {
  readonly #worker: Worker;
  readonly #chunks = new Mailbox<ArrayBuffer>();
  readonly #written = new Mailbox<Written>();
  readonly #stallMs: number;
  /** What the thread has been sent and has not sent back. */
  #chunksThere = 0;
  #roomsThere = 0;
  /** Whether a query was begun that has not come to its end, and whether it was told that of its archive. */
  #busy = false;
  #ended = false;
  #spent = false;
  #stall: NodeJS.Timeout | undefined;

  constructor({ stallMs = limits.selectStallMs }: { stallMs?: number } = {}) {
    this.#stallMs = stallMs;
    this.#worker = new Worker(threadEntry('select-runner', import.meta.url), {
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

  /** Whether it may run another query: every one before came to its end, and nothing went wrong. */
  get isReady(): boolean {
    return !this.#busy && !this.#spent;
  }

  /**
   * The output, a piece at a time, which is good until the next one is asked for. The source is left where it is when the
   * query needs no more. Throws SelectError, what the source throws, and the reason of the signal.
   */
  async *run({ order, source, signal }: SelectRun): AsyncGenerator<Piece, void> {
    const onAbort = () => this.#fail(signal.reason);
    if (signal.aborted) onAbort();
    signal.addEventListener('abort', onAbort);
    this.#begin(order);
    const feeding = this.#feed(source).catch((error: unknown) => this.#failUnfinished(error));
    let isTaken = false;
    try {
      for (let next = await this.#written.take(); !('done' in next); next = await this.#written.take()) {
        const { room, sizeBytes, endedBytes } = next;
        yield { bytes: Buffer.from(room, 0, sizeBytes), endedBytes };
        this.#giveRoom(room);
      }
      isTaken = true;
    } finally {
      signal.removeEventListener('abort', onAbort);
      // What is left of this query is not for the next.
      if (!isTaken) this.#fail(new Error('nobody waits for the query any more'));
      await feeding;
      // A thread that waits for its next query keeps no process alive.
      this.#worker.unref();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearTimeout(this.#stall);
    await this.#worker.terminate();
  }

  #begin(order: SelectOrder): void {
    this.#worker.ref();
    this.#busy = true;
    this.#ended = false;
    this.#send({ order });
  }

  /** Stops when the query has come to its end, for which it need not have seen all of the archive. */
  async #feed(source: AsyncIterable<Buffer>): Promise<void> {
    for await (const bytes of source) {
      const chunk = await this.#chunks.take();
      if (!this.#busy) {
        this.#chunks.put(chunk);
        return;
      }
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
      this.#busy = false;
      this.#written.put(answer);
    }
    this.#watch();
  }

  /** From when the thread can get on until it gives a sign. */
  #watch(): void {
    const canGetOn = this.#busy && this.#roomsThere > 0 && (this.#chunksThere > 0 || this.#ended);
    if (!canGetOn || this.#stall !== undefined) return;
    const seconds = this.#stallMs / 1000;
    const stalled = new SelectError('InternalError', `The query did not get on for ${seconds} seconds.`);
    this.#stall = setTimeout(() => this.#fail(stalled), this.#stallMs);
  }

  /** What becomes of the archive is nothing to a query that is through. */
  #failUnfinished(error: unknown): void {
    if (this.#busy) this.#fail(error);
  }

  /** What has been written is still taken. */
  #close(error: unknown): void {
    this.#spent = true;
    this.#chunks.close(error);
    this.#written.close(error);
  }

  #fail(error: unknown): void {
    this.#spent = true;
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
