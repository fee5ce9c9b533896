import { crc32 } from 'node:zlib';
import { RANDOM_BYTES } from './segment-blob-id.ts';

/**
 * The holes of a segment: an entry of 16 bytes for each record that was deleted: the offset in its id (4), the random part of
 * its id (8), CRC-32 of the segment's number and these (4). Entries that do not match their checksum say nothing: the end
 * of the file may have been written in part.
 */
export const HOLE_BYTES = 16;
const CHECK_AT = 12;

export interface Hole {
  offset: number;
  random: Buffer;
}

export function formatHoles(segment: number, holes: readonly Hole[]): Buffer {
  const bytes = Buffer.alloc(holes.length * HOLE_BYTES);
  holes.forEach(({ offset, random }, index) => {
    const entry = bytes.subarray(index * HOLE_BYTES, (index + 1) * HOLE_BYTES);
    entry.writeUInt32LE(offset, 0);
    random.copy(entry, 4);
    entry.writeUInt32LE(checkOf(segment, entry), CHECK_AT);
  });
  return bytes;
}

/** The holes, by the offset in the ids. */
export type Holes = Map<number, string>;

/** Adds the entries of a file to `holes`. */
export function parseHoles(bytes: Buffer, segment: number, holes: Holes): void {
  for (let at = 0; at + HOLE_BYTES <= bytes.length; at += HOLE_BYTES) {
    const entry = bytes.subarray(at, at + HOLE_BYTES);
    if (entry.readUInt32LE(CHECK_AT) !== checkOf(segment, entry)) continue;
    holes.set(entry.readUInt32LE(0), entry.toString('hex', 4, 4 + RANDOM_BYTES));
  }
}

function checkOf(segment: number, entry: Buffer): number {
  const number = Buffer.allocUnsafe(4);
  number.writeUInt32LE(segment);
  return crc32(entry.subarray(0, CHECK_AT), crc32(number));
}
