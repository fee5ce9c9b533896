import { createHash, type Hash } from 'node:crypto';
import { MIB } from '../model/limits.ts';
import type { FrameHasher } from './frame-work.ts';

/** Both hashes by `node:crypto`, in two passes. It refuses what the addon's hasher refuses. */
export class PlainHasher implements FrameHasher {
  readonly #linear = createHash('sha256');
  readonly #leaves: Buffer[] = [];
  #leaf: Hash | undefined;
  #leafBytes = 0;
  #pending = 0;
  #isUsedUp = false;

  update(bytes: Buffer): void {
    this.#expectIdle();
    this.#take(bytes);
  }

  digest(): { linear: Buffer; leaves: Buffer } {
    this.#expectIdle();
    this.#isUsedUp = true;
    if (this.#leaf !== undefined) this.#endLeaf(this.#leaf);
    return { linear: this.#linear.digest(), leaves: Buffer.concat(this.#leaves) };
  }

  /** Takes a frame, and is at work until `work` ends; should that fail, the hasher is used up. */
  async during<T>(frame: Buffer, work: () => Promise<T>): Promise<T> {
    this.#expectUsable();
    this.#take(frame);
    this.#pending += 1;
    try {
      return await work();
    } catch (error) {
      this.#isUsedUp = true;
      throw error;
    } finally {
      this.#pending -= 1;
    }
  }

  #take(bytes: Buffer): void {
    this.#linear.update(bytes);
    for (let rest = bytes; rest.length > 0; ) {
      const piece = rest.subarray(0, MIB - this.#leafBytes);
      this.#leaf ??= createHash('sha256');
      this.#leaf.update(piece);
      this.#leafBytes += piece.length;
      if (this.#leafBytes === MIB) this.#endLeaf(this.#leaf);
      rest = rest.subarray(piece.length);
    }
  }

  #endLeaf(leaf: Hash): void {
    this.#leaves.push(leaf.digest());
    this.#leaf = undefined;
    this.#leafBytes = 0;
  }

  #expectUsable(): void {
    if (this.#isUsedUp) throw new RangeError('the hasher is used up');
  }

  #expectIdle(): void {
    this.#expectUsable();
    if (this.#pending > 0) throw new RangeError('the hasher is still at work');
  }
}
