import { FRAME_BYTES } from '../blobs/blob-store.ts';

const FREE_FRAMES_MAX = 64;

/**
 * Reused buffers of one frame each. Uploads and downloads of any size borrow a few of them, so the memory they take
 * depends on how many run at once and not on what they carry.
 */
export class FramePool {
  readonly #free: Buffer[] = [];
  #taken = 0;

  /** Buffers that somebody has. */
  get taken(): number {
    return this.#taken;
  }

  take(): Buffer {
    this.#taken += 1;
    return this.#free.pop() ?? Buffer.allocUnsafeSlow(FRAME_BYTES);
  }

  /** Gives a buffer back; nobody may use it after that. */
  give(frame: Buffer): void {
    this.#taken -= 1;
    if (this.#free.length < FREE_FRAMES_MAX) this.#free.push(frame);
  }
}
