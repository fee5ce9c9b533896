import type { Stats } from 'node:fs';
import { lstat, opendir, readdir, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { isErrno, makeDirectory, syncDirectory } from '../files/durable.ts';
import { newBlobId } from '../model/ids.ts';
import {
  BlobDamagedError,
  BlobMissingError,
  type BlobReader,
  type BlobStore,
  type BlobWriter,
  FRAME_BYTES,
  type Surveyed,
  type Verdict,
  type VerifyOptions,
} from './blob-store.ts';
import { DiskReader } from './disk-reader.ts';
import { type BlobPaths, DiskWriter } from './disk-writer.ts';
import { treeHashOf } from './tree-hash-of.ts';

/**
 * Blobs as files: `<root>/<first two digits of the id>/<id>`, written under `<root>/incoming` and renamed when whole. The
 * 256 directories are made when the store is opened, so that a write never has to make a directory durable.
 */
const INCOMING = 'incoming';
const BLOB_ID = /^[0-9a-f]{32}$/;
const DIRECTORIES = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));

export class DiskBlobStore implements BlobStore {
  readonly #root: string;
  /** Blobs between `put` and the end of their writer's life, whose rows cannot exist yet. */
  readonly #writing = new Set<string>();

  private constructor(root: string) {
    this.#root = root;
  }

  /** Opens the store under `root`, making its directories. Unfinished files of an earlier run are removed. */
  static async open(root: string): Promise<DiskBlobStore> {
    await makeDirectory(root);
    await syncDirectory(join(root, '..'));
    const present = new Set(await readdir(root));
    const missing = [INCOMING, ...DIRECTORIES].filter((name) => !present.has(name));
    for (const name of missing) await makeDirectory(join(root, name));
    // Also when none is missing: a run that was killed may have made them and not come as far as this.
    await syncDirectory(root);
    for (const name of await readdir(join(root, INCOMING))) await unlink(join(root, INCOMING, name));
    return new DiskBlobStore(root);
  }

  /** Opens the store under `root` as it is, to read what another process writes; nothing there is changed. */
  static async openToRead(root: string): Promise<DiskBlobStore> {
    await readdir(root);
    return new DiskBlobStore(root);
  }

  async put(): Promise<BlobWriter> {
    const blobId = newBlobId();
    this.#writing.add(blobId);
    try {
      const onClose = () => this.#writing.delete(blobId);
      return await DiskWriter.open({ blobId, paths: this.#pathsOf(blobId), onClose });
    } catch (error) {
      this.#writing.delete(blobId);
      throw error;
    }
  }

  async open(blobId: string): Promise<BlobReader> {
    return DiskReader.open({ path: this.#pathsOf(blobId).final, blobId });
  }

  async stat(blobId: string): Promise<{ sizeBytes: number } | undefined> {
    try {
      await using reader = await this.open(blobId);
      return { sizeBytes: reader.sizeBytes };
    } catch (error) {
      if (error instanceof BlobMissingError) return undefined;
      throw error;
    }
  }

  async delete(blobIds: readonly string[]): Promise<void> {
    for (const blobId of blobIds) {
      try {
        await unlink(this.#pathsOf(blobId).final);
      } catch (error) {
        if (!isErrno(error, 'ENOENT')) throw error;
      }
    }
  }

  async *list(): AsyncIterable<{ blobId: string; changedAtMs: number }> {
    for (const name of DIRECTORIES) {
      for await (const entry of await opendir(join(this.#root, name))) {
        if (!BLOB_ID.test(entry.name) || this.#writing.has(entry.name)) continue;
        const found = await statOf(join(this.#root, name, entry.name));
        if (found?.isFile()) yield { blobId: entry.name, changedAtMs: found.mtimeMs };
      }
    }
  }

  async *survey(): AsyncIterable<Surveyed> {
    for await (const { blobId } of this.list()) {
      try {
        await using reader = await this.open(blobId);
        const { sizeBytes, leaves } = reader;
        yield { blobId, about: null, sizeBytes, linearHash: null, treeHash: treeHashOf(leaves) };
      } catch (error) {
        if (error instanceof BlobDamagedError) yield { place: this.#pathsOf(blobId).final, fault: error.message };
        else if (!(error instanceof BlobMissingError)) throw error;
      }
    }
  }

  async verify(blobId: string, { signal, pace }: VerifyOptions = {}): Promise<Verdict> {
    try {
      await using reader = await this.open(blobId);
      const frame = Buffer.allocUnsafeSlow(FRAME_BYTES);
      for (let index = 0; index * FRAME_BYTES < reader.sizeBytes; index += 1) {
        signal?.throwIfAborted();
        await pace?.(Math.min(FRAME_BYTES, reader.sizeBytes - index * FRAME_BYTES));
        await reader.readFrame(index, frame);
      }
      return { state: 'intact', treeHash: treeHashOf(reader.leaves), what: null };
    } catch (error) {
      const what = error instanceof Error ? error.message : String(error);
      if (error instanceof BlobMissingError) return { state: 'missing', treeHash: null, what };
      if (error instanceof BlobDamagedError) return { state: 'damaged', treeHash: null, what };
      throw error;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {}

  #pathsOf(blobId: string): BlobPaths {
    if (!BLOB_ID.test(blobId)) throw new Error(`not a blob id: ${blobId}`);
    const directory = join(this.#root, blobId.slice(0, 2));
    return { incoming: join(this.#root, INCOMING, blobId), directory, final: join(directory, blobId) };
  }
}

/** What is at `path` itself, links not followed; undefined when nothing is, or nothing is any more. */
async function statOf(path: string): Promise<Stats | undefined> {
  try {
    return await lstat(path);
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return undefined;
    throw error;
  }
}
