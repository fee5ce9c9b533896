import type { FileHandle } from 'node:fs/promises';
import { readFully } from '../files/durable.ts';
import { BlobDamagedError } from './blob-store.ts';
import { type FileTail, FOOTER_BYTES, isFooter, parseFooter, parseTail } from './file-format.ts';
import { FOOTER_1_BYTES, isFooter1, parseFooter1, parseTail1 } from './file-format-1.ts';

/** Read at once from the end of a file: the whole tail of a blob of more than a gigabyte, so that few need a second read. */
const END_BYTES = 64 * 1024;

/** A tail, and its bytes for whoever makes the file anew. */
export interface ReadTail extends FileTail {
  /** Everything after the data. */
  bytes: Buffer;
}

/**
 * Reads what the file of a blob says of its data. Throws BlobDamagedError when any of it was changed; broken slots of keys
 * are told, for a blob can be put right as long as one slot is whole.
 */
export async function readTail(handle: FileHandle, blobId: string): Promise<ReadTail> {
  const file = await handle.stat();
  if (!file.isFile()) throw new BlobDamagedError(blobId, 'its file is not one');
  const fileBytes = file.size;
  const endBytes = Math.min(fileBytes, END_BYTES);
  const end = await readFully(handle, Buffer.allocUnsafe(endBytes), fileBytes - endBytes);
  if (end.length !== endBytes) throw new BlobDamagedError(blobId, 'its file became shorter');

  const bytesFrom = async (sizeBytes: number): Promise<Buffer> => {
    const tailBytes = fileBytes - sizeBytes;
    if (tailBytes <= endBytes) return end.subarray(endBytes - tailBytes);
    const tail = await readFully(handle, Buffer.allocUnsafe(tailBytes), sizeBytes);
    if (tail.length !== tailBytes) throw new BlobDamagedError(blobId, 'its file became shorter');
    return tail;
  };

  const footer = end.subarray(-FOOTER_BYTES);
  if (isFooter(footer)) {
    const shape = parseFooter(footer, { blobId, fileBytes });
    const bytes = await bytesFrom(shape.sizeBytes);
    return { bytes, ...parseTail(bytes, { blobId, shape }) };
  }
  const footer1 = end.subarray(-FOOTER_1_BYTES);
  if (!isFooter1(footer1)) throw new BlobDamagedError(blobId, 'its footer is not one');
  const sizeBytes = parseFooter1(footer1, { blobId, fileBytes });
  const bytes = await bytesFrom(sizeBytes);
  const tables = parseTail1(bytes, { blobId, sizeBytes });
  return { bytes, sizeBytes, ...tables, checkBytes: 4, about: null, linearHash: null, keys: null };
}
