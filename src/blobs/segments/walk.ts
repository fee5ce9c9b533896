import { KIB, limits, MIB } from '../../model/limits.ts';
import type { DiskFile } from './copy-disk.ts';
import { parseHead, RECORD_ALIGNMENT, RECORD_HEAD_BYTES, RECORD_MAGIC, type RecordHead } from './record-format.ts';
import {
  BATCH_ALIGNMENT,
  MAP_FOOTER_BYTES,
  parseMapFooter,
  SEGMENT_HEAD_BYTES,
  type SegmentHead,
} from './segment-format.ts';
import { Window } from './window.ts';

/** Something that is in a segment, in the order of places. */
export type Found = FoundRecord | FoundDamage;

export interface FoundRecord {
  kind: 'record';
  place: number;
  head: RecordHead;
  /** The whole record; good until the walk goes on. Not checked: only the head was. */
  read(): Promise<Buffer>;
}

/** Bytes that are no record, where one should be. */
export interface FoundDamage {
  kind: 'damage';
  place: number;
  end: number;
}

interface Walked {
  file: DiskFile;
  number: number;
  /** Undefined when it is damaged. */
  head: SegmentHead | undefined;
  /** The end of what is durable, of a segment that is being written; else that of the file. */
  end?: number | undefined;
}

const WINDOW_BYTES = MIB;
const HEAD_WINDOW_BYTES = 64 * KIB;
const ZEROS = Buffer.alloc(HEAD_WINDOW_BYTES);
const HEAD_BYTES_MAX = RECORD_HEAD_BYTES + limits.blobAboutBytesMax;

/**
 * Goes through the records of a segment, from head to head. Behind bytes that are no head it looks for the next head, which
 * is known by its magic, its checksum, its segment and the segment's nonce, and in an appended segment by its offset, which
 * must be its place.
 */
export async function* walkSegment(walked: Walked): AsyncGenerator<Found, void, undefined> {
  const walk = new Walk(walked, await endOf(walked));
  let place = SEGMENT_HEAD_BYTES;
  while (place < walk.end) {
    const record = await walk.recordAt(place);
    if (record !== undefined) {
      yield record;
      place += record.head.recordBytes;
      continue;
    }
    const next = await walk.nextAfter(place);
    if (next.isDamage) yield { kind: 'damage', place, end: next.place };
    place = next.place;
  }
}

/** Where the records end: before the map of a packed segment. */
async function endOf({ file, head, end }: Walked): Promise<number> {
  if (end !== undefined) return end;
  const size = await file.size();
  if (head?.form === 'appended' || size < MAP_FOOTER_BYTES) return size;
  const footer = await file.read(Buffer.alloc(MAP_FOOTER_BYTES), size - MAP_FOOTER_BYTES);
  return parseMapFooter(footer, size)?.mapAt ?? size;
}

class Walk {
  readonly end: number;
  readonly #window: Window;
  readonly #number: number;
  readonly #head: SegmentHead | undefined;
  #nonce: Buffer | undefined;

  constructor({ file, number, head }: Walked, end: number) {
    this.end = end;
    this.#window = new Window(file, WINDOW_BYTES);
    this.#number = number;
    this.#head = head;
    this.#nonce = head?.nonce;
  }

  async recordAt(place: number): Promise<FoundRecord | undefined> {
    const bytes = await this.#window.at(place, Math.min(HEAD_BYTES_MAX, this.end - place), HEAD_WINDOW_BYTES);
    const head = parseHead(bytes);
    if (head === undefined || head.segment !== this.#number || place + head.recordBytes > this.end) return undefined;
    if (this.#head?.form === 'appended' && head.offset !== place) return undefined;
    if (this.#nonce !== undefined && !head.nonce.equals(this.#nonce)) return undefined;
    // Of a segment whose own head is damaged, the first record tells the nonce.
    this.#nonce ??= Buffer.from(head.nonce);
    const own = copyOf(head);
    return { kind: 'record', place, head: own, read: () => this.#window.at(place, own.recordBytes, WINDOW_BYTES) };
  }

  /**
   * Where to go on from a place that has no record. Zeros up to the next multiple of 4 KiB end a batch, and zeros up to the
   * end of the file are room for more; everything else is damage.
   */
  async nextAfter(place: number): Promise<{ place: number; isDamage: boolean }> {
    if (this.#head?.form !== 'packed') {
      const batchEnd = Math.min(Math.ceil(place / BATCH_ALIGNMENT) * BATCH_ALIGNMENT, this.end);
      if (batchEnd > place && (await this.#isZero(place, batchEnd))) return { place: batchEnd, isDamage: false };
      if (await this.#isZero(place, this.end)) return { place: this.end, isDamage: false };
    }
    return { place: await this.#resynchronise(place + RECORD_ALIGNMENT), isDamage: true };
  }

  async #isZero(from: number, end: number): Promise<boolean> {
    for (let at = from; at < end; ) {
      const bytes = await this.#window.at(at, Math.min(ZEROS.length, end - at), HEAD_WINDOW_BYTES);
      if (bytes.length === 0) return true;
      if (!bytes.equals(ZEROS.subarray(0, bytes.length))) return false;
      at += bytes.length;
    }
    return true;
  }

  /** The next place with a record, or the end. */
  async #resynchronise(from: number): Promise<number> {
    for (let at = from; at < this.end; ) {
      const bytes = await this.#window.at(at, Math.min(HEAD_WINDOW_BYTES, this.end - at), WINDOW_BYTES);
      const index = bytes.indexOf(RECORD_MAGIC);
      if (index < 0) {
        // A magic may begin in these bytes and end behind them.
        at += Math.max(1, bytes.length - RECORD_MAGIC.length + 1);
        continue;
      }
      const candidate = at + index;
      if (candidate % RECORD_ALIGNMENT === 0 && (await this.recordAt(candidate)) !== undefined) return candidate;
      at = candidate + 1;
    }
    return this.end;
  }
}

/** The head outlives what it was read from. */
function copyOf(head: RecordHead): RecordHead {
  return {
    ...head,
    nonce: Buffer.from(head.nonce),
    leaf: Buffer.from(head.leaf),
    seal: head.seal && { wrappedKey: Buffer.from(head.seal.wrappedKey), tag: Buffer.from(head.seal.tag) },
  };
}
