import { KIB } from '../../model/limits.ts';
import { placeRecord, type UnplacedRecord } from './record-format.ts';
import { BATCH_ALIGNMENT } from './segment-format.ts';

/** Longer bytes are written from where they are; copying shorter ones costs less than one more buffer in a call. */
const COPIED_BYTES_MAX = 32 * KIB;
const ALIGNMENT_BYTES_MAX = 8;

/** The buffers of one write: small records copied behind one another, the bytes of larger ones as they are. */
export class Batch {
  readonly #room: Buffer;
  readonly #buffers: Buffer[] = [];
  /** What of the room is used, and where the run begins that is not among the buffers yet. */
  #used = 0;
  #runFrom = 0;
  #bytes = 0;

  /** `room` must take all heads and short bytes that are added. */
  constructor(room: Buffer) {
    this.#room = room;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Bytes that are no record. */
  addBytes(bytes: Buffer): void {
    this.#copy(bytes);
  }

  /** Returns the blob's id. */
  add(record: UnplacedRecord, place: { segment: number; offset: number; nonce: Buffer }): string {
    const blobId = placeRecord(record, place);
    const end = this.#bytes + record.recordBytes;
    this.#copy(record.head);
    if (record.stored.length <= COPIED_BYTES_MAX) this.#copy(record.stored);
    else this.#refer(record.stored);
    this.#zeros(end - this.#bytes);
    return blobId;
  }

  /** The buffers, with zeros up to where the next batch may begin. */
  close(): Buffer[] {
    this.#zeros(-this.#bytes & (BATCH_ALIGNMENT - 1));
    this.#endRun();
    return this.#buffers;
  }

  #copy(bytes: Buffer): void {
    bytes.copy(this.#room, this.#used);
    this.#used += bytes.length;
    this.#bytes += bytes.length;
  }

  #zeros(count: number): void {
    this.#room.fill(0, this.#used, this.#used + count);
    this.#used += count;
    this.#bytes += count;
  }

  #refer(bytes: Buffer): void {
    this.#endRun();
    this.#buffers.push(bytes);
    this.#bytes += bytes.length;
  }

  #endRun(): void {
    if (this.#used > this.#runFrom) this.#buffers.push(this.#room.subarray(this.#runFrom, this.#used));
    this.#runFrom = this.#used;
  }
}

/** How much room a record takes in the buffer of a batch, at most. */
export function roomFor({ head, stored }: UnplacedRecord): number {
  return head.length + (stored.length <= COPIED_BYTES_MAX ? stored.length : 0) + ALIGNMENT_BYTES_MAX;
}
