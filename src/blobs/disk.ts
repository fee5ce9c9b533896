import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { chooseFrameWork } from '../frames/choose.ts';
import type { FrameWork } from '../frames/frame-work.ts';
import type { BlobReader, BlobStore, BlobWriter, Compacting, Surveyed, Verdict, VerifyOptions } from './blob-store.ts';
import { type DiskCalls, straightCalls } from './disk-calls.ts';
import { DiskWriter } from './disk-writer.ts';
import { FileStore } from './file-store.ts';
import type { MasterKeys, Rewrapped, Rewrapping } from './master-keys.ts';
import { SegmentReader } from './segment-reader.ts';
import { parseSegmentBlobId } from './segments/segment-blob-id.ts';
import { SegmentStore } from './segments/segment-store.ts';
import { openCopies } from './store-copies.ts';
import type { OnFault } from './store-faults.ts';

export interface DiskStoreOptions {
  /** The directory of the mirror's blobs; it is made, and the directory it is in. */
  mirror: string | undefined;
  /** Null: nothing is sealed, and what was cannot be read. */
  masterKeys: MasterKeys | null;
  frames: FrameWork;
  calls: DiskCalls;
  onFault: OnFault;
}

/** The mirror is not where it was, so that nothing can be kept twice; what is there is still served. */
export class MirrorMissingError extends Error {
  constructor(why: string) {
    super(`nothing is written: ${why}`);
    this.name = 'MirrorMissingError';
  }
}

/** Blobs on disk: those of up to one frame many to a file, each larger one in a file of its own. The id says which. */
export class DiskBlobStore implements BlobStore {
  /** The directories of the copies that are there. */
  readonly roots: readonly string[];
  readonly #files: FileStore;
  readonly #segments: SegmentStore;
  readonly #mirrorMissing: string | undefined;

  private constructor(parts: {
    roots: readonly string[];
    files: FileStore;
    segments: SegmentStore;
    mirrorMissing: string | undefined;
  }) {
    this.roots = parts.roots;
    this.#files = parts.files;
    this.#segments = parts.segments;
    this.#mirrorMissing = parts.mirrorMissing;
  }

  /**
   * Opens the store under `root`, making its directories. Unfinished files of an earlier run are removed. Throws
   * StoreRefusedError when the mirror is not this store's.
   */
  static async open(root: string, options: Partial<DiskStoreOptions> = {}): Promise<DiskBlobStore> {
    const { masterKeys = null, frames = chooseFrameWork(), calls = straightCalls, onFault = () => undefined } = options;
    const { roots, mirrorMissing } = await openCopies({ first: root, mirror: options.mirror });
    if (mirrorMissing !== undefined && options.mirror !== undefined) {
      onFault({ kind: 'missing', directory: options.mirror, error: new MirrorMissingError(mirrorMissing) });
    }
    const files = await FileStore.open({ roots, masterKeys, frames, calls, onFault });
    const segments = await SegmentStore.open({ directories: segmentDirectoriesOf(roots), masterKeys, calls, onFault });
    return new DiskBlobStore({ roots, files, segments, mirrorMissing });
  }

  /** Opens the store under `root` as it is, to read what another process may be writing; nothing there is changed. */
  static async openToRead(
    root: string,
    { mirror, masterKeys = null }: Partial<Pick<DiskStoreOptions, 'mirror' | 'masterKeys'>> = {},
  ): Promise<DiskBlobStore> {
    const roots = mirror === undefined ? [root] : [root, mirror];
    for (const copy of roots) await readdir(copy);
    const options = { masterKeys, readOnly: true };
    const files = await FileStore.open({
      ...{ ...options, roots, frames: chooseFrameWork(), calls: straightCalls },
      onFault: () => undefined,
    });
    const segments = await SegmentStore.open({ ...options, directories: segmentDirectoriesOf(roots) });
    return new DiskBlobStore({ roots, files, segments, mirrorMissing: 'the store was opened to be read' });
  }

  async put(): Promise<BlobWriter> {
    this.#expectMirror();
    return new DiskWriter({ files: this.#files, segments: this.#segments });
  }

  async open(blobId: string): Promise<BlobReader> {
    if (isSegmentBlobId(blobId)) return await SegmentReader.open({ segments: this.#segments, blobId });
    return await this.#files.open(blobId);
  }

  async stat(blobId: string): Promise<{ sizeBytes: number } | undefined> {
    return await (isSegmentBlobId(blobId) ? this.#segments : this.#files).stat(blobId);
  }

  async delete(blobIds: readonly string[]): Promise<void> {
    this.#expectMirror();
    const { small = [], large = [] } = Object.groupBy(blobIds, (blobId) =>
      isSegmentBlobId(blobId) ? 'small' : 'large',
    );
    await this.#files.delete(large);
    await this.#segments.delete(small);
  }

  async *list(): AsyncIterable<{ blobId: string; changedAtMs: number }> {
    yield* this.#files.list();
    yield* this.#segments.list();
  }

  async *survey(): AsyncIterable<Surveyed> {
    yield* this.#files.survey();
    yield* this.#segments.survey();
  }

  async verify(blobId: string, options: VerifyOptions = {}): Promise<Verdict> {
    return await (isSegmentBlobId(blobId) ? this.#segments : this.#files).verify(blobId, options);
  }

  async rewrap(rewrapping: Rewrapping): Promise<Rewrapped> {
    this.#expectMirror();
    const large = await this.#files.rewrap(rewrapping);
    const small = await this.#segments.rewrap(rewrapping);
    return {
      current: large.current + small.current,
      rewrapped: large.rewrapped + small.rewrapped,
      failed: new Map([...large.failed, ...small.failed]),
    };
  }

  async compact(options: Compacting = {}): Promise<{ reclaimedBytes: number }> {
    if (this.#mirrorMissing !== undefined) return { reclaimedBytes: 0 };
    return await this.#segments.compact(options);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#segments[Symbol.asyncDispose]();
  }

  #expectMirror(): void {
    if (this.#mirrorMissing !== undefined) throw new MirrorMissingError(this.#mirrorMissing);
  }
}

function segmentDirectoriesOf(roots: readonly string[]): [first: string, mirror?: string] {
  const [first, mirror] = roots.map((copy) => join(copy, 'segments'));
  if (first === undefined) throw new Error('a store has a directory');
  return mirror === undefined ? [first] : [first, mirror];
}

const isSegmentBlobId = (blobId: string): boolean => parseSegmentBlobId(blobId) !== undefined;
