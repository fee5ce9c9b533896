import { examine, type Findings, type FoundPlace, type Merged, merge, type Pace } from './findings.ts';
import type { HoleBook } from './hole-book.ts';
import type { Holes } from './holes-format.ts';
import { isStoredWhole } from './read-record.ts';
import { rewriteSegment } from './rewrite.ts';
import type { SegmentCopy } from './segment-copy.ts';
import type { SegmentWriter } from './segment-writer.ts';
import type { FoundRecord } from './walk.ts';

/** What the parts of a store have in common. */
export interface Segments {
  copies: readonly SegmentCopy[];
  holes: HoleBook;
  writer: SegmentWriter;
}

/** The numbers of all segments that any copy has, in order. */
export async function segmentNumbers(copies: readonly SegmentCopy[]): Promise<number[]> {
  const numbers = await Promise.all(copies.map((copy) => copy.numbers('seg')));
  return [...new Set(numbers.flat())].sort((a, b) => a - b);
}

export const isHole = (holes: Holes, { head }: Pick<FoundPlace, 'head'>): boolean =>
  holes.size > 0 && holes.get(head.offset) === head.blobId.slice(-16);

export interface Change extends Pace {
  number: number;
  /** The copies that get the new segment; all of them unless told otherwise. */
  targets?: readonly SegmentCopy[];
  isWhole?: (found: FoundRecord) => Promise<boolean>;
  change?: (record: Buffer, found: FoundPlace) => Buffer;
}

/** Writes a segment anew, without its holes, from the best of all copies. It must not be the one that is being written. */
export async function renewSegment({ copies, holes }: Segments, options: Change): Promise<void> {
  const { number, signal, pace, change, isWhole = isChecksumRight, targets = copies } = options;
  const before: Holes = new Map(await holes.of(number));
  const findings: Findings[] = [];
  for (const copy of copies) {
    const found = await examine(copy, { number, isWhole, signal, pace });
    if (found !== undefined) findings.push(found);
  }
  const merged = merge(findings);
  const live: Merged = { ...merged, records: merged.records.filter((found) => !isHole(before, found)) };
  if (live.nonce === undefined) throw new Error(`nothing of segment ${number} can be read`);
  await rewriteSegment({
    number,
    nonce: live.nonce,
    merged: live,
    targets,
    change,
    signal,
    pace,
    exchange: (publish) =>
      holes.exclusively(number, async () => {
        await publish();
        // Holes that were noted meanwhile are of records that were copied.
        const isUnchanged = (await holes.of(number)).size === before.size;
        if (isUnchanged && targets.length === copies.length) await holes.remove(number);
      }),
  });
}

const isChecksumRight = async (found: FoundRecord): Promise<boolean> => isStoredWhole(await found.read(), found.head);
