import { hash } from 'node:crypto';
import { removeFile } from '../files/durable.ts';
import { BlobDamagedError, BlobMissingError, FRAME_BYTES, type Verdict, type VerifyOptions } from './blob-store.ts';
import { CopyReader, StillReadingError } from './copy-reader.ts';
import { type CopyPlace, CopyWriter } from './copy-writer.ts';
import { LEAF_BYTES } from './file-format.ts';
import { type FileReading, faultOf } from './file-reader.ts';
import type { ReadTail } from './file-tail.ts';
import { formatSlots } from './key-slots.ts';
import { KeyMissingError } from './master-keys.ts';
import { treeHashOf } from './tree-hash-of.ts';

export interface FileVerifying extends FileReading {
  /** Where a copy under this directory is written. */
  placeIn: (root: string) => CopyPlace;
  signal?: AbortSignal | undefined;
  /** Called before each frame of each copy with its bytes. */
  pace?: VerifyOptions['pace'];
  /** Whether copies that are damaged are made again. */
  repairs: boolean;
}

/** A copy as it was found. */
interface FoundCopy {
  root: string;
  /** Undefined when it could not be opened. */
  reader: CopyReader | undefined;
  dataKey: Buffer | undefined;
  /** Frames that cannot be read or are not what was stored. */
  badFrames: Set<number>;
  /** Undefined when every byte is right. */
  fault: Error | undefined;
}

/**
 * Checks every byte of every copy of a blob that has a file: the tail by its checksum, the frames by their checks and
 * their SHA-256. A copy that is missing or damaged is made again from whatever frames are right in any copy; the file with the
 * damage stays until the new one is durable. Throws KeyMissingError, since nobody can tell then, and what the signal and
 * `pace` do.
 */
export async function verifyFile(verifying: FileVerifying): Promise<Verdict> {
  await using opened = new AsyncDisposableStack();
  const copies: FoundCopy[] = [];
  for (const root of verifying.roots) copies.push(await openCopy(verifying, root, opened));
  const { signal } = verifying;
  const buffer = { frame: verifying.frames.allocate() };
  for (const copy of copies) await checkFrames(copy, { ...verifying, buffer });

  const faulty = copies.filter(({ fault }) => fault !== undefined);
  const what = faulty.map(({ root, fault }) => `${fault?.message} (${root})`).join('; ') || null;
  if (copies.every(({ fault }) => fault instanceof BlobMissingError)) return { state: 'missing', treeHash: null, what };
  for (const { root: directory, fault } of faulty) {
    verifying.onFault({ ...faultOf(fault), directory, blobId: verifying.blobId });
  }
  const sources = copies.filter(({ reader }) => reader !== undefined);
  const [tail, ...otherTails] = sources.map(({ reader }) => reader?.tail);
  if (tail === undefined) return { state: 'damaged', treeHash: null, what };
  const differs = otherTails.some((other) => !other?.leaves.equals(tail.leaves) || other.sizeBytes !== tail.sizeBytes);
  if (differs) return { state: 'damaged', treeHash: null, what: 'its copies differ' };
  const lost = Array.from({ length: tail.frames }, (_, index) => index).filter((index) =>
    sources.every(({ badFrames }) => badFrames.has(index)),
  );
  if (lost.length > 0) return { state: 'damaged', treeHash: null, what };
  const treeHash = treeHashOf(tail.leaves);
  if (faulty.length === 0) return { state: 'intact', treeHash, what: null };
  if (!verifying.repairs) return { state: 'damaged', treeHash, what };
  try {
    for (const { root } of faulty) await makeAgain(root, { verifying, sources, tail, frame: buffer.frame });
    return { state: 'repaired', treeHash, what };
  } catch (error) {
    signal?.throwIfAborted();
    return { state: 'damaged', treeHash, what: `${what}; it could not be repaired: ${(error as Error).message}` };
  }
}

