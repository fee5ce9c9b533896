import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { makeDirectory, removeFile, syncDirectory } from '../../files/durable.ts';
import type { BlobAbout } from '../../model/blob-about.ts';
import { type Clock, systemClock } from '../../model/clock.ts';
import { limits } from '../../model/limits.ts';
import { BlobDamagedError, BlobMissingError, type Surveyed, type Verdict, type VerifyOptions } from '../blob-store.ts';
import { type DiskCalls, straightCalls } from '../disk-calls.ts';
import type { MasterKeys, Rewrapped, Rewrapping } from '../master-keys.ts';
import type { OnFault, StoreFault } from '../store-faults.ts';
import { type Compacted, compactSegments } from './compaction.ts';
import { CopyDisk } from './copy-disk.ts';
import type { Pace } from './findings.ts';
import { HoleBook } from './hole-book.ts';
import { type NotRead, openBytes, type RecordBytes, readRecord } from './read-record.ts';
import { aboutOf, makeRecord } from './record-format.ts';
import { sealRecord } from './record-seal.ts';
import type { Segments } from './renew.ts';
import { rewrapSegments } from './rewrap.ts';
import { Room } from './room.ts';
import { parseSegmentBlobId } from './segment-blob-id.ts';
import { SegmentCopy } from './segment-copy.ts';
import { INCOMING } from './segment-format.ts';
import { SegmentWriter } from './segment-writer.ts';
import { listSegments, surveySegments } from './survey.ts';
import { verifyRecord } from './verify.ts';

export interface SegmentStoreOptions {
  /** The directory of segments, and that of the mirror. Their parents must be there. */
  directories: readonly [first: string, mirror?: string];
  /** Null, or not encrypting, when nothing is to be encrypted. */
  masterKeys: MasterKeys | null;
  calls?: DiskCalls;
  onFault?: OnFault;
  segmentBytesMax?: number;
  /** What is written at once, of more than one record; segmentBatchBytesMax at most. */
  batchBytesMax?: number;
  clock?: Clock;
  /** Nothing is changed: another process may own the files. */
  readOnly?: boolean;
}

export interface SegmentBlob {
  bytes: Buffer;
  /** SHA-256 of the bytes, which is their tree hash too. */
  leaf: Buffer;
  about: BlobAbout;
}

/** A blob as it was read and verified; what it says of itself is null when this version does not understand it. */
export type ReadSegmentBlob = Omit<SegmentBlob, 'about'> & { about: BlobAbout | null };

/**
 * Blobs of up to one frame, many to a file. A segment takes records until it is full or the program ends; each start begins
 * a new one. Deleting notes a hole; compaction takes its room back. With two directories every file is in both, and what cannot be
 * read from the first is read from the second.
 */
export class SegmentStore implements AsyncDisposable {
  readonly #copies: readonly SegmentCopy[];
  readonly #masterKeys: MasterKeys | null;
  readonly #clock: Clock;
  readonly #readOnly: boolean;
  readonly #onFault: OnFault;
  readonly #holes: HoleBook;
  readonly #writer: SegmentWriter;
  readonly #segments: Segments;
  /** Segments with new holes, and those that need not be looked at again: of the compaction. */
  readonly #touched = new Set<number>();
  readonly #settled = new Set<number>();
  /** The end of the last rewriting that was begun: there is one at a time. */
  #rewriting: Promise<unknown> = Promise.resolve();
  readonly #room = new Room(limits.segmentWaitingBytesMax);

