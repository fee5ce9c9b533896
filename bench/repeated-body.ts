import { createHash, randomBytes } from 'node:crypto';
import { MIB } from '../src/model/limits.ts';
import { combine, leafHash } from '../src/tree-hash/nodes.ts';
import type { RepeatedBody } from './connection.ts';
import type { HashedBody } from './vault-client.ts';

/** A body of any size from one random MiB; all its leaves are equal, so the tree hash costs next to nothing. */
export function repeatedBody(sizeBytes: number): HashedBody {
  return hashedBody({ piece: randomBytes(MIB), sizeBytes });
}

/** A body with its hashes; its piece is some MiB long, and the body some pieces. */
export function hashedBody({ piece, sizeBytes }: RepeatedBody): HashedBody {
  return { piece, sizeBytes, linearHash: hashPass({ piece, sizeBytes }), treeHash: treeHashOf({ piece, sizeBytes }) };
}

/** The tree hash of such a body, which costs next to nothing however long it is. */
export function treeHashOf({ piece, sizeBytes }: RepeatedBody): string {
  const leaves = Array.from({ length: piece.length / MIB }, (_, index) =>
    leafHash(piece.subarray(index * MIB, (index + 1) * MIB)),
  );
  const all = Array.from({ length: sizeBytes / piece.length }, () => leaves).flat();
  return combine(Buffer.concat(all)).toString('hex');
}

/** One SHA-256 over the repeated piece: what nobody who checks a signed body can do without. */
export function hashPass({ piece, sizeBytes }: RepeatedBody): string {
  const hash = createHash('sha256');
  for (let done = 0; done < sizeBytes; done += piece.length) hash.update(piece);
  return hash.digest('hex');
}
