import { hash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { isErrno } from '../../files/durable.ts';
import { KeyDamagedError, type MasterKeys } from '../master-keys.ts';
import { parseHead, type RecordHead } from './record-format.ts';
import { openRecord } from './record-seal.ts';
import { readBytesOf, type SegmentPlace } from './segment-blob-id.ts';
import type { OpenSegment, SegmentCopy } from './segment-copy.ts';
import { placeIn } from './segment-format.ts';

/** A record as one copy has it; its head is whole, and is that of the blob. */
export interface RecordBytes {
  state: 'read';
  head: RecordHead;
  /** From its head on. */
  bytes: Buffer;
}

/**
 * Why a copy does not have it. `gone`: the segment is whole where it tells what it has, and the record is not there any more;
 * then no other copy's damage means anything. `missing`: the copy has no such segment.
 */
export type NotRead =
  | { state: 'gone' | 'missing'; what: string; cause?: undefined }
  | { state: 'damaged'; what: string; cause?: unknown };

type Wanted = SegmentPlace & { random: Buffer };

/** Reads a record from one copy, in one call where the segment is open already. */
export async function readRecord(copy: SegmentCopy, wanted: Wanted): Promise<RecordBytes | NotRead> {
  try {
    await using borrowed = await copy.borrow(wanted.segment);
    if (borrowed.segment === undefined) return { state: 'missing', what: 'its segment is missing' };
    return await readFrom(borrowed.segment, wanted);
  } catch (error) {
    if (isErrno(error, 'EIO')) return { state: 'damaged', what: 'the disk cannot read it', cause: error };
    throw error;
  }
}

async function readFrom(segment: OpenSegment, wanted: Wanted): Promise<RecordBytes | NotRead> {
  const { map, isMapWhole } = segment;
  const place = map === undefined ? wanted.offset : placeIn(map, wanted.offset);
  if (place === undefined) {
    if (isMapWhole) return { state: 'gone', what: 'its segment does not have it any more' };
    return { state: 'damaged', what: 'the map of its segment was changed, and it is not found' };
  }
  const bytes = await segment.file.read(Buffer.allocUnsafe(readBytesOf(wanted.random)), place);
  if (bytes.length === 0) return { state: 'damaged', what: 'its segment ends before it' };
  const head = parseHead(bytes);
  if (head === undefined) return { state: 'damaged', what: 'the head of its record was changed' };
  if (head.segment !== wanted.segment || head.offset !== wanted.offset) {
    return { state: 'damaged', what: `in its place is ${head.blobId}` };
  }
  if (!head.blobId.endsWith(wanted.random.toString('hex'))) {
    return { state: 'gone', what: `in its place is ${head.blobId}` };
  }
  if (bytes.length < head.headBytes + head.storedBytes) {
    return { state: 'damaged', what: 'its segment ends within it' };
  }
  return { state: 'read', head, bytes: bytes.subarray(0, head.recordBytes) };
}

export const storedOf = (bytes: Buffer, { headBytes, storedBytes }: RecordHead): Buffer =>
  bytes.subarray(headBytes, headBytes + storedBytes);

/** Whether the stored bytes are those that were written; needs no key. */
export const isStoredWhole = (bytes: Buffer, head: RecordHead): boolean =>
  crc32(storedOf(bytes, head)) === head.storedCheck;

/**
 * The bytes as they came; undefined when they were changed: the tag tells that of what is encrypted, the checksum of the rest.
 * Throws KeyMissingError.
 */
export function openBytes(bytes: Buffer, head: RecordHead, masterKeys: MasterKeys | null): Buffer | undefined {
  const stored = storedOf(bytes, head);
  if (head.seal === null) return isStoredWhole(bytes, head) ? stored : undefined;
  if (masterKeys === null) throw new Error(`the blob ${head.blobId} is encrypted, and there is no master key`);
  try {
    return openRecord(stored, head.seal, masterKeys);
  } catch (error) {
    if (error instanceof KeyDamagedError) return undefined;
    throw error;
  }
}

/** Whether everything of the record is as it was written: checksum, tag, and the hash of the bytes as they came. */
export function isRecordWhole(bytes: Buffer, head: RecordHead, masterKeys: MasterKeys | null): boolean {
  if (!isStoredWhole(bytes, head)) return false;
  if (head.seal !== null && masterKeys === null) return true;
  const opened = openBytes(bytes, head, masterKeys);
  return opened !== undefined && hash('sha256', opened, 'buffer').equals(head.leaf);
}
