import { crc32 } from 'node:zlib';
import type { BlobAbout } from '../model/blob-about.ts';
import { limits } from '../model/limits.ts';
import { parseAbout } from './about-format.ts';
import { BlobDamagedError, FRAME_BYTES } from './blob-store.ts';
import { formatSlots, type KeySlots, parseSlots, SLOT_BYTES, SLOTS } from './key-slots.ts';

/**
 * The file of a large blob, format 2: its frames from offset 0, then, from the next multiple of 4 KiB on, the tail.
 *
 *   checks    of each frame: CRC-32 (4 bytes, little-endian), or, of a sealed blob, the tag of AES-256-GCM (16 bytes)
 *   leaves    SHA-256 of each frame's plain bytes, 32 bytes each
 *   about     what the blob is, as JSON
 *   keys      of a sealed blob only: from the next multiple of 4 KiB on, two slots of 4 KiB (key-slots.ts)
 *   footer    128 bytes, the last ones of the file
 *
 * The footer: magic "MORAINE\x02" (8), blob id (16), data size (8), frames (4), length of about (4), where the tail begins
 * (8), where the keys begin or zero (8), flags (4; 1 = sealed), zeros (4), SHA-256 of all plain bytes (32), CRC-32 of
 * everything between the data and this field but the keys (4), zeros (28). A file that differs from what its footer says
 * in any byte or in its length is damaged. The format is described for operators in docs/storage-format.md.
 */
export const FOOTER_BYTES = 128;
export const CRC_BYTES = 4;
export const TAG_BYTES = 16;
export const LEAF_BYTES = 32;

const BLOCK_BYTES = 4096;
const MAGIC = Buffer.from('MORAINE\x02', 'latin1');
const ID_AT = 8;
const SIZE_AT = 24;
const FRAMES_AT = 32;
const ABOUT_BYTES_AT = 36;
const TAIL_AT_AT = 40;
const KEYS_AT_AT = 48;
const FLAGS_AT = 56;
const LINEAR_AT = 64;
const CHECKSUM_AT = 96;
const SEALED = 1;

/** Where the parts of a file are, in bytes from its start. */
export interface FileLayout {
  frames: number;
  /** The length of the check of one frame. */
  checkBytes: number;
  tailAt: number;
  leavesAt: number;
  aboutAt: number;
  /** Where about ends, and zeros or the footer begin. */
  aboutEnd: number;
  /** Undefined of a blob that is not sealed. */
  keysAt: number | undefined;
  footerAt: number;
  fileBytes: number;
}

/** What decides where the parts are. */
export interface FileShape {
  sizeBytes: number;
  aboutBytes: number;
  isSealed: boolean;
}

/** What follows the data, as it is written. */
export interface TailParts {
  blobId: string;
  sizeBytes: number;
  checks: Buffer;
  leaves: Buffer;
  /** As `formatAbout` makes it. */
  about: Buffer;
  /** 32 bytes. */
  linearHash: Buffer;
  /** Null of a blob that is not sealed. */
  wrappedKey: Buffer | null;
}

/** What a file says of its data. */
export interface FileTail {
  sizeBytes: number;
  frames: number;
  checks: Buffer;
  checkBytes: number;
  leaves: Buffer;
  /** Null of files in format 1, like the next. */
  about: BlobAbout | null;
  /** Hexadecimal. */
  linearHash: string | null;
  /** Null of a blob that is not sealed. */
  keys: (KeySlots & { keysAt: number }) | null;
}

export function layoutOf({ sizeBytes, aboutBytes, isSealed }: FileShape): FileLayout {
  const frames = Math.ceil(sizeBytes / FRAME_BYTES);
  const checkBytes = isSealed ? TAG_BYTES : CRC_BYTES;
  const tailAt = alignedAt(sizeBytes);
  const leavesAt = tailAt + frames * checkBytes;
  const aboutAt = leavesAt + frames * LEAF_BYTES;
  const aboutEnd = aboutAt + aboutBytes;
  const keysAt = isSealed ? alignedAt(aboutEnd) : undefined;
  const footerAt = keysAt === undefined ? aboutEnd : keysAt + SLOTS * SLOT_BYTES;
  return {
    frames,
    checkBytes,
    tailAt,
    leavesAt,
    aboutAt,
    aboutEnd,
    keysAt,
    footerAt,
    fileBytes: footerAt + FOOTER_BYTES,
  };
}

