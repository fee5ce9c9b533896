import { limits } from '../../model/limits.ts';
import { SelectError } from '../select-error.ts';

const SPILL_BYTES_AT_FIRST = 4096;
/** Up to here, bytes are copied faster one by one than by a call. */
const SHORT_COPY_BYTES = 48;

/** In UTF-8, of one unit of a text. */
const UNIT_BYTES_MAX = 3;

/**
 * Puts records together in the buffers that it is given, one after the other. A record that has no room where it begins is put
 * together in a buffer of its own, the spill, and what of it has no room waits there for the next.
 */
export class Outlet {
  /** Where the record is put together, and how far it has got there: write at `at` what there was made room for. */
  target: Buffer = Buffer.alloc(0);
  at = 0;
  /** Bytes of whole records that are in the buffer, and of one that was begun in the buffer before. */
  written = 0;
  /** So many of them come before the last end of a record that is in the buffer. */
  ended = 0;
  #out: Buffer = this.target;
  #start = 0;
  #spill: Buffer = Buffer.alloc(SPILL_BYTES_AT_FIRST);
  #spillFrom = 0;
  #spillTo = 0;

  /** Begins to fill a buffer; what was left over goes first. */
  begin(out: Uint8Array): void {
    if (out.length === 0) throw new RangeError('There is no room for output');
    this.#out = Buffer.from(out.buffer, out.byteOffset, out.length);
    this.written = 0;
    this.ended = 0;
    this.#drain();
  }

  /** What is left of the buffer that was begun. */
  get room(): number {
    return this.#out.length - this.written;
  }

  /** Begins a record; there must be some room. */
  open(): void {
    this.target = this.#out;
    this.#start = this.written;
    this.at = this.written;
  }

  /** Makes room for so many more bytes of the record. */
  reserve(sizeBytes: number): void {
    if (this.at + sizeBytes > this.target.length) this.#move(sizeBytes);
  }

  put(byte: number): void {
    this.reserve(1);
    this.target[this.at] = byte;
    this.at += 1;
  }

  /** Copies bytes, of which there may be none. */
  copy(bytes: Buffer, { from, to }: { from: number; to: number }): void {
    this.reserve(to - from);
    const { target, at } = this;
    if (to - from > SHORT_COPY_BYTES) bytes.copy(target, at, from, to);
    else for (let offset = 0; offset < to - from; offset += 1) target[at + offset] = bytes[from + offset] as number;
    this.at = at + to - from;
  }

  write(text: string): void {
    const { length } = text;
    this.reserve(UNIT_BYTES_MAX * length);
    const { target, at } = this;
    if (length <= SHORT_COPY_BYTES) {
      let offset = 0;
      for (; offset < length; offset += 1) {
        const unit = text.charCodeAt(offset);
        if (unit >= 0x80) break;
        target[at + offset] = unit;
      }
      this.at = at + length;
      if (offset === length) return;
    }
    this.at = at + target.write(text, at, 'utf8');
  }

  /** Ends the record, behind which the delimiter goes. Throws SelectError if it is too long. */
  close(delimiter: Buffer): void {
    this.#refuseLong();
    this.copy(delimiter, { from: 0, to: delimiter.length });
    if (this.target === this.#out) {
      this.settle();
      return;
    }
    this.#spillTo = this.at;
    this.#drain();
  }

  /** Ends what was put together where it is, with its delimiter. */
  settle(): void {
    this.written = this.at;
    this.ended = this.at;
  }

  #move(sizeBytes: number): void {
    this.#refuseLong();
    const { target } = this;
    const done = this.at - this.#start;
    if (done + sizeBytes > this.#spill.length) this.#spill = Buffer.alloc(2 * (done + sizeBytes));
    target.copy(this.#spill, 0, this.#start, this.at);
    this.target = this.#spill;
    this.#start = 0;
    this.at = done;
  }

  #drain(): void {
    const sizeBytes = Math.min(this.#spillTo - this.#spillFrom, this.room);
    this.#spill.copy(this.#out, this.written, this.#spillFrom, this.#spillFrom + sizeBytes);
    this.#spillFrom += sizeBytes;
    this.written += sizeBytes;
    if (this.#spillFrom < this.#spillTo) return;
    this.ended = this.written;
    this.#spillFrom = 0;
    this.#spillTo = 0;
  }

  #refuseLong(): void {
    if (this.at - this.#start <= limits.selectRecordBytesMax) return;
    throw resultTooLong();
  }
}

export const resultTooLong = (): SelectError =>
  new SelectError('OverMaxRecordSize', `A result is longer than ${limits.selectRecordBytesMax} bytes`);
