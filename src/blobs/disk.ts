import { chooseFrameWork } from '../frames/choose.ts';
import type { FrameWork } from '../frames/frame-work.ts';
import type { BlobReader, BlobStore, BlobWriter, Surveyed, Verdict } from './blob-store.ts';
import { type DiskCalls, straightCalls } from './disk-calls.ts';
import { FileStore } from './file-store.ts';
import type { MasterKeys } from './master-keys.ts';
import type { OnFault } from './store-faults.ts';

export interface DiskStoreOptions {
  /** Null: what is written is not sealed, and what was sealed cannot be read. */
  masterKeys: MasterKeys | null;
  frames: FrameWork;
  calls: DiskCalls;
  onFault: OnFault;
}

/** Blobs on disk. */
export class DiskBlobStore implements BlobStore {
  readonly #files: FileStore;

  private constructor(files: FileStore) {
    this.#files = files;
  }

  /** Opens the store under `root`, making its directories. Unfinished files of an earlier run are removed. */
  static async open(root: string, options: Partial<DiskStoreOptions> = {}): Promise<DiskBlobStore> {
    const { masterKeys = null, frames = chooseFrameWork(), calls = straightCalls, onFault = () => undefined } = options;
    return new DiskBlobStore(await FileStore.open({ roots: [root], masterKeys, frames, calls, onFault }));
  }

  put(): Promise<BlobWriter> {
    return this.#files.put();
  }

  open(blobId: string): Promise<BlobReader> {
    return this.#files.open(blobId);
  }

  stat(blobId: string): Promise<{ sizeBytes: number } | undefined> {
    return this.#files.stat(blobId);
  }

  delete(blobIds: readonly string[]): Promise<void> {
    return this.#files.delete(blobIds);
  }

  list(): AsyncIterable<{ blobId: string; changedAtMs: number }> {
    return this.#files.list();
  }

  survey(): AsyncIterable<Surveyed> {
    return this.#files.survey();
  }

  verify(blobId: string, options: { signal?: AbortSignal } = {}): Promise<Verdict> {
    return this.#files.verify(blobId, options);
  }

  async [Symbol.asyncDispose](): Promise<void> {}
}
