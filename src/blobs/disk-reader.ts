import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { isErrno, readFully } from '../files/durable.ts';
import { FOOTER_BYTES, parseFooter, parseTables, verifyFrame } from './blob-format.ts';
import { BlobDamagedError, BlobMissingError, type BlobReader, FRAME_BYTES } from './blob-store.ts';

/** Read at once from the end of a file: the tables and the footer of a blob of up to 112 MiB, so that most need no more. */
const END_BYTES = 4096;

/** Reads one blob, checking every byte it hands out. */
export class DiskReader implements BlobReader {
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

  /** Opens the blob in the file at `path`. Throws BlobMissingError and BlobDamagedError. */
  static async open({ path, blobId }: { path: string; blobId: string }): Promise<DiskReader> {
    const handle = await openFile(path, blobId);
    try {
      return await DiskReader.#over(handle, blobId);
    } catch (error) {
      await handle.close();
      throw error;
    }
  }

  static async #over(handle: FileHandle, blobId: string): Promise<DiskReader> {
    const { size: fileBytes } = await handle.stat();
    if (fileBytes < FOOTER_BYTES) throw new BlobDamagedError(blobId, `its file has only ${fileBytes} bytes`);
    const endBytes = Math.min(fileBytes, END_BYTES);
    const end = await readFully(handle, Buffer.alloc(endBytes), fileBytes - endBytes);
    const footer = parseFooter(end.subarray(-FOOTER_BYTES), { blobId, fileBytes });
    const tailBytes = footer.tablesBytes + FOOTER_BYTES;
    const isRead = tailBytes <= end.length;
    const tail = isRead ? end.subarray(-tailBytes) : await readFully(handle, Buffer.alloc(tailBytes), footer.sizeBytes);
    if (tail.length !== tailBytes) throw new BlobDamagedError(blobId, 'its file became shorter');
    const tables = parseTables(tail, { blobId, frames: footer.frames });
    return new DiskReader(handle, blobId, { sizeBytes: footer.sizeBytes, ...tables });
  }

  async readFrame(index: number, into: Buffer): Promise<Buffer> {
    const startByte = index * FRAME_BYTES;
    if (startByte < 0 || startByte >= this.sizeBytes) throw new RangeError(`there is no frame ${index}`);
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

/** A symbolic link is never one of ours, whatever it points to. */
async function openFile(path: string, blobId: string): Promise<FileHandle> {
  try {
    return await open(path, constants.O_RDONLY | constants.O_NOFOLLOW);
  } catch (cause) {
    if (isErrno(cause, 'ENOENT')) throw new BlobMissingError(blobId, { cause });
    if (isErrno(cause, 'ELOOP')) throw new BlobDamagedError(blobId, 'its file is a symbolic link', { cause });
    throw cause;
  }
}
