import { crc32 } from 'node:zlib';
import { WRAPPED_KEY_BYTES } from './master-keys.ts';

/**
 * Where the file of a sealed blob keeps its key, wrapped by a master key. There are two slots, each a block of its own, so
 * that another master key can wrap the key without a moment in which it stands nowhere: the new wrapping goes into the
 * slot that is not in use and is made durable before the old one is wiped. The checksum of the file's tail leaves them
 * out; each answers for itself. An unused slot is all zeros.
 *
 *   0   "MORAKEY\x01"
 *   8   blob id (16)
 *   24  sequence (4): the higher of two is the newer
 *   28  the wrapped key (68)
 *   96  CRC-32 of everything before (4)
 *   100 zeros to the end of the block
 */
export const SLOT_BYTES = 4096;
export const SLOTS = 2;

const MAGIC = Buffer.from('MORAKEY\x01', 'latin1');
const ID_AT = 8;
const SEQUENCE_AT = 24;
const WRAPPED_AT = 28;
const CHECKSUM_AT = WRAPPED_AT + WRAPPED_KEY_BYTES;
const END = CHECKSUM_AT + 4;
const EMPTY = Buffer.alloc(SLOT_BYTES);

/** A wrapped key and where it stands. */
export interface KeySlot {
  /** 0 or 1. */
  place: number;
  sequence: number;
  wrapped: Buffer;
}

/** The slots as they were read, the newest first. */
export interface KeySlots {
  keys: KeySlot[];
  /** The places of slots that are neither empty nor whole. */
  broken: number[];
}

/** A slot in use. */
export function formatSlot(blobId: string, { sequence, wrapped }: { sequence: number; wrapped: Buffer }): Buffer {
  const slot = Buffer.alloc(SLOT_BYTES);
  MAGIC.copy(slot);
  slot.write(blobId, ID_AT, 'hex');
  slot.writeUInt32LE(sequence, SEQUENCE_AT);
  wrapped.copy(slot, WRAPPED_AT, 0, WRAPPED_KEY_BYTES);
  slot.writeUInt32LE(crc32(slot.subarray(0, CHECKSUM_AT)), CHECKSUM_AT);
  return slot;
}

/** A slot that is not in use. */
export function emptySlot(): Buffer {
  return Buffer.alloc(SLOT_BYTES);
}

/** Both slots, end to end; those that are not in use, or were broken, are empty. */
export function formatSlots(blobId: string, { keys }: Pick<KeySlots, 'keys'>): Buffer {
  const slots = Buffer.alloc(SLOTS * SLOT_BYTES);
  for (const { place, ...key } of keys) formatSlot(blobId, key).copy(slots, place * SLOT_BYTES);
  return slots;
}

/** Reads both slots, which lie end to end. */
export function parseSlots(blobId: string, blocks: Buffer): KeySlots {
  const slots: KeySlots = { keys: [], broken: [] };
  for (let place = 0; place < SLOTS; place += 1) {
    const block = blocks.subarray(place * SLOT_BYTES, (place + 1) * SLOT_BYTES);
    if (block.equals(EMPTY)) continue;
    const key = parseSlot(blobId, block);
    if (key === undefined) slots.broken.push(place);
    else slots.keys.push({ place, ...key });
  }
  slots.keys.sort((a, b) => b.sequence - a.sequence);
  return slots;
}

function parseSlot(blobId: string, block: Buffer): Omit<KeySlot, 'place'> | undefined {
  const isOurs = block.subarray(0, ID_AT).equals(MAGIC) && block.toString('hex', ID_AT, SEQUENCE_AT) === blobId;
  const isWhole = isOurs && crc32(block.subarray(0, CHECKSUM_AT)) === block.readUInt32LE(CHECKSUM_AT);
  if (!isWhole || !block.subarray(END).equals(EMPTY.subarray(END))) return undefined;
  return {
    sequence: block.readUInt32LE(SEQUENCE_AT),
    wrapped: Buffer.from(block.subarray(WRAPPED_AT, CHECKSUM_AT)),
  };
}
