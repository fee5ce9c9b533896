import type { Verdict } from '../blob-store.ts';
import { KeyMissingError, type MasterKeys } from '../master-keys.ts';
import { isRecordWhole, readRecord } from './read-record.ts';
import { renewSegment, type Segments } from './renew.ts';
import type { SegmentPlace } from './segment-blob-id.ts';
import type { SegmentCopy } from './segment-copy.ts';
import type { FoundRecord } from './walk.ts';

type Place = SegmentPlace & { random: Buffer };

/** A copy of a record as it was found. */
interface Checked {
  copy: SegmentCopy;
  state: 'whole' | 'damaged' | 'gone' | 'missing';
  /** Of the bytes, hexadecimal. */
  leaf: string | null;
  what: string;
}

export interface Verifying {
  place: Place;
  masterKeys: MasterKeys | null;
  signal?: AbortSignal | undefined;
  /** Whether copies that are damaged are made again. */
  repairs: boolean;
  /** Runs one rewriting of segments at a time. */
  alone<T>(action: () => Promise<T>): Promise<T>;
}

/**
 * Checks every byte of a blob in every copy. A copy that is not whole is made again when another one is: its whole segment is
 * written anew from what is whole in any copy. Throws KeyMissingError, since nobody can tell then, and what the signal does.
 */
export async function verifyRecord(segments: Segments, verifying: Verifying): Promise<Verdict> {
  const { place, signal } = verifying;
  try {
    if (await segments.holes.has(place)) return { state: 'missing', treeHash: null, what: 'it was deleted' };
    const checked = await checkCopies(segments.copies, verifying);
    const whole = checked.find(({ state }) => state === 'whole');
    const faulty = checked.filter(({ state }) => state !== 'whole');
    const what = faulty.map((copy) => `${copy.what} (${copy.copy.directory})`).join('; ') || null;
    if (whole === undefined) {
      const isDamaged =
        faulty.some(({ state }) => state === 'damaged') && faulty.every(({ state }) => state !== 'gone');
      return { state: isDamaged ? 'damaged' : 'missing', treeHash: null, what };
    }
    if (faulty.length === 0) return { state: 'intact', treeHash: whole.leaf, what: null };
    if (!verifying.repairs) return { state: 'damaged', treeHash: whole.leaf, what };
    await verifying.alone(() => repair(segments, { ...verifying, targets: faulty.map(({ copy }) => copy) }));
    const after = await checkCopies(segments.copies, verifying);
    const stillFaulty = after.find(({ state }) => state !== 'whole');
    if (stillFaulty === undefined) return { state: 'repaired', treeHash: whole.leaf, what };
    return { state: 'damaged', treeHash: whole.leaf, what: `${what}; it was not repaired: ${stillFaulty.what}` };
  } catch (error) {
    signal?.throwIfAborted();
    if (error instanceof KeyMissingError) throw error;
    return { state: 'damaged', treeHash: null, what: (error as Error).message };
  }
}

async function checkCopies(copies: readonly SegmentCopy[], verifying: Verifying): Promise<Checked[]> {
  const checked: Checked[] = [];
  for (const copy of copies) {
    verifying.signal?.throwIfAborted();
    checked.push({ copy, ...(await checkCopy(copy, verifying)) });
  }
  return checked;
}

async function checkCopy(copy: SegmentCopy, { place, masterKeys }: Verifying): Promise<Omit<Checked, 'copy'>> {
  try {
    const read = await readRecord(copy, place);
    if (read.state !== 'read') return { state: read.state, leaf: null, what: read.what };
    if (isRecordWhole(read.bytes, read.head, masterKeys)) {
      return { state: 'whole', leaf: read.head.leaf.toString('hex'), what: '' };
    }
    return { state: 'damaged', leaf: null, what: 'its bytes were changed' };
  } catch (error) {
    if (error instanceof KeyMissingError) throw error;
    return { state: 'damaged', leaf: null, what: (error as Error).message };
  }
}

async function repair(
  segments: Segments,
  { place, masterKeys, signal, targets }: Verifying & { targets: readonly SegmentCopy[] },
): Promise<void> {
  const number = place.segment;
  if (segments.writer.endOf(number) !== undefined) await segments.writer.retire();
  const isWhole = async (found: FoundRecord) => isWholeAsFarAsKnown(await found.read(), { found, masterKeys });
  await renewSegment(segments, { number, targets, isWhole, signal });
}

/** Other records of the segment may be wrapped with keys that are not here; of them the checksum has to do. */
function isWholeAsFarAsKnown(
  bytes: Buffer,
  { found, masterKeys }: { found: FoundRecord; masterKeys: MasterKeys | null },
): boolean {
  try {
    return isRecordWhole(bytes, found.head, masterKeys);
  } catch (error) {
    if (error instanceof KeyMissingError) return isRecordWhole(bytes, found.head, null);
    throw error;
  }
}
