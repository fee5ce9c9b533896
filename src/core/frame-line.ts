import { type BlobFacts, type BlobWriter, FRAME_BYTES } from '../blobs/blob-store.ts';
import { GlacierError } from '../model/errors.ts';
import { limits } from '../model/limits.ts';
import type { Sink } from './flow.ts';
import type { FramePool } from './frame-pool.ts';

/**
 * Fills frames and hands them to the writer in order. One fills while others are being written; when too many are, or the
 * pool has none left, what comes must wait. A body begins in a small buffer and is moved to a frame only when it turns out
 * longer: most archives of a collection are small, and clients that are slow have sent little so far.
 */
export class FrameLine implements AsyncDisposable {
  readonly #writer: BlobWriter;
  readonly #frames: FramePool;
  readonly #isHasty: boolean;
  readonly #ending = new AbortController();
  readonly #inFlight = new Set<Promise<void>>();
  #buffer: Buffer | undefined;
  #filledBytes = 0;
  #waiting: Promise<void> | undefined;

  /** `isHasty`: frames fill at the pace of a client, which is given up if it is slow and others wait for frames. */
  constructor({ writer, frames, isHasty }: { writer: BlobWriter; frames: FramePool; isHasty: boolean }) {
    this.#writer = writer;
    this.#frames = frames;
    this.#isHasty = isHasty;
  }

  /** Aborted when it is no use going on, with the reason. */
  get signal(): AbortSignal {
    return this.#ending.signal;
  }

  readonly sink: Sink = (chunk) => {
    const done = this.#fill(chunk, 0);
    if (done === chunk.length) return undefined;
    this.#waiting = this.#fillRest(chunk, done).finally(() => {
      this.#waiting = undefined;
    });
    return this.#waiting;
  };

  async end(): Promise<BlobFacts> {
    if (this.#filledBytes > 0) this.#submit();
    await Promise.all(this.#inFlight);
    this.signal.throwIfAborted();
    return this.#writer.end();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#waiting !== undefined) this.#ending.abort(OVER);
    await this.#waiting?.catch(() => undefined);
    await Promise.allSettled(this.#inFlight);
    if (this.#buffer !== undefined) this.#frames.give(this.#buffer);
  }

  /** Copies what there is room for, from `start`, and returns how far that is. */
  #fill(chunk: Buffer, start: number): number {
    let done = start;
    while (done < chunk.length && this.#hasRoom(chunk.length - done)) {
      const copied = chunk.copy(this.#buffer as Buffer, this.#filledBytes, done);
      done += copied;
      this.#filledBytes += copied;
      if (this.#filledBytes === FRAME_BYTES) this.#submit();
    }
    return done;
  }

  async #fillRest(chunk: Buffer, start: number): Promise<void> {
    for (let done = start; done < chunk.length; done = this.#fill(chunk, done)) {
      const [first] = this.#inFlight;
      if (this.#buffer === undefined && this.#isFull) await first;
      else this.#use(await this.#frames.take(this.#wanted(chunk.length - done), this.signal));
      this.signal.throwIfAborted();
    }
  }

  /** Whether there is room for some bytes now, which a buffer is taken for if there is one. */
  #hasRoom(moreBytes: number): boolean {
    if (this.#buffer !== undefined && this.#filledBytes < this.#buffer.length) return true;
    if (this.#buffer === undefined && this.#isFull) return false;
    const buffer = this.#frames.tryTake(this.#wanted(moreBytes));
    if (buffer !== undefined) this.#use(buffer);
    return buffer !== undefined;
  }

  get #isFull(): boolean {
    return this.#inFlight.size >= limits.framesInFlightMax;
  }

  /** Only what comes first can be little. */
  #wanted(moreBytes: number): number {
    const isFirst = this.#buffer === undefined && this.#filledBytes === 0 && this.#inFlight.size === 0;
    return isFirst ? moreBytes : FRAME_BYTES;
  }

  /** Goes on in another buffer, with what the last one holds. */
  #use(buffer: Buffer): void {
    const last = this.#buffer;
    if (last !== undefined) {
      last.copy(buffer, 0, 0, this.#filledBytes);
      this.#frames.give(last);
    }
    this.#buffer = buffer;
    if (this.#isHasty && buffer.length === FRAME_BYTES) this.#frames.lend(buffer, () => this.#ending.abort(tooSlow()));
  }

  #submit(): void {
    const buffer = this.#buffer as Buffer;
    const frame = buffer.subarray(0, this.#filledBytes);
    this.#buffer = undefined;
    this.#filledBytes = 0;
    this.#frames.regain(buffer);
    const written = this.#writer.write(frame).then(
      () => this.#frames.give(buffer),
      (error: unknown) => {
        this.#frames.drop(buffer);
        this.#ending.abort(error);
      },
    );
    const settled = written.finally(() => this.#inFlight.delete(settled));
    this.#inFlight.add(settled);
  }
}

const OVER = new Error('nobody waits for the bytes any more');

const tooSlow = (): GlacierError => new GlacierError('RequestTimeoutException', 'Request timed out.');
