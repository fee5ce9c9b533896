import { limits } from '../../model/limits.ts';
import { utf8End } from './utf8.ts';

/** A record of the greatest size, what shows that it is longer or ended, and the next stretch behind it. */
export const WINDOW_BYTES = limits.selectRecordBytesMax + 16 + limits.selectAdvanceBytes;

const NOTHING = Buffer.alloc(0);
const BYTE_ORDER_MARK = Buffer.from('\ufeff');

/**
 * The part of the archive that is looked at, in one buffer, so that no record is ever in pieces. Bytes that are not UTF-8
 * never come into view: the window stops before them.
 */
export class Window {
  readonly bytes: Buffer;
  /** The end of what is in view. */
  end = 0;
  /** Where in the archive the buffer's first byte is. */
  offset = 0;
  /** Whether the first byte out of view cannot be UTF-8. */
  broken = false;
  #filled = 0;
  #chunk: Uint8Array = NOTHING;
  #taken = 0;
  #begun = false;
  #ended = false;

  constructor(bytes: Buffer) {
    this.bytes = bytes;
  }

  /** The next bytes of the archive; they are read until `advance` has returned false. */
  give(chunk: Uint8Array): void {
    if (this.#taken < this.#chunk.length) throw new RangeError('The last bytes are not used up');
    this.#chunk = chunk;
    this.#taken = 0;
  }

  finish(): void {
    this.#ended = true;
  }

  /** Whether the archive ends where the view ends. */
  get last(): boolean {
    return this.#ended && !this.broken && this.#filled === this.end && this.#taken === this.#chunk.length;
  }

  /** Moves what begins at `from` to the front and brings more into view; false if there is no more for now. */
  advance(from: number): boolean {
    if (from > 0) this.#drop(from);
    const before = this.end;
    while (this.end === before && !this.broken && this.#take()) this.#look();
    return this.end > before;
  }

  #drop(from: number): void {
    this.bytes.copyWithin(0, from, this.#filled);
    this.#filled -= from;
    this.end -= from;
    this.offset += from;
  }

  #take(): boolean {
    const room = Math.min(limits.selectAdvanceBytes, this.bytes.length - this.#filled);
    const until = Math.min(this.#taken + room, this.#chunk.length);
    if (until === this.#taken) {
      this.broken = this.#ended && this.#filled > this.end;
      return false;
    }
    this.bytes.set(this.#chunk.subarray(this.#taken, until), this.#filled);
    this.#filled += until - this.#taken;
    this.#taken = until;
    // Whoever gave it may do with it what they like once it is used up, and to hand it to a thread is to empty it.
    if (until === this.#chunk.length) this.give(NOTHING);
    return true;
  }

  #look(): void {
    const { end, valid } = utf8End(this.bytes, { from: this.end, to: this.#filled });
    this.broken = !valid;
    this.end = end;
    if (this.#begun || end === 0) return;
    this.#begun = true;
    if (BYTE_ORDER_MARK.equals(this.bytes.subarray(0, BYTE_ORDER_MARK.length))) this.#drop(BYTE_ORDER_MARK.length);
  }
}
