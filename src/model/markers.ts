import { createHash } from 'node:crypto';

/**
 * Markers that are not ids: opaque base64url text of the lengths the real service uses. A marker holds the position of the
 * last row listed, so that paging goes on rightly whatever comes and goes between the calls; the rest of it is filled from
 * a hash, which also tells a marker from a text that never was one.
 */
const INVENTORY_MARKER = { tag: 'inventory', lengthBytes: 101 };
const PART_MARKER = { tag: 'part', lengthBytes: 37 };
const NUMBER_BYTES = 8;

/** The place of an archive in an inventory, which is ordered by creation. */
export interface InventoryPosition {
  createdAtMs: number;
  archiveKey: number;
}

/** 135 characters. */
export function formatInventoryMarker(position: InventoryPosition): string {
  return seal(INVENTORY_MARKER, [position.createdAtMs, position.archiveKey]);
}

/** The position behind an inventory marker, or undefined when the text is none. */
export function parseInventoryMarker(marker: string): InventoryPosition | undefined {
  const [createdAtMs, archiveKey] = unseal(INVENTORY_MARKER, marker, 2);
  return createdAtMs === undefined || archiveKey === undefined ? undefined : { createdAtMs, archiveKey };
}

/** 50 characters; stands for the part that starts at `startByte`. */
export function formatPartMarker(startByte: number): string {
  return seal(PART_MARKER, [startByte]);
}

/** The start of the part behind a ListParts marker, or undefined when the text is none. */
export function parsePartMarker(marker: string): number | undefined {
  return unseal(PART_MARKER, marker, 1)[0];
}

type Form = typeof INVENTORY_MARKER;

function seal(form: Form, numbers: readonly number[]): string {
  const plain = Buffer.alloc(numbers.length * NUMBER_BYTES);
  for (const [index, number] of numbers.entries()) plain.writeBigUInt64BE(BigInt(number), index * NUMBER_BYTES);
  return Buffer.concat([plain, fillOf(form, plain)]).toString('base64url');
}

function unseal(form: Form, marker: string, count: number): number[] {
  const bytes = Buffer.from(marker, 'base64url');
  const plain = bytes.subarray(0, count * NUMBER_BYTES);
  const genuine = bytes.length === form.lengthBytes && bytes.subarray(plain.length).equals(fillOf(form, plain));
  if (!genuine || bytes.toString('base64url') !== marker) return [];
  return Array.from({ length: count }, (_, index) => Number(plain.readBigUInt64BE(index * NUMBER_BYTES)));
}

function fillOf(form: Form, plain: Buffer): Buffer {
  const outputLength = form.lengthBytes - plain.length;
  return createHash('shake256', { outputLength }).update(form.tag).update(plain).digest();
}
