import { createHash, type Hash } from 'node:crypto';
import { MIB } from '../model/limits.ts';
import type { FrameHasher } from './frame-work.ts';

/** Both hashes by `node:crypto`, in two passes. It refuses what the addon's hasher refuses. */
export class PlainHasher implements FrameHasher {
  #linear = createHash('sha256');
  #leaf: Hash | undefined;
  #leafBytes = 0;
  #leaves: Buffer[] = [];
  #state: 'ready' | 'at work' | 'used up' = 'ready';

  update(bytes: Buffer): void {
    this.#expectReady();
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

  digest(): { linear: Buffer; leaves: Buffer } {
    this.#expectReady();
    this.#state = 'used up';
    if (this.#leaf !== undefined) this.#endLeaf(this.#leaf);
    return { linear: this.#linear.digest(), leaves: Buffer.concat(this.#leaves) };
  }

  /** Takes a frame whose work goes on until `work` ends; should that fail, the hasher is of no use any more. */
  async during<T>(frame: Buffer, work: () => Promise<T>): Promise<T> {
    this.update(frame);
    this.#state = 'at work';
    try {
      const result = await work();
      this.#state = 'ready';
      return result;
    } catch (error) {
      this.#state = 'used up';
      throw error;
    }
  }

  #endLeaf(leaf: Hash): void {
    this.#leaves.push(leaf.digest());
    this.#leaf = undefined;
    this.#leafBytes = 0;
  }

  #expectReady(): void {
    if (this.#state === 'at work') throw new RangeError('the hasher is still at work');
    if (this.#state === 'used up') throw new RangeError('the digest of the hasher was already taken');
  }
}
