import { type FileHandle, open, opendir, readdir, stat, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { FOOTER_BYTES, parseFooter, parseTables, verifyFrame } from './blob-format.ts';
import {
  BlobDamagedError,
  BlobMissingError,
  type BlobReader,
  type BlobStore,
  type BlobWriter,
  FRAME_BYTES,
} from './blob-store.ts';
import { type BlobPaths, DiskWriter } from './disk-writer.ts';
import { isErrno, makeDirectory, readFully, syncDirectory } from './durable.ts';

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
    if (missing.length > 0) await syncDirectory(root);
    for (const name of await readdir(join(root, INCOMING))) await unlink(join(root, INCOMING, name));
    return new DiskBlobStore(root);
  }

  async put(blobId: string): Promise<BlobWriter> {
    const paths = this.#pathsOf(blobId);
    this.#writing.add(blobId);
    try {
      return await DiskWriter.open({ blobId, paths, onClose: () => this.#writing.delete(blobId) });
    } catch (error) {
      this.#writing.delete(blobId);
      throw error;
    }
  }

  async open(blobId: string): Promise<BlobReader> {
    let handle: FileHandle;
    try {
      handle = await open(this.#pathsOf(blobId).final, 'r');
    } catch (error) {
      if (isErrno(error, 'ENOENT')) throw new BlobMissingError(blobId, { cause: error });
      throw error;
    }
    try {
      return await DiskReader.over(handle, blobId);
    } catch (error) {
      await handle.close();
      throw error;
    }
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

  async delete(blobId: string): Promise<void> {
    try {
      await unlink(this.#pathsOf(blobId).final);
    } catch (error) {
      if (!isErrno(error, 'ENOENT')) throw error;
    }
  }

  async *list(): AsyncIterable<{ blobId: string; changedAtMs: number }> {
    for (const name of DIRECTORIES) {
      for await (const entry of await opendir(join(this.#root, name))) {
        if (!BLOB_ID.test(entry.name) || this.#writing.has(entry.name)) continue;
        const { mtimeMs } = await stat(join(this.#root, name, entry.name));
        yield { blobId: entry.name, changedAtMs: mtimeMs };
      }
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {}

  #pathsOf(blobId: string): BlobPaths {
    if (!BLOB_ID.test(blobId)) throw new Error(`not a blob id: ${blobId}`);
    const directory = join(this.#root, blobId.slice(0, 2));
    return { incoming: join(this.#root, INCOMING, blobId), directory, final: join(directory, blobId) };
  }
}

class DiskReader implements BlobReader {
  readonly sizeBytes: number;
  readonly leaves: Buffer;
  readonly #blobId: string;
  readonly #handle: FileHandle;
  readonly #checks: Buffer;

  private constructor(
    handle: FileHandle,
    blobId: string,
    described: { sizeBytes: number; checks: Buffer; leaves: Buffer },
  ) {
    this.#handle = handle;
    this.#blobId = blobId;
    this.#checks = described.checks;
    this.sizeBytes = described.sizeBytes;
    this.leaves = described.leaves;
  }

  static async over(handle: FileHandle, blobId: string): Promise<DiskReader> {
    const { size: fileBytes } = await handle.stat();
    if (fileBytes < FOOTER_BYTES) throw new BlobDamagedError(blobId, `its file has only ${fileBytes} bytes`);
    const end = await readFully(handle, Buffer.alloc(FOOTER_BYTES), fileBytes - FOOTER_BYTES);
    const footer = parseFooter(end, { blobId, fileBytes });
    const tail = await readFully(handle, Buffer.alloc(footer.tablesBytes + FOOTER_BYTES), footer.sizeBytes);
    const tables = parseTables(tail, { blobId, frames: footer.frames });
    return new DiskReader(handle, blobId, { sizeBytes: footer.sizeBytes, ...tables });
  }

  async readFrame(index: number, into: Buffer): Promise<Buffer> {
    const startByte = index * FRAME_BYTES;
    const lengthBytes = Math.min(FRAME_BYTES, this.sizeBytes - startByte);
    const frame = await readFully(this.#handle, into.subarray(0, lengthBytes), startByte);
    if (frame.length !== lengthBytes) throw new BlobDamagedError(this.#blobId, `frame ${index} is cut short`);
    verifyFrame(frame, { blobId: this.#blobId, checks: this.#checks, index });
    return frame;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#handle.close();
  }
}
