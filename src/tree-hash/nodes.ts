import { hash } from 'node:crypto';

/**
 * The nodes of a tree hash (Glacier developer guide, "Computing checksums"): leaves are the SHA-256 of each MiB, a parent
 * is the SHA-256 of its two children side by side, and a node without a partner moves up unchanged. Because a part of an
 * upload holds a power of two of MiB, its root is a node of the archive's tree: roots of parts combine as leaves do.
 */
export const NODE_BYTES = 32;

/** The leaf of one MiB, or of the shorter last piece. */
export function leafHash(frame: Uint8Array): Buffer {
  return hash('sha256', frame, 'buffer');
}

/**
 * The root over node hashes laid end to end (leaves, or the roots of equally sized parts, in order). The input is left
 * alone. RangeError when it is empty or not a multiple of 32 bytes: the empty archive has one leaf, that of no bytes.
 */
export function combine(hashes: Uint8Array): Buffer {
  if (hashes.length === 0 || hashes.length % NODE_BYTES !== 0) {
    throw new RangeError(`Node hashes take a positive multiple of ${NODE_BYTES} bytes, not ${hashes.length}`);
  }
  const level = Buffer.from(hashes);
  let levelBytes = level.length;
  while (levelBytes > NODE_BYTES) levelBytes = foldLevel(level.subarray(0, levelBytes));
  return Buffer.from(level.subarray(0, NODE_BYTES));
}

/** Writes the parents over the front of their children, each after both were read; returns how many bytes they take. */
function foldLevel(level: Buffer): number {
  let parentsBytes = 0;
  for (let at = 0; at < level.length; at += 2 * NODE_BYTES) {
    const pair = level.subarray(at, at + 2 * NODE_BYTES);
    level.set(pair.length === NODE_BYTES ? pair : leafHash(pair), parentsBytes);
    parentsBytes += NODE_BYTES;
  }
  return parentsBytes;
}
