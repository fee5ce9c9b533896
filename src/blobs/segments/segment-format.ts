import { crc32 } from 'node:zlib';
import { hexOf } from './segment-blob-id.ts';

/**
 * A segment begins with a block of 4 KiB that holds its head twice, 2 KiB apart: magic (8), form (4), number (4), nonce (8) and
 * CRC-32 of these (4). Two forms:
 *
 *   appended   records as they came; each lies at the offset that its id names. What was written at once begins on 4 KiB,
 *              so that bytes that were acknowledged are in no block that is ever written again.
 *   packed     rewritten: records back to back, then a map from the offsets of ids to places, then a footer of 32 bytes at the
 *              end of the file: magic (8), number (4), entries (4), place of the map (4), CRC-32 of the map and the
 *              footer before this field (4), zeros (8). An entry is the offset (4) and the place (4), by offset.
 */
export const SEGMENT_HEAD_BYTES = 4096;
export const BATCH_ALIGNMENT = 4096;
const HEAD_COPIES = [0, 2048] as const;
const HEAD_BYTES = 28;
const HEAD_CHECK_AT = 24;
const MAGIC = Buffer.from('MORASEG\x01', 'latin1');
export const MAP_FOOTER_BYTES = 32;
const MAP_ENTRY_BYTES = 8;
const MAP_CHECK_AT = 20;
const MAP_MAGIC = Buffer.from('MORAMAP\x01', 'latin1');

/** Where files of segments are written that take the place of others; emptied at every start. */
export const INCOMING = 'incoming';

export type SegmentForm = 'appended' | 'packed';
const FORMS: readonly SegmentForm[] = ['appended', 'packed'];

export interface SegmentHead {
  form: SegmentForm;
  number: number;
  /** 8 random bytes. */
  nonce: Buffer;
}

export const segmentName = (number: number): string => `${hexOf(number)}.seg`;
export const holesName = (number: number): string => `${hexOf(number)}.holes`;
const FILE_NAME = /^([0-9a-f]{8})\.(seg|holes)$/;

/** What a file in the directory of segments is; undefined when it is none of ours. */
export function parseFileName(name: string): { number: number; kind: 'seg' | 'holes' } | undefined {
  const [, digits, kind] = FILE_NAME.exec(name) ?? [];
  if (digits === undefined || (kind !== 'seg' && kind !== 'holes')) return undefined;
  return { number: Number.parseInt(digits, 16), kind };
}

export function formatSegmentHead({ form, number, nonce }: SegmentHead): Buffer {
  const block = Buffer.alloc(SEGMENT_HEAD_BYTES);
  for (const at of HEAD_COPIES) {
    const head = block.subarray(at, at + HEAD_BYTES);
    MAGIC.copy(head);
    head.writeUInt32LE(FORMS.indexOf(form), 8);
    head.writeUInt32LE(number, 12);
    nonce.copy(head, 16);
    head.writeUInt32LE(crc32(head.subarray(0, HEAD_CHECK_AT)), HEAD_CHECK_AT);
  }
  return block;
}

/** Undefined when neither copy of the head in the first block is whole. */
export function parseSegmentHead(block: Buffer): SegmentHead | undefined {
  for (const at of HEAD_COPIES) {
    const head = block.subarray(at, at + HEAD_BYTES);
    if (head.length < HEAD_BYTES || !head.subarray(0, MAGIC.length).equals(MAGIC)) continue;
    const form = FORMS[head.readUInt32LE(8)];
    if (form === undefined || head.readUInt32LE(HEAD_CHECK_AT) !== crc32(head.subarray(0, HEAD_CHECK_AT))) continue;
    return { form, number: head.readUInt32LE(12), nonce: Buffer.from(head.subarray(16, 24)) };
  }
  return undefined;
}

/** Where the records of a packed segment are: offsets and places in turn, by offset. */
export type PackedMap = Uint32Array;

/** The map of these offsets and places. */
export function mapOf(entries: [offset: number, place: number][]): PackedMap {
  return Uint32Array.from(entries.sort(([a], [b]) => a - b).flat());
}

/** Map and footer, to be written at `mapAt`. */
export function formatMap({ number, map, mapAt }: { number: number; map: PackedMap; mapAt: number }): Buffer {
  const bytes = Buffer.alloc(map.length * 4 + MAP_FOOTER_BYTES);
  for (let index = 0; index < map.length; index += 1) bytes.writeUInt32LE(map[index] ?? 0, index * 4);
  const footerAt = map.length * 4;
  MAP_MAGIC.copy(bytes, footerAt);
  bytes.writeUInt32LE(number, footerAt + 8);
  bytes.writeUInt32LE(map.length / 2, footerAt + 12);
  bytes.writeUInt32LE(mapAt, footerAt + 16);
  bytes.writeUInt32LE(crc32(bytes.subarray(0, footerAt + MAP_CHECK_AT)), footerAt + MAP_CHECK_AT);
  return bytes;
}

/** Where the map is, as the footer at the end of a file of `fileBytes` says; undefined when there is no such footer. */
export function parseMapFooter(footer: Buffer, fileBytes: number): { mapAt: number; mapBytes: number } | undefined {
  if (footer.length !== MAP_FOOTER_BYTES || !footer.subarray(0, MAP_MAGIC.length).equals(MAP_MAGIC)) return undefined;
  const mapBytes = footer.readUInt32LE(12) * MAP_ENTRY_BYTES;
  const mapAt = footer.readUInt32LE(16);
  return mapAt + mapBytes + MAP_FOOTER_BYTES === fileBytes ? { mapAt, mapBytes } : undefined;
}

/** Reads map and footer; undefined when they are not those of this segment, or were changed. */
export function parseMap(bytes: Buffer, number: number): PackedMap | undefined {
  const footerAt = bytes.length - MAP_FOOTER_BYTES;
  if (bytes.readUInt32LE(footerAt + MAP_CHECK_AT) !== crc32(bytes.subarray(0, footerAt + MAP_CHECK_AT)))
    return undefined;
  if (bytes.readUInt32LE(footerAt + 8) !== number) return undefined;
  const map = new Uint32Array(footerAt / 4);
  for (let index = 0; index < map.length; index += 1) map[index] = bytes.readUInt32LE(index * 4);
  return map;
}

/** The place of the record with this offset in its id, by halving; undefined when the map does not have it. */
export function placeIn(map: PackedMap, offset: number): number | undefined {
  let [low, high] = [0, map.length / 2];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((map[middle * 2] ?? 0) < offset) low = middle + 1;
    else high = middle;
  }
  return map[low * 2] === offset ? map[low * 2 + 1] : undefined;
}
