import { isErrno } from '../../files/durable.ts';
import type { MasterKeys, Rewrapped, Rewrapping } from '../master-keys.ts';
import { examine, type FoundPlace } from './findings.ts';
import { parseHead, withWrappedKey } from './record-format.ts';
import { renewSegment, type Segments, segmentNumbers } from './renew.ts';

interface Looked {
  current: Set<string>;
  /** Wrapped by another key, which is here. */
  other: Set<string>;
  /** By blob id, or by the path of what could not be read. */
  failed: Map<string, string>;
}

/**
 * Wraps the keys of all records with the current master key. A segment with records that have another one is written anew; the
 * bytes of blobs stay as they are. What was done stays done when it is broken off, and is not done again.
 */
export async function rewrapSegments(
  segments: Segments,
  { masterKeys, signal, onProgress }: Rewrapping & { masterKeys: MasterKeys },
): Promise<Rewrapped> {
  await segments.writer.retire();
  let [lookedAt, current, rewrapped] = [0, 0, 0];
  const failed = new Map<string, string>();
  for (const number of await segmentNumbers(segments.copies)) {
    signal?.throwIfAborted();
    // One that was begun meanwhile has the current key.
    if (segments.writer.endOf(number) !== undefined) continue;
    const looked = await look(segments, { number, masterKeys, signal });
    if (looked.other.size > 0) await rewrapSegment(segments, { number, looked, masterKeys, signal });
    rewrapped += looked.other.size;
    current += looked.current.size;
    for (const [blobId, what] of looked.failed) failed.set(blobId, what);
    lookedAt += looked.other.size + looked.current.size + looked.failed.size;
    onProgress?.(lookedAt);
  }
  return { current, rewrapped, failed };
}

/** Of what the disk does not give nobody knows which keys it needs; it may give it another time, so that is a failure. */
async function rewrapSegment(
  segments: Segments,
  { number, looked, masterKeys, signal }: Looking & { looked: Looked },
): Promise<void> {
  try {
    await renewSegment(segments, { number, signal, change: (record) => rewrappedRecord(record, masterKeys) });
    // What one copy did not give came from the other one.
    for (const copy of segments.copies) looked.failed.delete(copy.pathOf(number));
  } catch (error) {
    if (!isErrno(error, 'EIO')) throw error;
    for (const blobId of looked.other) looked.failed.set(blobId, (error as Error).message);
    looked.other.clear();
  }
}

interface Looking {
  number: number;
  masterKeys: MasterKeys;
  signal: AbortSignal | undefined;
}

/** What the records of a segment are wrapped with, in all copies: one of them may have been renewed alone. */
async function look({ copies }: Segments, { number, masterKeys, signal }: Looking): Promise<Looked> {
  const looked: Looked = { current: new Set(), other: new Set(), failed: new Map() };
  for (const copy of copies) {
    const found = await examine(copy, { number, isWhole: async () => true, signal });
    for (const record of found?.records.values() ?? []) lookAt(record, { looked, masterKeys });
    if (found?.unread !== undefined) looked.failed.set(copy.pathOf(number), found.unread.message);
  }
  for (const blobId of looked.other) looked.current.delete(blobId);
  return looked;
}

function lookAt({ head }: FoundPlace, { looked, masterKeys }: { looked: Looked; masterKeys: MasterKeys }): void {
  if (head.seal === null) return;
  try {
    if (masterKeys.isCurrent(head.seal.wrappedKey)) looked.current.add(head.blobId);
    else if (masterKeys.unwrap(head.seal.wrappedKey)) looked.other.add(head.blobId);
  } catch (error) {
    looked.failed.set(head.blobId, (error as Error).message);
  }
}

/** A record whose key cannot be had stays as it is: that key may be found again. */
function rewrappedRecord(record: Buffer, masterKeys: MasterKeys): Buffer {
  const head = parseHead(record);
  if (!head?.seal || masterKeys.isCurrent(head.seal.wrappedKey)) return record;
  let dataKey: Buffer;
  try {
    dataKey = masterKeys.unwrap(head.seal.wrappedKey);
  } catch {
    return record;
  }
  const changed = withWrappedKey(record.subarray(0, head.headBytes), masterKeys.wrap(dataKey));
  return Buffer.concat([changed, record.subarray(head.headBytes)]);
}
