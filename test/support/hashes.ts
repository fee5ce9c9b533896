import { createHash } from 'node:crypto';

/** The hashes of the API, written down once more and plainly, so that the server is not its own judge. */
export const MIB = 1024 * 1024;
export const GIB = 1024 * MIB;

export const sha256 = (bytes: Uint8Array | string): string => createHash('sha256').update(bytes).digest('hex');

/** SHA-256 tree hash, hexadecimal: leaves of 1 MiB, neighbours hashed in pairs, a node without a partner moves up. */
export function treeHash(bytes: Uint8Array): string {
  let level: Buffer[] = [];
  for (let start = 0; start < bytes.length || start === 0; start += MIB) {
    level.push(digest(bytes.subarray(start, start + MIB)));
  }
  while (level.length > 1) {
    const next: Buffer[] = [];
    for (let index = 0; index < level.length; index += 2) {
      const [left, right] = level.slice(index, index + 2);
      if (left !== undefined) next.push(right === undefined ? left : digest(Buffer.concat([left, right])));
    }
    level = next;
  }
  return level[0]?.toString('hex') ?? '';
}

/** Bytes that look random and are the same every time. */
export function noise(sizeBytes: number, seed = 'moraine'): Buffer {
  return createHash('shake256', { outputLength: sizeBytes }).update(seed).digest();
}

const digest = (bytes: Uint8Array): Buffer => createHash('sha256').update(bytes).digest();
