import { setImmediate as turn } from 'node:timers/promises';
import { limits } from '../../model/limits.ts';
import type { CopyDisk } from './copy-disk.ts';
import type { UnplacedRecord } from './record-format.ts';
import { SegmentLine, type Waiting } from './segment-line.ts';

export interface SegmentWriterOptions {
  disks: readonly CopyDisk[];
  nextNumber: number;
  segmentBytesMax: number;
  /** Of more than one record. */
  batchBytesMax: number;
}

/** Below this share of a whole batch, what waits is worth more in the next batch of the line that writes. */
const WORTH_A_LINE_SHARE = 0.25;

/**
 * Group commit without a timer: whatever came while the last batch was being made durable is the next batch. When that is
 * much, a second segment takes it meanwhile, so that one is put together and written while the other is being synced. A record
 * is in one of them, and acknowledged when that one is durable.
 */
export class SegmentWriter {
  readonly #batchBytesMax: number;
  readonly #queue: Waiting[] = [];
  #queuedBytes = 0;
  readonly #lines: readonly SegmentLine[];
  readonly #busy = new Set<SegmentLine>();

  constructor({ nextNumber, batchBytesMax, ...options }: SegmentWriterOptions) {
    let number = nextNumber;
    this.#batchBytesMax = batchBytesMax;
    this.#lines = Array.from(
      { length: limits.segmentsWrittenAtOnce },
      () => new SegmentLine({ ...options, nextNumber: () => number++ }),
    );
  }

  /** The segments that are being written, and where their durable parts end. */
  get active(): { number: number; end: number }[] {
    return this.#lines.flatMap(({ active }) => active ?? []);
  }

  /** Where the durable part of a segment ends that is being written; undefined when it is not. */
  endOf(number: number): number | undefined {
    return this.active.find((segment) => segment.number === number)?.end;
  }

  /** Resolves with the blob's id when the record is durable in every copy. */
  add(record: UnplacedRecord): Promise<string> {
    return new Promise((resolve, reject) => {
      this.#queue.push({ record, resolve, reject });
      this.#queuedBytes += record.recordBytes;
      const idle = this.#lines.find((line) => !this.#busy.has(line));
      if (idle !== undefined && this.#isWorthALine) void this.#run(idle);
    });
  }

  /** No more records go to the present segments; they are closed when this resolves. */
  async retire(): Promise<void> {
    await Promise.all(this.#lines.map((line) => line.retire()));
  }

  get #isWorthALine(): boolean {
    return this.#busy.size === 0 || this.#queuedBytes >= this.#batchBytesMax * WORTH_A_LINE_SHARE;
  }

  async #run(line: SegmentLine): Promise<void> {
    this.#busy.add(line);
    for (;;) {
      // Those that were answered just now come back with their next record before the batch is taken.
      await turn();
      this.#busy.delete(line);
      if (this.#queue.length === 0 || !this.#isWorthALine) return;
      this.#busy.add(line);
      await line.write(() => this.#take());
    }
  }

  /** The next batch, bounded by what is written at once. */
  #take(): Waiting[] {
    let [count, bytes] = [0, 0];
    for (const { record } of this.#queue) {
      if (count === limits.segmentBatchRecordsMax) break;
      if (count > 0 && bytes + record.recordBytes > this.#batchBytesMax) break;
      bytes += record.recordBytes;
      count += 1;
    }
    this.#queuedBytes -= bytes;
    return this.#queue.splice(0, count);
  }
}
