import { createHash } from 'node:crypto';
import { type FileHandle, open, rename, unlink } from 'node:fs/promises';
import { syncDirectory, writeFully } from '../files/durable.ts';
import type { BlobAbout } from '../model/blob-about.ts';
import { MIB } from '../model/limits.ts';
import { TreeHasher } from '../tree-hash/tree-hasher.ts';
import { CheckTable } from './blob-format.ts';
import { type BlobFacts, type BlobWriter, FRAME_BYTES } from './blob-store.ts';

/** Where a blob is written and where it ends up. */
export interface BlobPaths {
  incoming: string;
  directory: string;
  final: string;
}

// Large bodies are flushed while they arrive: otherwise gigabytes of dirty pages wait for the last fsync, and the client
// waits with them.
const FLUSH_EVERY_BYTES = 32 * MIB;

/**
 * Writes one blob: bytes to a private file, fsync, rename, fsync of the directory. Once any of these fails the blob cannot
 * be committed; disposing removes what is there.
 */
export class DiskWriter implements BlobWriter {
  readonly #blobId: string;
  readonly #paths: BlobPaths;
  readonly #handle: FileHandle;
  readonly #checks = new CheckTable();
  readonly #tree = new TreeHasher();
  readonly #linear = createHash('sha256');
  readonly #onClose: () => void;
  #sizeBytes = 0;
  #writtenBytes = 0;
  #unflushedBytes = 0;
  #written: Promise<void> = Promise.resolve();
  #flush: Promise<void> = Promise.resolve();
  #ended: { facts: BlobFacts; leaves: Buffer } | undefined;
  #broken = false;
  #state: 'open' | 'renamed' | 'closed' = 'open';

  private constructor(blobId: string, paths: BlobPaths, handle: FileHandle, onClose: () => void) {
    this.#blobId = blobId;
    this.#paths = paths;
    this.#handle = handle;
    this.#onClose = onClose;
  }

  static async open({ blobId, paths, onClose }: { blobId: string; paths: BlobPaths; onClose: () => void }) {
    return new DiskWriter(blobId, paths, await open(paths.incoming, 'wx', 0o600), onClose);
  }

  write(frame: Buffer): Promise<void> {
    // Hashed at once, while the bytes are still in the processor's cache.
    this.#tree.addLeaf(frame);
    if (this.#sizeBytes > 0 || frame.length === FRAME_BYTES) this.#linear.update(frame);
    this.#checks.add(frame);
    this.#sizeBytes += frame.length;
    this.#written = this.#written.then(() => this.#append(frame));
    this.#written.catch(() => undefined);
    return this.#written;
  }

  async end(): Promise<BlobFacts> {
    await this.#written;
    const { treeHash, leaves } = this.#tree.digest();
    // Bytes that do not fill a frame have one leaf, which is their tree hash and their linear hash.
    const linearHash = this.#sizeBytes < FRAME_BYTES ? treeHash : this.#linear.digest();
    const facts = {
      sizeBytes: this.#sizeBytes,
      linearHash: linearHash.toString('hex'),
      treeHash: treeHash.toString('hex'),
    };
    this.#ended = { facts, leaves: this.#sizeBytes === 0 ? Buffer.alloc(0) : leaves };
    return facts;
  }

  async commit(_about: BlobAbout): Promise<string> {
    if (this.#broken) throw new Error('a file operation of this blob failed; it cannot be committed');
    if (this.#ended === undefined) throw new Error('the blob has not ended');
    const { leaves } = this.#ended;
    const tail = this.#checks.close({ blobId: this.#blobId, sizeBytes: this.#sizeBytes, leaves });
    await this.#guard(async () => {
      await this.#flush;
      await writeFully(this.#handle, tail, this.#sizeBytes);
      await this.#handle.sync();
      await this.#handle.close();
      await rename(this.#paths.incoming, this.#paths.final);
      this.#state = 'renamed';
      await syncDirectory(this.#paths.directory);
    });
    this.#state = 'closed';
    this.#onClose();
    return this.#blobId;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#state === 'closed') return;
    const leftover = this.#state === 'renamed' ? this.#paths.final : this.#paths.incoming;
    this.#state = 'closed';
    await this.#written.catch(() => undefined);
    await this.#flush.catch(() => undefined);
    await this.#handle.close().catch(() => undefined);
    // A leftover that cannot be removed is garbage without a row, which the sweeps take.
    await unlink(leftover).catch(() => undefined);
    this.#onClose();
  }

  async #append(frame: Buffer): Promise<void> {
    await this.#guard(() => writeFully(this.#handle, frame, this.#writtenBytes));
    this.#writtenBytes += frame.length;
    this.#unflushedBytes += frame.length;
    if (this.#unflushedBytes < FLUSH_EVERY_BYTES) return;
    // At most one flush runs behind the writer, so the dirty bytes stay within two steps.
    await this.#guard(() => this.#flush);
    this.#unflushedBytes = 0;
    this.#flush = this.#handle.datasync();
    this.#flush.catch(() => undefined);
  }

  async #guard(call: () => Promise<void>): Promise<void> {
    try {
      await call();
    } catch (error) {
      this.#broken = true;
      throw error;
    }
  }
}
