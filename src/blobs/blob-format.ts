import { crc32 } from 'node:zlib';
import { BlobDamagedError, FRAME_BYTES } from './blob-store.ts';

/**
 * The file of a blob: its bytes from offset 0, then a table of checksums, then a footer of fixed size.
 *
 *   data      the bytes as they came
 *   checks    CRC-32 of each frame, 4 bytes each, little-endian
 *   leaves    SHA-256 of each frame, 32 bytes each
 *   footer    64 bytes: magic "MORAINE\x01", blob id (16), data size (8), frame count (4), CRC-32 of checks, leaves and
 *             the footer before this field (4), zeros (24)
 *
 * CRC-32 is checked on every read because it costs half of SHA-256; the leaves serve tree hashes and later scrubs. The blob
 * id in the footer tells swapped files. The format is described for operators in docs/storage-format.md.
 */
export const FOOTER_BYTES = 64;
const CHECK_BYTES = 4;
const LEAF_BYTES = 32;
const MAGIC = Buffer.from('MORAINE\x01', 'latin1');
const ID_AT = 8;
const SIZE_AT = 24;
const FRAMES_AT = 32;
const CHECKSUM_AT = 36;
const ZEROS = Buffer.alloc(24);

/** What the footer says of the parts before it. */
export interface Footer {
  sizeBytes: number;
  frames: number;
  /** The length of checks and leaves. */
  tablesBytes: number;
}

/** Checksums as they are collected while a blob is written. */
export class CheckTable {
  #checks = Buffer.alloc(CHECK_BYTES);
  #frames = 0;

  /** Adds the checksum of the next frame. */
  add(frame: Buffer): void {
    if ((this.#frames + 1) * CHECK_BYTES > this.#checks.length) {
      this.#checks = Buffer.concat([this.#checks, Buffer.alloc(this.#checks.length)]);
    }
    this.#checks.writeUInt32LE(crc32(frame), this.#frames * CHECK_BYTES);
    this.#frames += 1;
  }

  /** Checks, leaves and footer: everything that follows the data. */
  close({ blobId, sizeBytes, leaves }: { blobId: string; sizeBytes: number; leaves: Buffer }): Buffer {
    if (leaves.length !== this.#frames * LEAF_BYTES) {
      throw new Error(`${leaves.length / LEAF_BYTES} leaves were given for ${this.#frames} frames`);
    }
    const footer = Buffer.alloc(FOOTER_BYTES);
    MAGIC.copy(footer);
    footer.write(blobId, ID_AT, 'hex');
    footer.writeBigUInt64LE(BigInt(sizeBytes), SIZE_AT);
    footer.writeUInt32LE(this.#frames, FRAMES_AT);
    const tail = Buffer.concat([this.#checks.subarray(0, this.#frames * CHECK_BYTES), leaves, footer]);
    tail.writeUInt32LE(tailChecksum(tail), tail.length - FOOTER_BYTES + CHECKSUM_AT);
    return tail;
  }
}

/** Reads a footer; throws BlobDamagedError when it is not this blob's or does not fit the length of the file. */
export function parseFooter(footer: Buffer, { blobId, fileBytes }: { blobId: string; fileBytes: number }): Footer {
  const framed = footer.subarray(0, ID_AT).equals(MAGIC) && footer.subarray(-ZEROS.length).equals(ZEROS);
  if (footer.length !== FOOTER_BYTES || !framed) {
    throw new BlobDamagedError(blobId, 'its footer is not one');
  }
  const ownId = footer.toString('hex', ID_AT, SIZE_AT);
  if (ownId !== blobId) throw new BlobDamagedError(blobId, `it holds the bytes of ${ownId}`);
  const sizeBytes = Number(footer.readBigUInt64LE(SIZE_AT));
  const frames = footer.readUInt32LE(FRAMES_AT);
  const tablesBytes = frames * (CHECK_BYTES + LEAF_BYTES);
  if (sizeBytes + tablesBytes + FOOTER_BYTES !== fileBytes || frames !== Math.ceil(sizeBytes / FRAME_BYTES)) {
    throw new BlobDamagedError(blobId, `its file has ${fileBytes} bytes, which does not fit its footer`);
  }
  return { sizeBytes, frames, tablesBytes };
}

/** Splits the bytes after the data into checks and leaves; throws BlobDamagedError when they were changed. */
export function parseTables(tail: Buffer, { blobId, frames }: { blobId: string; frames: number }) {
  if (tail.readUInt32LE(tail.length - FOOTER_BYTES + CHECKSUM_AT) !== tailChecksum(tail)) {
    throw new BlobDamagedError(blobId, 'its table of checksums was changed');
  }
  const checksBytes = frames * CHECK_BYTES;
  return {
    checks: tail.subarray(0, checksBytes),
    leaves: tail.subarray(checksBytes, checksBytes + frames * LEAF_BYTES),
  };
}

/** Throws BlobDamagedError unless the frame is the one that was stored. */
export function verifyFrame(
  frame: Buffer,
  { blobId, checks, index }: { blobId: string; checks: Buffer; index: number },
) {
  if (crc32(frame) !== checks.readUInt32LE(index * CHECK_BYTES)) {
    throw new BlobDamagedError(blobId, `frame ${index} does not match its checksum`);
  }
}

/** The checksum covers the tables and the footer up to its own field. */
function tailChecksum(tail: Buffer): number {
  return crc32(tail.subarray(0, tail.length - FOOTER_BYTES + CHECKSUM_AT));
}