  private constructor(
    options: SegmentStoreOptions,
    { copies, nextNumber }: { copies: SegmentCopy[]; nextNumber: number },
  ) {
    const disks = copies.map(({ disk }) => disk);
    this.#copies = copies;
    this.#masterKeys = options.masterKeys;
    this.#clock = options.clock ?? systemClock;
    this.#readOnly = options.readOnly ?? false;
    this.#onFault = options.onFault ?? (() => undefined);
    this.#holes = new HoleBook(disks);
    this.#writer = new SegmentWriter({
      disks,
      nextNumber,
      segmentBytesMax: options.segmentBytesMax ?? limits.segmentBytesMax,
      batchBytesMax: options.batchBytesMax ?? limits.segmentBatchBytesMax,
    });
    this.#segments = { copies, holes: this.#holes, writer: this.#writer };
  }

  /** Opens the store, making its directories. What an earlier run was writing to take the place of something is removed. */
  static async open(options: SegmentStoreOptions): Promise<SegmentStore> {
    const { calls = straightCalls, onFault = () => undefined } = options;
    const copies = options.directories.flatMap((directory) =>
      directory === undefined ? [] : new SegmentCopy(new CopyDisk({ directory, calls, onFault })),
    );
    let nextNumber = 1;
    for (const copy of copies) {
      if (!options.readOnly) await makeDirectories(copy.directory);
      for (const kind of ['seg', 'holes'] as const) {
        nextNumber = Math.max(nextNumber, ((await copy.numbers(kind)).at(-1) ?? 0) + 1);
      }
    }
    return new SegmentStore(options, { copies, nextNumber });
  }

  /**
   * Stores a blob; resolves with its id when it is durable in every copy. `bytes`, of FRAME_BYTES at most, must not change
   * until then; `leaf` is their SHA-256. Rejects when the disk does not take them, and then nothing is known to be stored.
   */
  async add({ bytes, leaf, about }: SegmentBlob): Promise<string> {
    const taken = bytes.length + limits.blobAboutBytesMax;
    await this.#room.take(taken);
    try {
      const { stored, seal } =
        this.#masterKeys?.encrypts === true ? sealRecord(bytes, this.#masterKeys) : { stored: bytes, seal: null };
      const writtenAtMs = this.#clock.nowMs();
      return await this.#writer.add(makeRecord({ stored, leaf, about, seal, writtenAtMs }));
    } finally {
      this.#room.give(taken);
    }
  }

  /** Reads a blob and verifies all of it. Throws BlobMissingError, BlobDamagedError, or KeyMissingError. */
  async read(blobId: string): Promise<ReadSegmentBlob> {
    const { bytes, head, record } = await this.#readWhole(blobId, (read) =>
      openBytes(read.bytes, read.head, this.#masterKeys),
    );
    return { about: aboutOf(record, head), bytes, leaf: head.leaf };
  }

  /** The size of a blob, or undefined when there is none; throws BlobDamagedError. */
  async stat(blobId: string): Promise<{ sizeBytes: number } | undefined> {
    try {
      const { head } = await this.#readWhole(blobId, ({ bytes }) => bytes);
      return { sizeBytes: head.storedBytes };
    } catch (error) {
      if (error instanceof BlobMissingError) return undefined;
      throw error;
    }
  }

  /**
   * Deletes blobs; what is not there is fine. Durable when it resolves: from then on nobody can read them. Their room comes back
   * when their segment is compacted.
   */
  async delete(blobIds: readonly string[]): Promise<void> {
    const places = blobIds.map((blobId) => placeOf(blobId));
    const bySegment = Map.groupBy(places, ({ segment }) => segment);
    for (const [segment, holes] of bySegment) {
      if (!(await this.#isPresent(segment))) continue;
      await this.#holes.add(segment, holes);
      this.#touched.add(segment);
    }
  }

  /** Every blob that is durable, with the instant it was written; segment by segment. */
  list(): AsyncIterable<{ blobId: string; changedAtMs: number }> {
    return listSegments(this.#segments);
  }

  /** Every blob that is whole, with what it says of itself, and what is not; needs no keys. */
  survey(): AsyncIterable<Surveyed> {
    return surveySegments(this.#segments);
  }

  /** Checks every byte of a blob in every copy; a copy that is not whole is made again from the other one. */
  async verify(blobId: string, { signal, pace }: VerifyOptions = {}): Promise<Verdict> {
    const { sizeBytes } = (await this.stat(blobId).catch(() => undefined)) ?? { sizeBytes: 0 };
    await pace?.(sizeBytes);
    const repairs = !this.#readOnly;
    const alone = <T>(action: () => Promise<T>) => this.#alone(action);
    return verifyRecord(this.#segments, {
      place: placeOf(blobId),
      masterKeys: this.#masterKeys,
      signal,
      alone,
      repairs,
    });
  }

  /** Goes through all segments once and takes back the room of holes. May be stopped and begun again at any time. */
  compact(options: Pace = {}): Promise<Compacted> {
    const [touched, settled] = [this.#touched, this.#settled];
    const alone = <T>(action: () => Promise<T>) => this.#alone(action);
    return compactSegments(this.#segments, { ...options, touched, settled, alone });
  }

  /** Wraps the keys of all records with the current master key, of `masterKeys` if they are given; rejects with what the signal does. */
  async rewrap(options: Rewrapping & { masterKeys?: MasterKeys }): Promise<Rewrapped> {
    const masterKeys = options.masterKeys ?? this.#masterKeys;
    if (masterKeys === null) return { current: 0, rewrapped: 0, failed: new Map() };
    return this.#alone(() => rewrapSegments(this.#segments, { ...options, masterKeys }));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#rewriting;
    await this.#writer.retire();
    for (const copy of this.#copies) await copy[Symbol.asyncDispose]();
  }

  /** One rewriting of segments at a time: each takes memory, and two of one segment would undo one another. */
  async #alone<T>(action: () => Promise<T>): Promise<T> {
    const done = this.#rewriting.then(action);
    this.#rewriting = done.catch(() => undefined);
    return await done;
  }

  async #isPresent(segment: number): Promise<boolean> {
    for (const copy of this.#copies) if (await copy.has(segment)) return true;
    return false;
  }

  /** The record of the first copy that `open` finds whole, and what it makes of it. */
  async #readWhole(blobId: string, open: (read: RecordBytes) => Buffer | undefined) {
    const place = placeOf(blobId);
    if (await this.#holes.has(place)) throw new BlobMissingError(blobId);
    const failures: unknown[] = [];
    const faults: StoreFault[] = [];
    let isGone = false;
    for (const copy of this.#copies) {
      try {
        const read = await readRecord(copy, place);
        const bytes = read.state === 'read' ? open(read) : undefined;
        if (read.state === 'read' && bytes !== undefined) {
          for (const fault of faults) this.#onFault(fault);
          return { bytes, head: read.head, record: read.bytes };
        }
        if (read.state === 'gone') isGone = true;
        const error = failureOf(blobId, read);
        faults.push({
          kind: error instanceof BlobDamagedError ? 'damage' : 'missing',
          directory: copy.disk.root,
          blobId,
          error,
        });
        failures.push(error);
      } catch (error) {
        failures.push(error);
      }
    }
    if (isGone) throw new BlobMissingError(blobId);
    for (const fault of faults) if (fault.kind === 'damage') this.#onFault(fault);
    // That one copy has lost its segment says less than what is wrong with the other.
    throw failures.find((failure) => !(failure instanceof BlobMissingError)) ?? failures[0];
  }
}

function failureOf(blobId: string, read: RecordBytes | NotRead): Error {
  if (read.state === 'gone' || read.state === 'missing') return new BlobMissingError(blobId);
  if (read.state === 'read') return new BlobDamagedError(blobId, 'its bytes were changed');
  return new BlobDamagedError(blobId, read.what, { cause: read.cause });
}

function placeOf(blobId: string) {
  const place = parseSegmentBlobId(blobId);
  if (place === undefined) throw new Error(`not the id of a blob in a segment: ${blobId}`);
  return place;
}

async function makeDirectories(directory: string): Promise<void> {
  await makeDirectory(directory);
  await syncDirectory(join(directory, '..'));
  const incoming = join(directory, INCOMING);
  await makeDirectory(incoming);
  for (const name of await readdir(incoming)) await removeFile(join(incoming, name));
  // Also for the names of files that an earlier run made, and did not come as far as this.
  await syncDirectory(directory);
}
