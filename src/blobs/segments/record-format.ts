import { crc32 } from 'node:zlib';
import type { BlobAbout } from '../../model/blob-about.ts';
import { limits } from '../../model/limits.ts';
import { formatAbout, parseAbout } from '../about-format.ts';
import { WRAPPED_KEY_BYTES } from '../master-keys.ts';
import { drawRandom, formatSegmentBlobId, RANDOM_BYTES } from './segment-blob-id.ts';

/**
 * A record of a segment: a head of 184 bytes, what the blob says of itself (JSON), the bytes as they are stored, and zeros
 * up to a multiple of 8. All numbers are little-endian; docs/storage-format.md has the table.
 *
 * The head repeats the number of its segment, the offset that is in the blob's id, and the nonce of its segment. So records
 * are found again behind damaged ones, swapped files are told, and bytes of an archive that look like a record are not taken for
 * one: whoever sends archives does not know the nonce.
 */
export const RECORD_HEAD_BYTES = 184;
export const RECORD_ALIGNMENT = 8;
export const LEAF_BYTES = 32;
export const TAG_BYTES = 16;
export const NONCE_BYTES = 8;
export const RECORD_MAGIC = Buffer.from('MORAREC\x01', 'latin1');
const AT = {
  ...{ recordBytes: 8, aboutBytes: 12, dataBytes: 16, flags: 20, segment: 24, offset: 28, random: 32, nonce: 40 },
  ...{ writtenAt: 48, dataCheck: 56, reserved: 60, leaf: 64, wrappedKey: 96, tag: 164, headCheck: 180 },
} as const;
const FLAG_SEALED = 1;

/** What a record is made of before it has its place. */
export interface UnplacedRecord {
  /** Head and about; the head is completed by `placeRecord`. */
  head: Buffer;
  /** As it is stored. */
  stored: Buffer;
  /** Of the whole record, a multiple of 8. */
  recordBytes: number;
}

/** What the head of a record says. The buffers are views of what was read. */
export interface RecordHead {
  blobId: string;
  segment: number;
  offset: number;
  nonce: Buffer;
  recordBytes: number;
  /** Of head and about: where the stored bytes begin. */
  headBytes: number;
  storedBytes: number;
  writtenAtMs: number;
  storedCheck: number;
  leaf: Buffer;
  /** Null when the bytes are not encrypted. */
  seal: { wrappedKey: Buffer; tag: Buffer } | null;
}

/** How long a record is. */
export function recordBytesOf({ headBytes, storedBytes }: { headBytes: number; storedBytes: number }): number {
  return Math.ceil((headBytes + storedBytes) / RECORD_ALIGNMENT) * RECORD_ALIGNMENT;
}

interface Content {
  stored: Buffer;
  /** SHA-256 of the bytes as they came. */
  leaf: Buffer;
  about: BlobAbout;
  seal: { wrappedKey: Buffer; tag: Buffer } | null;
  writtenAtMs: number;
}

/** A record that only needs a place. Throws RangeError when about or the bytes are too long. */
export function makeRecord({ stored, leaf, about, seal, writtenAtMs }: Content): UnplacedRecord {
  const json = formatAbout(about);
  if (leaf.length !== LEAF_BYTES) throw new RangeError(`a leaf has ${LEAF_BYTES} bytes`);
  const headBytes = RECORD_HEAD_BYTES + json.length;
  const recordBytes = recordBytesOf({ headBytes, storedBytes: stored.length });
  const head = Buffer.alloc(headBytes);
  RECORD_MAGIC.copy(head);
  head.writeUInt32LE(recordBytes, AT.recordBytes);
  head.writeUInt32LE(json.length, AT.aboutBytes);
  head.writeUInt32LE(stored.length, AT.dataBytes);
  head.writeUInt32LE(seal === null ? 0 : FLAG_SEALED, AT.flags);
  drawRandom(recordBytes).copy(head, AT.random);
  head.writeBigUInt64LE(BigInt(writtenAtMs), AT.writtenAt);
  head.writeUInt32LE(crc32(stored), AT.dataCheck);
  leaf.copy(head, AT.leaf);
  seal?.wrappedKey.copy(head, AT.wrappedKey);
  seal?.tag.copy(head, AT.tag);
  json.copy(head, RECORD_HEAD_BYTES);
  return { head, stored, recordBytes };
}

