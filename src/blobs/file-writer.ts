import { randomBytes } from 'node:crypto';
import type { FileHandle } from 'node:fs/promises';
import { writeFully } from '../files/durable.ts';
import type { FrameHasher, FrameWork } from '../frames/frame-work.ts';
import type { BlobAbout } from '../model/blob-about.ts';
import { formatAbout } from './about-format.ts';
import { type BlobFacts, type BlobWriter, FRAME_BYTES } from './blob-store.ts';
import { type CopyPlace, CopyWriter } from './copy-writer.ts';
import { formatTail } from './file-format.ts';
import { DATA_KEY_BYTES, type MasterKeys } from './master-keys.ts';
import type { OnFault } from './store-faults.ts';
import { treeHashOf } from './tree-hash-of.ts';

export interface FileWriting {
  blobId: string;
  /** The first copy and, if there is one, the mirror. */
  places: readonly CopyPlace[];
  frames: FrameWork;
  /** Null, or not encrypting: the blob is not sealed. */
  masterKeys: MasterKeys | null;
  onFault: OnFault;
  onClose: () => void;
}

/**
 * Writes a blob to a file of its own, in each copy of the store. A frame is hashed, checked or sealed, and written to the first
 * copy in one visit; the other copy gets the same bytes after that. Two frames are on their way to each copy at once: one is
 * hashed while the disk takes the other. Once a file call fails the blob cannot be committed.
 */
export class FileWriter implements BlobWriter {
  readonly #writing: FileWriting;
  readonly #copies: CopyWriter[];
  readonly #hasher: FrameHasher;
  readonly #dataKey: Buffer | undefined;
  readonly #checks: Buffer[] = [];
  #frames = 0;
  #sizeBytes = 0;
  /** Of each copy, when what was given so far is written, all of it and all but the last frame. */
  #written: { all: Promise<unknown>; allButLast: Promise<unknown> }[];
  #ended: { facts: BlobFacts; leaves: Buffer; linearHash: Buffer } | undefined;
  #state: 'open' | 'broken' | 'closed' = 'open';

  private constructor(writing: FileWriting, copies: CopyWriter[]) {
    this.#writing = writing;
    this.#copies = copies;
    this.#hasher = writing.frames.hasher();
    this.#dataKey = writing.masterKeys?.encrypts === true ? randomBytes(DATA_KEY_BYTES) : undefined;
    this.#written = copies.map(() => ({ all: Promise.resolve(), allButLast: Promise.resolve() }));
  }

  static async open(writing: FileWriting): Promise<FileWriter> {
    await using opened = new AsyncDisposableStack();
    const copies: CopyWriter[] = [];
    for (const place of writing.places) {
      const copy = await CopyWriter.open(place).catch((error: Error) => {
        writing.onFault({ kind: 'write', directory: place.root, error });
        throw error;
      });
      copies.push(opened.use(copy));
    }
    opened.move();
    return new FileWriter(writing, copies);
  }

  write(frame: Buffer): Promise<void> {
    if (this.#sizeBytes % FRAME_BYTES !== 0 || frame.length > FRAME_BYTES) {
      return Promise.reject(new RangeError('only the last frame of a blob may be shorter than the others'));
    }
    const index = this.#frames;
    const position = this.#sizeBytes;
    this.#frames += 1;
    this.#sizeBytes += frame.length;
    let before: Promise<unknown> = Promise.resolve();
    this.#written = this.#written.map(({ all, allButLast }, copy) => {
      const isFirst = copy === 0;
      const write = (file: FileHandle): Promise<void> =>
        isFirst ? this.#writeFrame(file, frame, index) : writeFully(file, frame, position);
      // The frame before this one has begun by then, as it waited for less; the hasher wants them in order.
      const written = Promise.all([allButLast, before]).then(() => this.#append(copy, frame.length, write));
      before = written;
      const both = endOfBoth(all, written);
      both.catch(() => undefined);
      return { all: both, allButLast: all };
    });
    return before.then(() => undefined);
  }

  async end(): Promise<BlobFacts> {
    await Promise.all(this.#written.map(({ all }) => all));
    const { linear, leaves } = this.#hasher.digest();
    const facts = { sizeBytes: this.#sizeBytes, linearHash: linear.toString('hex'), treeHash: treeHashOf(leaves) };
    this.#ended = { facts, leaves, linearHash: linear };
    return facts;
  }

  async commit(about: BlobAbout): Promise<string> {
    if (this.#state !== 'open') throw new Error('a file operation of this blob failed; it cannot be committed');
    if (this.#ended === undefined) throw new Error('the blob has not ended');
    const { blobId, masterKeys } = this.#writing;
    const { leaves, linearHash } = this.#ended;
    const tail = formatTail({
      blobId,
      sizeBytes: this.#sizeBytes,
      checks: Buffer.concat(this.#checks),
      leaves,
      about: formatAbout(about),
      linearHash,
      wrappedKey: this.#dataKey === undefined || masterKeys === null ? null : masterKeys.wrap(this.#dataKey),
    });
    // All of them come to an end before anybody hears of a failure: nothing is written to a blob that was given up.
    const finished = this.#copies.map((copy, index) => this.#guard(index, () => copy.finish(tail, this.#sizeBytes)));
    await Promise.allSettled(finished);
    await Promise.all(finished);
    for (const copy of this.#copies) copy.keep();
    this.#close();
    return blobId;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#state === 'closed') return;
    await Promise.allSettled(this.#written.map(({ all }) => all));
    await Promise.all(this.#copies.map((copy) => copy[Symbol.asyncDispose]()));
    this.#close();
  }

  async #writeFrame(file: FileHandle, frame: Buffer, index: number): Promise<void> {
    const seal = this.#dataKey === undefined ? {} : { seal: { key: this.#dataKey, index } };
    const work = { position: index * FRAME_BYTES, hasher: this.#hasher, ...seal };
    this.#checks[index] = await this.#writing.frames.write(file.fd, frame, work);
  }

  #append(copy: number, bytes: number, write: (file: FileHandle) => Promise<void>): Promise<void> {
    const writer = this.#copies[copy];
    if (writer === undefined) throw new RangeError(`there is no copy ${copy}`);
    return this.#guard(copy, () => writer.append(bytes, write));
  }

  async #guard(copy: number, call: () => Promise<void>): Promise<void> {
    try {
      await call();
    } catch (error) {
      this.#state = 'broken';
      const directory = this.#copies[copy]?.root ?? '';
      this.#writing.onFault({ kind: 'write', directory, error: error as Error });
      throw error;
    }
  }

  #close(): void {
    this.#state = 'closed';
    this.#writing.onClose();
  }
}

/** Both have ended then, whatever became of them; rejects as the first of them that did. */
async function endOfBoth(first: Promise<unknown>, second: Promise<unknown>): Promise<void> {
  await Promise.allSettled([first, second]);
  await first;
  await second;
}
