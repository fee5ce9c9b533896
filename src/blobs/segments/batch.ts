import { placeRecord, type UnplacedRecord } from './record-format.ts';
import { BATCH_ALIGNMENT } from './segment-format.ts';

/** The bytes of one write, put together in memory that is used again for the next. */
export class Batch {
  readonly #room: Buffer;
  #bytes = 0;

  /** `room` must take all that is added, and the zeros behind it. */
  constructor(room: Buffer) {
    this.#room = room;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Bytes that are no record. */
  addBytes(bytes: Buffer): void {
    this.#bytes += bytes.copy(this.#room, this.#bytes);
  }

  /** Returns the blob's id. */
  add(record: UnplacedRecord, place: { segment: number; offset: number; nonce: Buffer }): string {
    const blobId = placeRecord(record, place);
    const end = this.#bytes + record.recordBytes;
    this.addBytes(record.head);
    this.addBytes(record.stored);
    this.#zerosUpTo(end);
    return blobId;
  }

  /** All of it, with zeros up to where the next batch may begin. */
  close(): Buffer {
    this.#zerosUpTo(Math.ceil(this.#bytes / BATCH_ALIGNMENT) * BATCH_ALIGNMENT);
    return this.#room.subarray(0, this.#bytes);
  }

  #zerosUpTo(end: number): void {
    this.#room.fill(0, this.#bytes, end);
    this.#bytes = end;
  }
}
