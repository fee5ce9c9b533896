import { DATA_KEY_BYTES, type MasterKeys } from '../master-keys.ts';
import { examine, type FoundPlace, merge, type Pace } from './findings.ts';
import { parseHead, withWrappedKey } from './record-format.ts';
import { renewSegment, type Segments, segmentNumbers } from './renew.ts';

/** The id of the master key is what a wrapped key begins with. */
const KEY_ID_BYTES = 8;

export interface Rewrapping extends Pace {
  /** The first of them wraps from now on; all that records are wrapped with must be among them. */
  masterKeys: MasterKeys;
  onProgress?: ((progress: RewrapProgress) => void) | undefined;
}

export interface RewrapProgress {
  segments: number;
  /** Looked at, whether or not they had to be written anew. */
  done: number;
  rewritten: number;
}

/**
 * Wraps the keys of all records with the current master key. A segment with records that have another one is written anew; the
 * bytes of blobs stay as they are. What was done stays done when it is broken off, and is not done again.
 */
export async function rewrapSegments(segments: Segments, rewrapping: Rewrapping): Promise<RewrapProgress> {
  const { masterKeys, onProgress, signal } = rewrapping;
  const currentId = masterKeys.wrap(Buffer.alloc(DATA_KEY_BYTES)).subarray(0, KEY_ID_BYTES);
  await segments.writer.retire();
  const numbers = await segmentNumbers(segments.copies);
  const progress: RewrapProgress = { segments: numbers.length, done: 0, rewritten: 0 };
  for (const number of numbers) {
    signal?.throwIfAborted();
    // One that was begun meanwhile has the current key.
    if (number !== segments.writer.active?.number && (await hasOther(segments, { number, currentId, ...rewrapping }))) {
      await renewSegment(segments, { number, change: (record) => rewrapped(record, masterKeys), ...rewrapping });
      progress.rewritten += 1;
    }
    progress.done += 1;
    onProgress?.({ ...progress });
  }
  return progress;
}

async function hasOther(
  { copies }: Segments,
  { number, currentId, signal, pace }: Pace & { number: number; currentId: Buffer },
): Promise<boolean> {
  for (const copy of copies) {
    const found = await examine(copy, { number, isWhole: async () => true, signal, pace });
    const records: FoundPlace[] = found === undefined ? [] : merge([found]).records;
    if (records.some(({ head }) => head.seal && !head.seal.wrappedKey.subarray(0, KEY_ID_BYTES).equals(currentId))) {
      return true;
    }
  }
  return false;
}

function rewrapped(record: Buffer, masterKeys: MasterKeys): Buffer {
  const head = parseHead(record);
  if (!head?.seal) return record;
  const changed = withWrappedKey(
    record.subarray(0, head.headBytes),
    masterKeys.wrap(masterKeys.unwrap(head.seal.wrappedKey)),
  );
  return Buffer.concat([changed, record.subarray(head.headBytes)]);
}
