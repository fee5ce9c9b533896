import { type BlobStore, FRAME_BYTES } from './blob-store.ts';

/** All bytes of a small blob, verified; undefined when it is larger than `sizeBytesMax`. Throws as `open` and `readFrame` do. */
export async function readBlob(
  blobs: BlobStore,
  { blobId, sizeBytesMax }: { blobId: string; sizeBytesMax: number },
): Promise<Buffer | undefined> {
  await using reader = await blobs.open(blobId);
  if (reader.sizeBytes > sizeBytesMax) return undefined;
  const frame = Buffer.alloc(FRAME_BYTES);
  const bytes = Buffer.alloc(reader.sizeBytes);
  for (let at = 0, index = 0; at < bytes.length; index += 1) {
    const read = await reader.readFrame(index, frame);
    read.copy(bytes, at);
    at += read.length;
  }
  return bytes;
}
