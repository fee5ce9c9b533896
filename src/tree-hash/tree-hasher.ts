import { createHash, type Hash } from 'node:crypto';
import { MIB } from '../model/limits.ts';
import { combine, leafHash, NODE_BYTES } from './nodes.ts';

const LEAVES_AT_FIRST = 64;

/** What a finished hasher has seen. */
export interface TreeDigest {
  /** The root, 32 bytes. */
  treeHash: Buffer;
  /** The leaves end to end, 32 bytes for each MiB begun; the empty body has one leaf. */
  leaves: Buffer;
}

/**
 * The tree hash of one body as its bytes go by; keeps 32 bytes per MiB and no body bytes. Misuse is a RangeError: bytes
 * after a short leaf or after `digest` would belong to another tree.
 */
export class TreeHasher {
  #leaves = Buffer.allocUnsafe(LEAVES_AT_FIRST * NODE_BYTES);
  #leavesBytes = 0;
  #open: Hash | undefined;
  #openBytes = 0;
  #ended = false;

  /** Takes the next bytes, in pieces of any size. */
  update(chunk: Uint8Array): void {
    this.#refuseAfterEnd();
    let rest = chunk;
    while (rest.length > 0) {
      const piece = rest.subarray(0, MIB - this.#openBytes);
      if (piece.length === MIB) this.#push(leafHash(piece));
      else this.#extend(piece);
      rest = rest.subarray(piece.length);
    }
  }

  /**
   * Takes the next whole leaf: exactly 1 MiB, or less and then it is the last; no bytes are no leaf. The cheap way in for
   * frames that are cut on MiB already.
   */
  addLeaf(frame: Uint8Array): void {
    this.#refuseAfterEnd();
    if (frame.length === 0) return;
    if (this.#openBytes > 0) throw new RangeError('A leaf begins on a boundary of 1 MiB');
    if (frame.length > MIB) throw new RangeError(`A leaf takes at most ${MIB} bytes, not ${frame.length}`);
    this.#push(leafHash(frame));
    this.#ended = frame.length < MIB;
  }

  /** Ends the body. Later calls give the same answer. */
  digest(): TreeDigest {
    if (this.#open !== undefined) this.#closeLeaf(this.#open);
    if (this.#leavesBytes === 0) this.#push(leafHash(Buffer.alloc(0)));
    this.#ended = true;
    const leaves = Buffer.from(this.#leaves.subarray(0, this.#leavesBytes));
    return { treeHash: combine(leaves), leaves };
  }

  #extend(piece: Uint8Array): void {
    const open = this.#open ?? createHash('sha256');
    open.update(piece);
    this.#open = open;
    this.#openBytes += piece.length;
    if (this.#openBytes === MIB) this.#closeLeaf(open);
  }

  #closeLeaf(open: Hash): void {
    this.#push(open.digest());
    this.#open = undefined;
    this.#openBytes = 0;
  }

  #push(leaf: Buffer): void {
    if (this.#leavesBytes === this.#leaves.length) {
      const larger = Buffer.allocUnsafe(2 * this.#leaves.length);
      larger.set(this.#leaves);
      this.#leaves = larger;
    }
    this.#leaves.set(leaf, this.#leavesBytes);
    this.#leavesBytes += NODE_BYTES;
  }

  #refuseAfterEnd(): void {
    if (this.#ended) throw new RangeError('The body has already ended');
  }
}
