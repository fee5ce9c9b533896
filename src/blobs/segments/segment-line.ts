import { limits } from '../../model/limits.ts';
import { alignedMemory } from './aligned-memory.ts';
import type { CopyDisk } from './copy-disk.ts';
import type { UnplacedRecord } from './record-format.ts';
import { SegmentFile } from './segment-file.ts';
import { BATCH_ALIGNMENT, SEGMENT_HEAD_BYTES } from './segment-format.ts';

/** A record that waits for its place, and whoever waits for it. */
export interface Waiting {
  record: UnplacedRecord;
  resolve(blobId: string): void;
  reject(error: unknown): void;
}

export interface SegmentLineOptions {
  disks: readonly CopyDisk[];
  segmentBytesMax: number;
  /** A number that no segment has had. */
  nextNumber: () => number;
}

/**
 * One segment after the other, each written batch after batch. When a write or a sync fails, nobody can say what of the batch
 * is on the disk: its records are refused, the file is never touched again, and the next batch begins a new segment. What was
 * acknowledged before stays where it is.
 */
export class SegmentLine {
  readonly #options: SegmentLineOptions;
  /** Where batches are put together; made when the first record comes. */
  #room: ReturnType<typeof alignedMemory> | undefined;
  #file: SegmentFile | undefined;
  /** Of the file that is being made. */
  #beginning: number | undefined;
  /** The end of the last thing that was begun with the file: batches and retirements happen one after the other. */
  #last: Promise<unknown> = Promise.resolve();

  constructor(options: SegmentLineOptions) {
    this.#options = options;
  }

  /** The segment that is being written and where its durable part ends; undefined when there is none. */
  get active(): { number: number; end: number } | undefined {
    const number = this.#file?.number ?? this.#beginning;
    return number === undefined ? undefined : { number, end: this.#file?.end ?? 0 };
  }

  /** Writes what `take` gives when its turn comes, makes it durable and tells who waits for it. */
  write(take: () => readonly Waiting[]): Promise<void> {
    return this.#inTurn(() => this.#write(take()));
  }

  /** No more records go to the present segment; it is closed when this resolves. */
  retire(): Promise<void> {
    return this.#inTurn(() => this.#finish());
  }

  async #inTurn(action: () => Promise<void>): Promise<void> {
    const done = this.#last.then(action);
    this.#last = done.catch(() => undefined);
    await done;
  }

  async #write(batch: readonly Waiting[]): Promise<void> {
    if (batch.length === 0) return;
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
    const { disks, segmentBytesMax, nextNumber } = this.#options;
    if (this.#file !== undefined && this.#file.endWith(bytes) > segmentBytesMax) await this.#finish();
    if (this.#file !== undefined) return this.#file;
    this.#beginning = nextNumber();
    try {
      this.#file = await SegmentFile.create({
        number: this.#beginning,
        disks,
        bytesMax: segmentBytesMax,
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
