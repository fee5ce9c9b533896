import { FRAME_BYTES } from '../blobs/blob-store.ts';
import { limits } from '../model/limits.ts';

/**
 * The buffers of everything that is stored and sent, of which there are only so many bytes: uploads and downloads of any size
 * borrow a few and give them back, and wait in line when none are left. So memory is bounded whatever there is to do, and a
 * disk or a client that is slow slows down what is borrowed for it and nothing else.
 *
 * Nobody may wait for a frame while holding another one that only itself could give back; a small buffer may be held, for
 * there are never so many of them that no frame is left. Then whatever is out comes back: from a disk by the deadline of file
 * calls, and from a client at the latest when somebody else has waited for long enough.
 */
export class FramePool {
  readonly #allocate: () => Buffer;
  readonly #free = { frames: [] as Buffer[], small: [] as Buffer[] };
  readonly #line: Waiting[] = [];
  /** What depends on a client, the one that was lent first in front. */
  readonly #lent = new Map<Buffer, { sinceMs: number; takeBack: () => void }>();
  readonly #bytesMax: number;
  #leftBytes: number;
  #watch: NodeJS.Timeout | undefined;

  constructor({
    allocate = () => Buffer.allocUnsafeSlow(FRAME_BYTES),
    bytesMax = limits.frameBytesMax,
  }: {
    allocate?: () => Buffer;
    bytesMax?: number;
  } = {}) {
    this.#allocate = allocate;
    this.#bytesMax = bytesMax;
    this.#leftBytes = bytesMax;
  }

  /** How much is out. */
  get outBytes(): number {
    return this.#bytesMax - this.#leftBytes;
  }

  /** A buffer for so many bytes, at once; undefined when there is none, or others wait for one. */
  tryTake(sizeBytes: number): Buffer | undefined {
    return this.#line.length === 0 ? this.#borrow(classOf(sizeBytes)) : undefined;
  }

  /** A buffer for so many bytes, when its turn comes. Throws the reason of the signal when that ends the waiting. */
  async take(sizeBytes: number, signal?: AbortSignal): Promise<Buffer> {
    signal?.throwIfAborted();
    const buffer = this.tryTake(sizeBytes);
    if (buffer !== undefined) return buffer;
    const { promise, resolve, reject } = Promise.withResolvers<Buffer>();
    const waiting = { bytes: classOf(sizeBytes), sinceMs: performance.now(), resolve };
    const leave = () => {
      const place = this.#line.indexOf(waiting);
      // Its turn may have come just before.
      if (place < 0) return;
      this.#line.splice(place, 1);
      reject(signal?.reason);
      this.#serve();
    };
    signal?.addEventListener('abort', leave, { once: true });
    this.#line.push(waiting);
    this.#watch ??= setInterval(() => this.#takeBack(), limits.frameWatchPauseMs).unref();
    return promise.finally(() => signal?.removeEventListener('abort', leave));
  }

  /** Gives a buffer back; nobody may use it after that. */
  give(buffer: Buffer): void {
    const free = buffer.length === FRAME_BYTES ? this.#free.frames : this.#free.small;
    if (free.length < limits.freeFramesMax) free.push(buffer);
    this.drop(buffer);
  }

  /** As `give`, for a buffer that must not be used again, because a call that hangs may still be at it. */
  drop(buffer: Buffer): void {
    this.#lent.delete(buffer);
    this.#leftBytes += buffer.length;
    this.#serve();
  }

  /** Keeps the beginning of a frame in a small buffer, without waiting, and gives the frame back. */
  shrink(frame: Buffer, bytes: Buffer): Buffer {
    const small = this.#free.small.pop() ?? Buffer.allocUnsafeSlow(limits.smallFrameBytes);
    bytes.copy(small);
    this.#leftBytes -= small.length;
    this.give(frame);
    return small;
  }

  /**
   * Notes that it depends on a client when a frame comes back. `takeBack` ends what is done for that client; it is called when
   * it has taken long and others wait.
   */
  lend(frame: Buffer, takeBack: () => void): void {
    this.#lent.set(frame, { sinceMs: performance.now(), takeBack });
  }

  /** The frame does not depend on a client any more. */
  regain(frame: Buffer): void {
    this.#lent.delete(frame);
  }

  #borrow(bytes: number): Buffer | undefined {
    if (bytes > this.#leftBytes) return undefined;
    this.#leftBytes -= bytes;
    if (bytes === FRAME_BYTES) return this.#free.frames.pop() ?? this.#allocate();
    return this.#free.small.pop() ?? Buffer.allocUnsafeSlow(bytes);
  }

  #serve(): void {
    for (let next = this.#line[0]; next !== undefined; next = this.#line[0]) {
      const buffer = this.#borrow(next.bytes);
      if (buffer === undefined) return;
      this.#line.shift();
      next.resolve(buffer);
    }
    clearInterval(this.#watch);
    this.#watch = undefined;
  }

  /** One frame for each that has waited for long enough, from whoever has had it longest. */
  #takeBack(): void {
    const longAgoMs = performance.now() - limits.frameHoldMsMax;
    const due = this.#line.filter(({ sinceMs }) => sinceMs <= performance.now() - limits.frameWatchPauseMs).length;
    const overdue = [...this.#lent].filter(([, { sinceMs }]) => sinceMs <= longAgoMs).slice(0, due);
    for (const [frame, { takeBack }] of overdue) {
      this.#lent.delete(frame);
      takeBack();
    }
  }
}

interface Waiting {
  bytes: number;
  sinceMs: number;
  resolve: (buffer: Buffer) => void;
}

/** Buffers are small or whole frames, so that any can be used again for anything. */
const classOf = (sizeBytes: number): number =>
  sizeBytes <= limits.smallFrameBytes ? limits.smallFrameBytes : FRAME_BYTES;
