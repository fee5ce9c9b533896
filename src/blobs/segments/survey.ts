import { join } from 'node:path';
import { isErrno } from '../../files/durable.ts';
import type { Surveyed } from '../blob-store.ts';
import type { Holes } from './holes-format.ts';
import { isStoredWhole } from './read-record.ts';
import { aboutOf } from './record-format.ts';
import { isHole, type Segments } from './renew.ts';
import type { SegmentCopy } from './segment-copy.ts';
import { segmentName } from './segment-format.ts';
import { type Found, type FoundRecord, walkSegment } from './walk.ts';

/** What is wrong with a copy of a segment; the blob is undefined where nobody can say which it was. */
interface Fault {
  blobId: string | undefined;
  place: string;
  fault: string;
}

/** Every blob that is durable and has no hole, with the instant it was written. */
export async function* listSegments(segments: Segments): AsyncGenerator<{ blobId: string; changedAtMs: number }> {
  for (const number of await numbersToBeHad(segments)) {
    const seen = new Set<string>();
    for (const copy of segments.copies) {
      const faults: Fault[] = [];
      for await (const { head } of recordsIn(segments, { copy, number, seen, faults })) {
        seen.add(head.blobId);
        yield { blobId: head.blobId, changedAtMs: head.writtenAtMs };
      }
      // The other copy has the same, unless this one lacks something.
      if (faults.length === 0) break;
    }
  }
}

/** Every blob that is whole in any copy, with what it says of itself, and what is whole in none. Needs no keys. */
export async function* surveySegments(segments: Segments): AsyncGenerator<Surveyed> {
  for (const number of await numbersToBeHad(segments)) {
    const seen = new Set<string>();
    const faults: Fault[][] = [];
    for (const copy of segments.copies) {
      const ofCopy: Fault[] = [];
      faults.push(ofCopy);
      for await (const found of recordsIn(segments, { copy, number, seen, faults: ofCopy })) {
        const bytes = await found.read();
        const { blobId, storedBytes, leaf } = found.head;
        if (isStoredWhole(bytes, found.head)) {
          seen.add(blobId);
          const hash = leaf.toString('hex');
          yield { blobId, about: aboutOf(bytes, found.head), sizeBytes: storedBytes, linearHash: hash, treeHash: hash };
        } else ofCopy.push({ blobId, place: placeOf(copy, number, found.place), fault: `${blobId} was changed` });
      }
    }
    // Where one copy has no fault, it has everything.
    if (faults.some((ofCopy) => ofCopy.length === 0)) continue;
    for (const { blobId, place, fault } of faults.flat()) {
      if (blobId === undefined || !seen.has(blobId)) yield { place, fault };
    }
  }
}

/** Without those of a mirror that went away; what the first copy has must be known. */
async function numbersToBeHad({ copies }: Segments): Promise<number[]> {
  const numbers = new Set<number>();
  for (const [index, copy] of copies.entries()) {
    try {
      for (const number of await copy.numbers('seg')) numbers.add(number);
    } catch (error) {
      if (index === 0 || !isErrno(error, 'ENOENT')) throw error;
    }
  }
  return [...numbers].sort((a, b) => a - b);
}

interface Walking {
  copy: SegmentCopy;
  number: number;
  /** Blobs that are not wanted any more. */
  seen: ReadonlySet<string>;
  /** Where faults are added. */
  faults: Fault[];
}

/** The records in one copy of a segment, without its holes and what is not durable yet. */
async function* recordsIn(
  { holes, writer }: Segments,
  { copy, number, seen, faults }: Walking,
): AsyncGenerator<FoundRecord, void, undefined> {
  const end = writer.endOf(number);
  if (end === 0) return;
  const known: Holes = await holes.of(number);
  await using borrowed = await copy.borrow(number);
  if (borrowed.segment === undefined) {
    faults.push({ blobId: undefined, place: placeOf(copy, number), fault: 'the segment is missing in this copy' });
    return;
  }
  for await (const found of walkSegment({ ...borrowed.segment, end })) {
    if (isWanted(found, { known, seen })) yield found;
    else if (found.kind === 'damage') faults.push(damageAt(copy, number, found.place));
  }
}

function isWanted(found: Found, { known, seen }: { known: Holes; seen: ReadonlySet<string> }): found is FoundRecord {
  return found.kind === 'record' && !isHole(known, found) && !seen.has(found.head.blobId);
}

const damageAt = (copy: SegmentCopy, number: number, place: number): Fault => ({
  blobId: undefined,
  place: placeOf(copy, number, place),
  fault: 'what is here is no record: it was changed, or it was never written whole',
});

const placeOf = (copy: SegmentCopy, number: number, place?: number): string =>
  `${join(copy.directory, segmentName(number))}${place === undefined ? '' : `, byte ${place}`}`;
