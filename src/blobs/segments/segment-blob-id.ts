import { randomFillSync } from 'node:crypto';

/**
 * The id of a blob in a segment says where it is, so that no index has to be kept: `<segment>.<offset>.<random>`, 8, 8 and 16
 * hexadecimal digits. The random part is also in the record; an id whose record has another one names something that is gone.
 * Its last digit is the length of the record, as the power of two times 512 bytes that it fits in, so that one read is enough.
 */
export interface SegmentPlace {
  segment: number;
  /** Where the record was first written, in bytes; when it moved, the map of its segment says where it is. */
  offset: number;
}

const BLOB_ID = /^([0-9a-f]{8})\.([0-9a-f]{8})\.([0-9a-f]{16})$/;
export const RANDOM_BYTES = 8;
const SMALLEST_CLASS_BYTES = 512;
const POOL_BYTES = 4096;

export const hexOf = (number: number): string => number.toString(16).padStart(8, '0');

export function formatSegmentBlobId({ segment, offset, random }: SegmentPlace & { random: Buffer }): string {
  return `${hexOf(segment)}.${hexOf(offset)}.${random.toString('hex')}`;
}

/** Undefined when the id is of another form. */
export function parseSegmentBlobId(blobId: string): (SegmentPlace & { random: Buffer }) | undefined {
  const [, segment, offset, random] = BLOB_ID.exec(blobId) ?? [];
  if (segment === undefined || offset === undefined || random === undefined) return undefined;
  return {
    segment: Number.parseInt(segment, 16),
    offset: Number.parseInt(offset, 16),
    random: Buffer.from(random, 'hex'),
  };
}

let pool = Buffer.alloc(0);

/** A new random part for a record of so many bytes. Drawn from a supply: each call for random bytes has its price. */
export function drawRandom(recordBytes: number): Buffer {
  if (pool.length < RANDOM_BYTES) pool = randomFillSync(Buffer.allocUnsafeSlow(POOL_BYTES));
  const random = pool.subarray(0, RANDOM_BYTES);
  pool = pool.subarray(RANDOM_BYTES);
  random[RANDOM_BYTES - 1] = ((random[RANDOM_BYTES - 1] ?? 0) & 0xf0) | classOf(recordBytes);
  return random;
}

/** How many bytes to read for a record with this random part. */
export function readBytesOf(random: Buffer): number {
  return SMALLEST_CLASS_BYTES << ((random[RANDOM_BYTES - 1] ?? 0) & 0x0f);
}

function classOf(recordBytes: number): number {
  return Math.max(0, 32 - Math.clz32(Math.ceil(recordBytes / SMALLEST_CLASS_BYTES) - 1));
}
