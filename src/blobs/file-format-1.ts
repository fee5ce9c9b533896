import { crc32 } from 'node:zlib';
import { BlobDamagedError, FRAME_BYTES } from './blob-store.ts';

/**
 * The file of a blob as earlier versions wrote it, format 1, which is still read: the data from offset 0, CRC-32 of each
 * frame (4 bytes, little-endian), SHA-256 of each frame (32), and a footer of 64 bytes: magic "MORAINE\x01" (8), blob id
 * (16), data size (8), frames (4), CRC-32 of everything after the data before this field (4), zeros (24).
 */
export const FOOTER_1_BYTES = 64;
const CHECK_BYTES = 4;
const LEAF_BYTES = 32;
const MAGIC = Buffer.from('MORAINE\x01', 'latin1');
const ID_AT = 8;
const SIZE_AT = 24;
const FRAMES_AT = 32;
const CHECKSUM_AT = 36;
const ZEROS = Buffer.alloc(24);

/** Whether this looks like a footer of this format. */
export function isFooter1(footer: Buffer): boolean {
  return footer.length === FOOTER_1_BYTES && footer.subarray(0, ID_AT).equals(MAGIC);
}

/** Returns the size of the data; throws BlobDamagedError when it is not this blob's or does not fit the file's length. */
export function parseFooter1(footer: Buffer, { blobId, fileBytes }: { blobId: string; fileBytes: number }): number {
  if (!footer.subarray(-ZEROS.length).equals(ZEROS)) throw new BlobDamagedError(blobId, 'its footer is not one');
  const ownId = footer.toString('hex', ID_AT, SIZE_AT);
  if (ownId !== blobId) throw new BlobDamagedError(blobId, `it holds the bytes of ${ownId}`);
  const sizeBytes = Number(footer.readBigUInt64LE(SIZE_AT));
  const frames = footer.readUInt32LE(FRAMES_AT);
  const tailBytes = frames * (CHECK_BYTES + LEAF_BYTES) + FOOTER_1_BYTES;
  if (sizeBytes + tailBytes !== fileBytes || frames !== Math.ceil(sizeBytes / FRAME_BYTES)) {
    throw new BlobDamagedError(blobId, `its file has ${fileBytes} bytes, which does not fit its footer`);
  }
  return sizeBytes;
}

/** Splits the bytes after the data into checks and leaves; throws BlobDamagedError when they were changed. */
export function parseTail1(tail: Buffer, { blobId, sizeBytes }: { blobId: string; sizeBytes: number }) {
  const covered = tail.subarray(0, tail.length - FOOTER_1_BYTES + CHECKSUM_AT);
  if (tail.readUInt32LE(covered.length) !== crc32(covered)) {
    throw new BlobDamagedError(blobId, 'its table of checksums was changed');
  }
  const frames = Math.ceil(sizeBytes / FRAME_BYTES);
  const leavesAt = frames * CHECK_BYTES;
  return {
    frames,
    checks: tail.subarray(0, leavesAt),
    leaves: tail.subarray(leavesAt, leavesAt + frames * LEAF_BYTES),
  };
}
