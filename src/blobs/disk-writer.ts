import { hash } from 'node:crypto';
import type { BlobAbout } from '../model/blob-about.ts';
import { limits } from '../model/limits.ts';
import type { BlobFacts, BlobWriter } from './blob-store.ts';
import type { FileStore } from './file-store.ts';
import type { FileWriter } from './file-writer.ts';
import type { SegmentStore } from './segments/segment-store.ts';

export interface DiskWriting {
  files: FileStore;
  segments: SegmentStore;
}

/**
 * Writes a blob, to a segment when it is small, else to a file of its own. The first frame tells which: only the last one may
 * be shorter than the others, so one that is small is all of the blob. It is kept in memory until the blob is committed.
 */
export class DiskWriter implements BlobWriter {
  readonly #writing: DiskWriting;
  /** A copy of the only frame of a small blob: the caller has the buffer back at once. */
  #first: Buffer | undefined;
  #file: Promise<FileWriter> | undefined;
  #ended: { facts: BlobFacts; leaf: Buffer } | undefined;

  constructor(writing: DiskWriting) {
    this.#writing = writing;
  }

  async write(frame: Buffer): Promise<void> {
    if (this.#first !== undefined) throw new RangeError('only the last frame of a blob may be shorter than the others');
    if (this.#file === undefined && frame.length <= limits.segmentBlobBytesMax) {
      this.#first = Buffer.from(frame);
      return;
    }
    // Whoever writes several frames at once must find them in order, so the file is opened by the first of them alone.
    this.#file ??= this.#writing.files.put();
    const file = await this.#file;
    await file.write(frame);
  }

  async end(): Promise<BlobFacts> {
    if (this.#file !== undefined) return await (await this.#file).end();
    const bytes = this.#first ?? Buffer.alloc(0);
    const leaf = hash('sha256', bytes, 'buffer');
    // Bytes that fit a frame have one leaf, which is their tree hash and their linear hash.
    const facts = { sizeBytes: bytes.length, linearHash: leaf.toString('hex'), treeHash: leaf.toString('hex') };
    this.#ended = { facts, leaf };
    return facts;
  }

  async commit(about: BlobAbout): Promise<string> {
    if (this.#file !== undefined) return await (await this.#file).commit(about);
    if (this.#ended === undefined) throw new Error('the blob has not ended');
    return await this.#writing.segments.add({ bytes: this.#first ?? Buffer.alloc(0), leaf: this.#ended.leaf, about });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const file = await this.#file?.catch(() => undefined);
    await file?.[Symbol.asyncDispose]();
  }
}
