import { hash } from 'node:crypto';
import type { BlobRef } from './archives.ts';

/**
 * The list of an archive's parts, as the bytes of its assembly: a header, then an entry for each part in order.
 * Numbers are little-endian. Ids have their length before them, because each store names its blobs in its own way.
 */
const MAGIC = Buffer.from('ASSEMBL\x01', 'latin1');
const HEADER_BYTES = MAGIC.length + 4;
const TREE_HASH_BYTES = 32;
/** Without the id: its length, the start, the size and the tree hash. */
const ENTRY_BYTES = 1 + 8 + 8 + TREE_HASH_BYTES;

export function formatAssembly(parts: readonly BlobRef[]): Buffer {
  const idBytes = parts.reduce((sum, { blobId }) => sum + blobId.length, 0);
  const bytes = Buffer.alloc(HEADER_BYTES + parts.length * ENTRY_BYTES + idBytes);
  MAGIC.copy(bytes);
  bytes.writeUInt32LE(parts.length, MAGIC.length);
  let at = HEADER_BYTES;
  for (const { blobId, startByte, sizeBytes, treeHash } of parts) {
    at = bytes.writeUInt8(blobId.length, at);
    at += bytes.write(blobId, at, 'latin1');
    at = bytes.writeBigUInt64LE(BigInt(startByte), at);
    at = bytes.writeBigUInt64LE(BigInt(sizeBytes), at);
    at += bytes.write(treeHash, at, 'hex');
  }
  return bytes;
}

/** The parts in these bytes; undefined when they are no such list, or one of a newer release. */
export function parseAssembly(bytes: Buffer): BlobRef[] | undefined {
  if (bytes.length < HEADER_BYTES || !bytes.subarray(0, MAGIC.length).equals(MAGIC)) return undefined;
  const parts: BlobRef[] = [];
  const count = bytes.readUInt32LE(MAGIC.length);
  let at = HEADER_BYTES;
  while (parts.length < count) {
    const idLength = bytes[at] ?? 0;
    if (at + ENTRY_BYTES + idLength > bytes.length) return undefined;
    const numbersAt = at + 1 + idLength;
    const hashAt = numbersAt + 16;
    parts.push({
      blobId: bytes.toString('latin1', at + 1, numbersAt),
      startByte: Number(bytes.readBigUInt64LE(numbersAt)),
      sizeBytes: Number(bytes.readBigUInt64LE(numbersAt + 8)),
      treeHash: bytes.toString('hex', hashAt, hashAt + TREE_HASH_BYTES),
    });
    at = hashAt + TREE_HASH_BYTES;
  }
  return at === bytes.length ? parts : undefined;
}

/** Tells one list of parts from another. */
export const assemblyDigest = (assembly: Uint8Array): string => hash('sha256', assembly, 'hex');
