import { setImmediate as turn } from 'node:timers/promises';
import { limits } from '../../model/limits.ts';
import { alignedMemory } from './aligned-memory.ts';
import type { CopyDisk } from './copy-disk.ts';
import type { UnplacedRecord } from './record-format.ts';
import { SegmentFile } from './segment-file.ts';
import { BATCH_ALIGNMENT, SEGMENT_HEAD_BYTES } from './segment-format.ts';

interface Waiting {
  record: UnplacedRecord;
  resolve(blobId: string): void;
  reject(error: unknown): void;
}

/**
 * Group commit without a timer: whatever came while the last batch was being made durable is the next batch. When a write
 * or a sync fails, nobody can say what of the batch is on the disk: its records are refused, the file is never touched again,
 * and the next record begins a new segment. What was acknowledged before stays where it is.
 */
export class SegmentWriter {
  readonly #disks: readonly CopyDisk[];
  readonly #segmentBytesMax: number;
  /** Where batches are put together; made when the first record comes. */
  #room: ReturnType<typeof alignedMemory> | undefined;
  readonly #queue: Waiting[] = [];
  #file: SegmentFile | undefined;
  /** Of the file that is being made. */
  #beginning: number | undefined;
  #nextNumber: number;
  #writing: Promise<void> | undefined;
  /** The end of the last thing that was begun with the file: batches and retirements happen one after the other. */
  #last: Promise<unknown> = Promise.resolve();

  constructor(options: { disks: readonly CopyDisk[]; nextNumber: number; segmentBytesMax: number }) {
    this.#disks = options.disks;
    this.#nextNumber = options.nextNumber;
    this.#segmentBytesMax = options.segmentBytesMax;
  }

  /** The segment that is being written and where its durable part ends; undefined when there is none. */
  get active(): { number: number; end: number } | undefined {
    const number = this.#file?.number ?? this.#beginning;
    return number === undefined ? undefined : { number, end: this.#file?.end ?? 0 };
  }

  /** Resolves with the blob's id when the record is durable in every copy. */
  add(record: UnplacedRecord): Promise<string> {
    return new Promise((resolve, reject) => {
      this.#queue.push({ record, resolve, reject });
      this.#writing ??= this.#run();
    });
  }

  /** No more records go to the present segment; it is closed when this resolves. */
  async retire(): Promise<void> {
    await this.#inTurn(() => this.#finish());
  }

  async #run(): Promise<void> {
    // Those that were answered just now come back with their next record before the batch is taken.
    for (await turn(); this.#queue.length > 0; await turn()) await this.#inTurn(() => this.#write(this.#take()));
    this.#writing = undefined;
  }

  async #inTurn(action: () => Promise<void>): Promise<void> {
    const done = this.#last.then(action);
    this.#last = done.catch(() => undefined);
    await done;
  }

  /** The next batch: never empty, bounded by what is written at once. */
  #take(): Waiting[] {
    let [count, bytes] = [0, 0];
    for (const { record } of this.#queue.slice(0, limits.segmentBatchRecordsMax)) {
      bytes += record.recordBytes;
      if (count > 0 && bytes > limits.segmentBatchBytesMax) break;
      count += 1;
    }
    return this.#queue.splice(0, count);
  }

  async #write(batch: Waiting[]): Promise<void> {
    try {
      const bytes = batch.reduce((sum, { record }) => sum + record.recordBytes, 0);
      const file = await this.#fileFor(bytes);
      const blobIds = await file.append(
        batch.map(({ record }) => record),
        this.#roomForBatch().memory,
      );
      for (const [index, { resolve }] of batch.entries()) resolve(blobIds[index] ?? '');
    } catch (error) {
      const file = this.#file;
      this.#file = undefined;
      // A call that was given up may still be at it.
      this.#room = undefined;
      await file?.close().catch(() => undefined);
      for (const { reject } of batch) reject(error);
    }
  }

  /** The file that takes so many bytes more. */
  async #fileFor(bytes: number): Promise<SegmentFile> {
    if (this.#file !== undefined && this.#file.endWith(bytes) > this.#segmentBytesMax) await this.#finish();
    if (this.#file !== undefined) return this.#file;
    this.#beginning = this.#nextNumber++;
    try {
      this.#file = await SegmentFile.create({
        number: this.#beginning,
        disks: this.#disks,
        bytesMax: this.#segmentBytesMax,
        isDirect: this.#roomForBatch().isAligned,
      });
      return this.#file;
    } finally {
      this.#beginning = undefined;
    }
  }

  #roomForBatch() {
    this.#room ??= alignedMemory(limits.segmentBatchBytesMax + SEGMENT_HEAD_BYTES + BATCH_ALIGNMENT);
    return this.#room;
  }

  async #finish(): Promise<void> {
    const file = this.#file;
    this.#file = undefined;
    await file?.finish();
  }
}
