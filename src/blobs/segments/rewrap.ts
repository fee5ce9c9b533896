import type { MasterKeys, Rewrapped, Rewrapping } from '../master-keys.ts';
import { examine, type FoundPlace } from './findings.ts';
import { parseHead, withWrappedKey } from './record-format.ts';
import { renewSegment, type Segments, segmentNumbers } from './renew.ts';

interface Looked {
  current: Set<string>;
  /** Wrapped by another key, which is here. */
  other: Set<string>;
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
    if (looked.other.size > 0) {
      await renewSegment(segments, { number, signal, change: (record) => rewrappedRecord(record, masterKeys) });
    }
    rewrapped += looked.other.size;
    current += looked.current.size;
    for (const [blobId, what] of looked.failed) failed.set(blobId, what);
    lookedAt += looked.other.size + looked.current.size + looked.failed.size;
    onProgress?.(lookedAt);
  }
  return { current, rewrapped, failed };
}

/** What the records of a segment are wrapped with, in all copies: one of them may have been renewed alone. */
async function look(
  { copies }: Segments,
  { number, masterKeys, signal }: { number: number; masterKeys: MasterKeys; signal: AbortSignal | undefined },
): Promise<Looked> {
  const looked: Looked = { current: new Set(), other: new Set(), failed: new Map() };
  for (const copy of copies) {
    const found = await examine(copy, { number, isWhole: async () => true, signal });
    for (const record of found?.records.values() ?? []) lookAt(record, { looked, masterKeys });
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