async function openCopy(verifying: FileVerifying, root: string, opened: AsyncDisposableStack): Promise<FoundCopy> {
  const { blobId, calls, masterKeys, signal } = verifying;
  signal?.throwIfAborted();
  const copy: FoundCopy = { root, reader: undefined, dataKey: undefined, badFrames: new Set(), fault: undefined };
  try {
    const reader = opened.use(await CopyReader.open({ root, blobId, calls }));
    copy.dataKey = reader.dataKey(masterKeys);
    copy.reader = reader;
    reader.expectWholeKeys();
  } catch (error) {
    if (error instanceof KeyMissingError) throw error;
    copy.fault = error as Error;
  }
  return copy;
}

/** Reads all frames; what is right has the SHA-256 that was stored. A buffer that a call is still at is exchanged. */
async function checkFrames(copy: FoundCopy, verifying: FileVerifying & { buffer: { frame: Buffer } }): Promise<void> {
  const { blobId, frames, buffer, signal, pace } = verifying;
  const { reader, dataKey, badFrames } = copy;
  if (reader === undefined) return;
  for (let index = 0; index < reader.tail.frames; index += 1) {
    signal?.throwIfAborted();
    await pace?.(Math.min(FRAME_BYTES, reader.tail.sizeBytes - index * FRAME_BYTES));
    try {
      const frame = await reader.readFrame(index, { into: buffer.frame, frames, dataKey });
      const leaf = reader.tail.leaves.subarray(index * LEAF_BYTES, (index + 1) * LEAF_BYTES);
      if (!hash('sha256', frame, 'buffer').equals(leaf))
        throw new BlobDamagedError(blobId, `frame ${index} was changed`);
    } catch (error) {
      if (error instanceof StillReadingError) buffer.frame = frames.allocate();
      badFrames.add(index);
      copy.fault ??= error as Error;
    }
  }
}

interface Making {
  verifying: FileVerifying;
  /** Copies that could be opened, each frame of which is right in at least one. */
  sources: FoundCopy[];
  tail: ReadTail;
  frame: Buffer;
}

/** Writes a new file, frame by frame, each from a copy that has it, and puts it in the place of the old one. */
async function makeAgain(root: string, { verifying, sources, tail, frame: into }: Making): Promise<void> {
  const { blobId, frames, signal } = verifying;
  const place = { ...verifying.placeIn(root), isReplacement: true };
  await place.calls.run(root, () => removeFile(place.paths.incoming));
  await using writer = await CopyWriter.open(place);
  for (let index = 0; index < tail.frames; index += 1) {
    signal?.throwIfAborted();
    const source = sources.find(({ badFrames }) => !badFrames.has(index));
    const frame = await source?.reader?.readFrame(index, { into, frames, dataKey: source.dataKey });
    if (frame === undefined) throw new BlobDamagedError(blobId, `frame ${index} is in no copy any more`);
    const position = index * FRAME_BYTES;
    const seal = source?.dataKey === undefined ? {} : { seal: { key: source.dataKey, index } };
    // Sealed with the same key at the same place, the bytes and their tag are what they were.
    const write = (file: { fd: number }): Promise<Buffer> => frames.write(file.fd, frame, { position, ...seal });
    const check = await writer.append(frame.length, write);
    const stored = tail.checks.subarray(index * tail.checkBytes, (index + 1) * tail.checkBytes);
    if (!check.equals(stored)) throw new BlobDamagedError(blobId, `frame ${index} changed while it was copied`);
  }
  await writer.finish(tailBytes(tail, blobId), tail.sizeBytes);
  writer.keep();
}

/** The tail as it should be: a slot of keys that was changed is empty. */
function tailBytes({ bytes, keys, sizeBytes }: ReadTail, blobId: string): Buffer {
  if (keys === null || keys.broken.length === 0) return bytes;
  const whole = Buffer.from(bytes);
  formatSlots(blobId, keys).copy(whole, keys.keysAt - sizeBytes);
  return whole;
}
