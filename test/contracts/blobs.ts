import { createHash } from 'node:crypto';
import { type BlobStore, FRAME_BYTES } from '../../src/blobs/blob-store.ts';
import type { BlobAbout } from '../../src/model/blob-about.ts';

/** The same id for the same words, different ones for others. */
export const idOf = (...words: (string | number)[]): string =>
  createHash('sha256').update(words.join(' ')).digest('hex').slice(0, 32);

export function framesOf(bytes: Buffer): Buffer[] {
  const count = Math.ceil(bytes.length / FRAME_BYTES);
  return Array.from({ length: count }, (_, index) => bytes.subarray(index * FRAME_BYTES, (index + 1) * FRAME_BYTES));
}

export const leavesOf = (bytes: Buffer): Buffer =>
  Buffer.concat(framesOf(bytes).map((frame) => createHash('sha256').update(frame).digest()));

export const ABOUT: BlobAbout = { kind: 'output', createdAtMs: 0 };

/** Stores bytes as a blob, and returns its id. */
export async function put(store: BlobStore, bytes: Buffer, about: BlobAbout = ABOUT): Promise<string> {
  await using writer = await store.put();
  for (const frame of framesOf(bytes)) await writer.write(Buffer.from(frame));
  await writer.end();
  return await writer.commit(about);
}

/** All bytes of a blob, every frame into its own buffer. */
export async function readAll(store: BlobStore, blobId: string): Promise<Buffer> {
  await using reader = await store.open(blobId);
  const frames: Buffer[] = [];
  for (let index = 0; index * FRAME_BYTES < reader.sizeBytes; index += 1) {
    frames.push(await reader.readFrame(index, Buffer.alloc(FRAME_BYTES)));
  }
  return Buffer.concat(frames);
}

export async function entriesOf(store: BlobStore): Promise<{ blobId: string; changedAtMs: number }[]> {
  const entries: { blobId: string; changedAtMs: number }[] = [];
  for await (const entry of store.list()) entries.push(entry);
  return entries;
}

export async function listOf(store: BlobStore): Promise<string[]> {
  return (await entriesOf(store)).map(({ blobId }) => blobId);
}
