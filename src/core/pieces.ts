import { limits, SECOND_MS } from '../model/limits.ts';
import type { FramePool } from './frame-pool.ts';
import type { RangeReader } from './range-reader.ts';

/** A client that takes bytes at its own pace. */
export interface Taker {
  /** Aborted when it takes no more. */
  signal: AbortSignal;
  /** Ends it; called when it has kept a buffer for long and others wait for one. */
  end: () => void;
}

/**
 * What is read of a range, in pieces as large as is good for whoever takes them. Who takes bytes quickly gets whole frames,
 * and the next one is read meanwhile. Who does not gets small pieces, so that a slow client keeps no frame; the frame is read
 * again for each, which is what memory costs when thousands of clients take little at a time. The first piece is small too:
 * it tells which of them it is.
 */
export class Pieces implements AsyncDisposable {
  readonly #frames: FramePool;
  readonly #reader: RangeReader;
  /** Without one nobody has to wait for whoever takes the bytes. */
  readonly #taker: Taker | undefined;
  #pace: 'unknown' | 'quick' | 'slow' = 'unknown';
  /** What has been read and not been taken yet lies in the buffer. */
  #buffer: Buffer | undefined;
  #rest: Buffer | undefined;
  #ahead: { buffer: Buffer; bytes: Promise<Buffer> } | undefined;

  constructor({ frames, reader, taker }: { frames: FramePool; reader: RangeReader; taker: Taker | undefined }) {
    this.#frames = frames;
    this.#reader = reader;
    this.#taker = taker;
  }

  /** The next piece, which is good until `taken` is called; undefined at the end. */
  async next(): Promise<Buffer | undefined> {
    if (this.#rest === undefined && this.#reader.leftBytes === 0) return undefined;
    const bytes = this.#rest ?? (await this.#read());
    const piece = this.#pace === 'quick' ? bytes : bytes.subarray(0, limits.smallFrameBytes);
    this.#reader.skip(piece.length);
    this.#rest = piece.length < bytes.length ? bytes.subarray(piece.length) : undefined;
    if (this.#pace === 'quick') this.#readAhead();
    const kept = this.#pace === 'slow' ? this.#shrink(piece) : piece;
    if (this.#taker !== undefined && this.#buffer !== undefined) this.#frames.lend(this.#buffer, this.#taker.end);
    return kept;
  }

  /** The piece has been taken; `tookMs` is how long that took. */
  taken(piece: Buffer, tookMs: number): void {
    this.#pace = (piece.length * SECOND_MS) / tookMs < limits.slowBytesPerSecond ? 'slow' : 'quick';
    const buffer = this.#buffer;
    if (buffer === undefined) return;
    this.#frames.regain(buffer);
    if (this.#rest !== undefined && this.#pace === 'quick') return;
    this.#buffer = undefined;
    this.#rest = undefined;
    this.#frames.give(buffer);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#buffer !== undefined) this.#frames.give(this.#buffer);
    const ahead = this.#ahead;
    await ahead?.bytes.then(
      () => this.#frames.give(ahead.buffer),
      () => this.#frames.drop(ahead.buffer),
    );
  }

  async #read(): Promise<Buffer> {
    const ahead = this.#ahead;
    this.#ahead = undefined;
    const buffer = ahead?.buffer ?? (await this.#frames.take(this.#reader.frameBytes, this.#taker?.signal));
    try {
      const bytes = await (ahead?.bytes ?? this.#reader.read(buffer));
      this.#buffer = buffer;
      return bytes;
    } catch (error) {
      this.#frames.drop(buffer);
      throw error;
    }
  }

  /** Only with a frame that is there: nobody may wait for one while holding another. */
  #readAhead(): void {
    if (this.#reader.leftBytes === 0) return;
    const buffer = this.#frames.tryTake(this.#reader.frameBytes);
    if (buffer === undefined) return;
    const bytes = this.#reader.read(buffer);
    // A failure to read ahead is thrown when its turn comes.
    bytes.catch(() => undefined);
    this.#ahead = { buffer, bytes };
  }

  #shrink(piece: Buffer): Buffer {
    const frame = this.#buffer;
    if (frame === undefined || frame.length === limits.smallFrameBytes) return piece;
    this.#buffer = this.#frames.shrink(frame, piece);
    this.#rest = undefined;
    return this.#buffer.subarray(0, piece.length);
  }
}
