import { createHash, randomBytes } from 'node:crypto';
import { MIB } from '../src/model/limits.ts';
import { combine, leafHash } from '../src/tree-hash/nodes.ts';
import type { RepeatedBody } from './connection.ts';
import type { HashedBody } from './vault-client.ts';

/** A body of any size from one random MiB; all its leaves are equal, so the tree hash costs next to nothing. */
export function repeatedBody(sizeBytes: number): HashedBody {
  const piece = randomBytes(MIB);
  const leaf = leafHash(piece);
  const treeHash = combine(Buffer.concat(Array.from({ length: sizeBytes / MIB }, () => leaf)));
  return { piece, sizeBytes, linearHash: hashPass({ piece, sizeBytes }), treeHash: treeHash.toString('hex') };
}

/** One SHA-256 over the repeated piece: what nobody who checks a signed body can do without. */
export function hashPass({ piece, sizeBytes }: RepeatedBody): string {
  const hash = createHash('sha256');
  for (let done = 0; done < sizeBytes; done += piece.length) hash.update(piece);
  return hash.digest('hex');
}
