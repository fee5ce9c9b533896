import { removeFile, syncDirectory } from '../files/durable.ts';
import type { FrameWork } from '../frames/frame-work.ts';
import { newBlobId } from '../model/ids.ts';
import { BlobMissingError, type Surveyed, type Verdict, type VerifyOptions } from './blob-store.ts';
import type { CopyPlace } from './copy-writer.ts';
import type { DiskCalls } from './disk-calls.ts';
import { listFiles, surveyFiles } from './file-listing.ts';
import { filePathsIn, makeFileDirectories } from './file-paths.ts';
import { FileReader } from './file-reader.ts';
import { rewrapFiles } from './file-rewrap.ts';
import { verifyFile } from './file-verify.ts';
import { FileWriter } from './file-writer.ts';
import type { MasterKeys, Rewrapped, Rewrapping } from './master-keys.ts';
import type { OnFault } from './store-faults.ts';
import { Turns } from './turns.ts';

export interface FileStoreOptions {
  /** The directories that keep the same: the first copy and, if there is one, the mirror. */
  roots: readonly string[];
  calls: DiskCalls;
  frames: FrameWork;
  /** Null: what is written is not sealed. */
  masterKeys: MasterKeys | null;
  onFault: OnFault;
  /** Nothing is changed: another process may own the files. */
  readOnly?: boolean;
}

/** The blobs that have files of their own, in one or two copies. */
export class FileStore {
  readonly #options: FileStoreOptions;
  /** Blobs between `put` and the end of their writer's life, whose rows cannot exist yet. */
  readonly #writing = new Set<string>();
  /** Nothing that replaces the file of a blob may meet what deletes it. */
  readonly #turns = new Turns();

  private constructor(options: FileStoreOptions) {
    this.#options = options;
  }

  /** Makes what directories are missing in the copies, whose parents must be there, and removes what was not finished. */
  static async open(options: FileStoreOptions): Promise<FileStore> {
    if (!options.readOnly) for (const root of options.roots) await makeFileDirectories(root);
    return new FileStore(options);
  }

  async put(): Promise<FileWriter> {
    const { roots, frames, masterKeys, onFault } = this.#options;
    const blobId = newBlobId();
    this.#writing.add(blobId);
    const onClose = (): void => void this.#writing.delete(blobId);
    try {
      // Only what the addon writes: it knows what to do with the last frame, which is no whole number of blocks.
      const places = roots.map((root, index) => ({
        ...this.#placeOf(root, blobId),
        isDirect: index === 0 && frames.kind === 'native',
      }));
      return await FileWriter.open({ blobId, places, frames, masterKeys, onFault, onClose });
    } catch (error) {
      onClose();
      throw error;
    }
  }

  async open(blobId: string): Promise<FileReader> {
    return await FileReader.open({ ...this.#options, blobId });
  }

  async stat(blobId: string): Promise<{ sizeBytes: number } | undefined> {
    try {
      await using reader = await FileReader.open({ ...this.#options, blobId, isMeasured: true });
      return { sizeBytes: reader.sizeBytes };
    } catch (error) {
      if (error instanceof BlobMissingError) return undefined;
      throw error;
    }
  }

  /** Removes the files of all copies, for good: the metadata may be made again from what is there. */
  async delete(blobIds: readonly string[]): Promise<void> {
    const { roots, calls } = this.#options;
    const paths = blobIds.map((blobId) => ({
      blobId,
      inCopies: roots.map((root) => ({ root, ...filePathsIn(root, blobId) })),
    }));
    for (const { blobId, inCopies } of paths) {
      await this.#turns.run(blobId, async () => {
        for (const { root, final } of inCopies) await calls.run(root, () => removeFile(final));
      });
    }
    const directories = new Map(
      paths.flatMap(({ inCopies }) => inCopies.map(({ directory, root }) => [directory, root])),
    );
    for (const [directory, root] of directories) await calls.run(root, () => syncDirectory(directory));
  }

  list(): AsyncIterable<{ blobId: string; changedAtMs: number }> {
    return listFiles(this.#listing());
  }

  survey(): AsyncIterable<Surveyed> {
    return surveyFiles(this.#listing());
  }

  async verify(blobId: string, options: VerifyOptions = {}): Promise<Verdict> {
    const placeIn = (root: string): CopyPlace => this.#placeOf(root, blobId);
    const repairs = !this.#options.readOnly;
    return await this.#turns.run(blobId, () => verifyFile({ ...this.#options, ...options, blobId, placeIn, repairs }));
  }

  /** Nothing else may be using the store. */
  async rewrap(rewrapping: Rewrapping): Promise<Rewrapped> {
    const { masterKeys } = this.#options;
    if (masterKeys === null) throw new Error('without master keys nothing can be wrapped');
    return await rewrapFiles(this.#listing(), { ...rewrapping, masterKeys });
  }

  #listing() {
    const { roots, calls } = this.#options;
    return { roots, calls, isBeingWritten: (blobId: string) => this.#writing.has(blobId) };
  }

  #placeOf(root: string, blobId: string): CopyPlace {
    return { root, paths: filePathsIn(root, blobId), calls: this.#options.calls };
  }
}