/** Gives a record its place; returns the blob's id. */
export function placeRecord(
  { head }: UnplacedRecord,
  { segment, offset, nonce }: { segment: number; offset: number; nonce: Buffer },
): string {
  head.writeUInt32LE(segment, AT.segment);
  head.writeUInt32LE(offset, AT.offset);
  nonce.copy(head, AT.nonce);
  head.writeUInt32LE(headCheck(head), AT.headCheck);
  return formatSegmentBlobId({ segment, offset, random: head.subarray(AT.random, AT.random + RANDOM_BYTES) });
}

/** The same head with the key wrapped anew. */
export function withWrappedKey(head: Buffer, wrappedKey: Buffer): Buffer {
  const changed = Buffer.from(head);
  wrappedKey.copy(changed, AT.wrappedKey);
  changed.writeUInt32LE(headCheck(changed), AT.headCheck);
  return changed;
}

/**
 * How many bytes `parseHead` needs, as the beginning of a record says; undefined when it does not begin like one. `bytes` has
 * RECORD_HEAD_BYTES or more.
 */
function headBytesOf(bytes: Buffer): number | undefined {
  if (bytes.length < RECORD_HEAD_BYTES || !bytes.subarray(0, RECORD_MAGIC.length).equals(RECORD_MAGIC))
    return undefined;
  const aboutBytes = bytes.readUInt32LE(AT.aboutBytes);
  return aboutBytes > limits.blobAboutBytesMax ? undefined : RECORD_HEAD_BYTES + aboutBytes;
}

/** Reads and checks the head at the beginning of `bytes`; undefined when it is none, or was changed. */
export function parseHead(bytes: Buffer): RecordHead | undefined {
  const headBytes = headBytesOf(bytes);
  if (headBytes === undefined || bytes.length < headBytes) return undefined;
  const head = bytes.subarray(0, headBytes);
  if (head.readUInt32LE(AT.headCheck) !== headCheck(head)) return undefined;
  const storedBytes = head.readUInt32LE(AT.dataBytes);
  const recordBytes = head.readUInt32LE(AT.recordBytes);
  const flags = head.readUInt32LE(AT.flags);
  if (recordBytes !== recordBytesOf({ headBytes, storedBytes }) || (flags & ~FLAG_SEALED) !== 0) return undefined;
  const [segment, offset] = [head.readUInt32LE(AT.segment), head.readUInt32LE(AT.offset)];
  return {
    blobId: formatSegmentBlobId({ segment, offset, random: head.subarray(AT.random, AT.random + RANDOM_BYTES) }),
    segment,
    offset,
    nonce: head.subarray(AT.nonce, AT.nonce + NONCE_BYTES),
    recordBytes,
    headBytes,
    storedBytes,
    writtenAtMs: Number(head.readBigUInt64LE(AT.writtenAt)),
    storedCheck: head.readUInt32LE(AT.dataCheck),
    leaf: head.subarray(AT.leaf, AT.leaf + LEAF_BYTES),
    seal: (flags & FLAG_SEALED) === 0 ? null : sealOf(head),
  };
}

const sealOf = (head: Buffer) => ({
  wrappedKey: head.subarray(AT.wrappedKey, AT.wrappedKey + WRAPPED_KEY_BYTES),
  tag: head.subarray(AT.tag, AT.tag + TAG_BYTES),
});

/** What the blob says of itself, of a record that begins with `bytes`; null when it is nothing that this version knows. */
export function aboutOf(bytes: Buffer, { headBytes }: RecordHead): BlobAbout | null {
  return parseAbout(bytes.subarray(RECORD_HEAD_BYTES, headBytes)) ?? null;
}

/** Of everything in the head but this checksum, and of about. */
function headCheck(head: Buffer): number {
  return crc32(head.subarray(RECORD_HEAD_BYTES), crc32(head.subarray(0, AT.headCheck)));
}