/** Everything after the data, zeros before the tail included: it belongs at offset `sizeBytes`. */
export function formatTail(parts: TailParts): Buffer {
  const { blobId, sizeBytes, checks, leaves, about, wrappedKey } = parts;
  const isSealed = wrappedKey !== null;
  const layout = layoutOf({ sizeBytes, aboutBytes: about.length, isSealed });
  if (leaves.length !== layout.frames * LEAF_BYTES || checks.length !== layout.frames * layout.checkBytes) {
    throw new Error(`${leaves.length} bytes of leaves and ${checks.length} of checks for ${layout.frames} frames`);
  }
  const tail = Buffer.alloc(layout.fileBytes - sizeBytes);
  checks.copy(tail, layout.tailAt - sizeBytes);
  leaves.copy(tail, layout.leavesAt - sizeBytes);
  about.copy(tail, layout.aboutAt - sizeBytes);
  if (wrappedKey !== null && layout.keysAt !== undefined) {
    const keys = [{ place: 0, sequence: 1, wrapped: wrappedKey }];
    formatSlots(blobId, { keys }).copy(tail, layout.keysAt - sizeBytes);
  }
  const footer = tail.subarray(-FOOTER_BYTES);
  MAGIC.copy(footer);
  footer.write(blobId, ID_AT, 'hex');
  footer.writeBigUInt64LE(BigInt(sizeBytes), SIZE_AT);
  footer.writeUInt32LE(layout.frames, FRAMES_AT);
  footer.writeUInt32LE(about.length, ABOUT_BYTES_AT);
  footer.writeBigUInt64LE(BigInt(layout.tailAt), TAIL_AT_AT);
  footer.writeBigUInt64LE(BigInt(layout.keysAt ?? 0), KEYS_AT_AT);
  footer.writeUInt32LE(isSealed ? SEALED : 0, FLAGS_AT);
  parts.linearHash.copy(footer, LINEAR_AT, 0, LEAF_BYTES);
  footer.writeUInt32LE(checksumOf(tail, { sizeBytes, layout }), CHECKSUM_AT);
  return tail;
}

/** Whether this looks like the footer of this format. */
export function isFooter(footer: Buffer): boolean {
  return footer.length === FOOTER_BYTES && footer.subarray(0, ID_AT).equals(MAGIC);
}

/**
 * Reads a footer, so that it is known where the tail begins; whether any of it is true says only `parseTail`. Throws
 * BlobDamagedError when it is not this blob's or does not fit the length of the file, so that nobody allocates by it.
 */
export function parseFooter(footer: Buffer, { blobId, fileBytes }: { blobId: string; fileBytes: number }): FileShape {
  const ownId = footer.toString('hex', ID_AT, SIZE_AT);
  if (ownId !== blobId) throw new BlobDamagedError(blobId, `it holds the bytes of ${ownId}`);
  const flags = footer.readUInt32LE(FLAGS_AT);
  const aboutBytes = footer.readUInt32LE(ABOUT_BYTES_AT);
  const shape = { sizeBytes: Number(footer.readBigUInt64LE(SIZE_AT)), aboutBytes, isSealed: flags === SEALED };
  const layout = layoutOf(shape);
  const fits =
    layout.fileBytes === fileBytes &&
    aboutBytes <= limits.blobAboutBytesMax &&
    (flags === 0 || flags === SEALED) &&
    footer.readUInt32LE(FRAMES_AT) === layout.frames &&
    footer.readBigUInt64LE(TAIL_AT_AT) === BigInt(layout.tailAt) &&
    footer.readBigUInt64LE(KEYS_AT_AT) === BigInt(layout.keysAt ?? 0);
  if (!fits) throw new BlobDamagedError(blobId, `its file has ${fileBytes} bytes, which does not fit its footer`);
  return shape;
}

/** Reads everything after the data; throws BlobDamagedError when a byte of it was changed, the slots of keys excepted. */
export function parseTail(tail: Buffer, { blobId, shape }: { blobId: string; shape: FileShape }): FileTail {
  const { sizeBytes } = shape;
  const layout = layoutOf(shape);
  const footer = tail.subarray(-FOOTER_BYTES);
  const restOfFooter = footer.subarray(CHECKSUM_AT + CRC_BYTES);
  if (
    footer.readUInt32LE(CHECKSUM_AT) !== checksumOf(tail, { sizeBytes, layout }) ||
    restOfFooter.some((byte) => byte)
  ) {
    throw new BlobDamagedError(blobId, 'its table of checksums was changed');
  }
  const part = (start: number, end: number): Buffer => tail.subarray(start - sizeBytes, end - sizeBytes);
  const about = parseAbout(part(layout.aboutAt, layout.aboutEnd));
  if (about === undefined) throw new BlobDamagedError(blobId, 'what it says of itself cannot be read');
  const { keysAt } = layout;
  return {
    sizeBytes,
    frames: layout.frames,
    checks: part(layout.tailAt, layout.leavesAt),
    checkBytes: layout.checkBytes,
    leaves: part(layout.leavesAt, layout.aboutAt),
    about,
    linearHash: footer.toString('hex', LINEAR_AT, CHECKSUM_AT),
    keys: keysAt === undefined ? null : { keysAt, ...parseSlots(blobId, part(keysAt, layout.footerAt)) },
  };
}

/** Of everything between the data and its own place in the footer, without the keys, which change and have their own. */
function checksumOf(tail: Buffer, { sizeBytes, layout }: { sizeBytes: number; layout: FileLayout }): number {
  const untilKeys = crc32(tail.subarray(0, (layout.keysAt ?? layout.footerAt) - sizeBytes));
  const footerAt = layout.footerAt - sizeBytes;
  return crc32(tail.subarray(footerAt, footerAt + CHECKSUM_AT), untilKeys);
}

function alignedAt(position: number): number {
  return Math.ceil(position / BLOCK_BYTES) * BLOCK_BYTES;
}
