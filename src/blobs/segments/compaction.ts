import { removeFile, syncDirectory } from '../../files/durable.ts';
import { limits } from '../../model/limits.ts';
import { examine, merge, type Pace } from './findings.ts';
import type { Holes } from './holes-format.ts';
import { packedBytes } from './packed-writer.ts';
import { isHole, renewSegment, type Segments, segmentNumbers } from './renew.ts';

/** Removes a segment that has no blob any more. */
async function removeSegment({ copies, holes }: Segments, number: number): Promise<void> {
  await holes.exclusively(number, async () => {
    for (const copy of copies) {
      await removeFile(copy.pathOf(number));
      await syncDirectory(copy.directory);
      await copy.forget(number);
    }
    // Only now: as long as any copy has the segment, its holes must be known.
    await holes.remove(number);
  });
}

export interface Compacted {
  examined: number;
  rewritten: number;
  removed: number;
  reclaimedBytes: number;
}

export interface Compacting extends Pace {
  /** Segments to look at first. */
  touched: Set<number>;
  /** Segments that were found to be worth leaving, and had no holes. */
  settled: Set<number>;
}

/** Goes through all segments once and takes back the room of holes, and of what was left empty between batches. */
export async function compactSegments(segments: Segments, compacting: Compacting): Promise<Compacted> {
  const { touched, settled, signal } = compacting;
  const result: Compacted = { examined: 0, rewritten: 0, removed: 0, reclaimedBytes: 0 };
  const numbers = await segmentNumbers(segments.copies);
  const newest = numbers.at(-1);
  const inOrder = [
    ...numbers.filter((number) => touched.has(number)),
    ...numbers.filter((number) => !touched.has(number)),
  ];
  for (const number of inOrder) {
    if (signal?.aborted) break;
    if (segments.writer.endOf(number) !== undefined) continue;
    if (settled.has(number) && (await segments.holes.of(number)).size === 0) continue;
    try {
      // The newest stays though it is empty: its number must not be given again.
      await compactSegment(segments, { number, mayGo: number !== newest, result, ...compacting });
    } catch (error) {
      if (!signal?.aborted) throw error;
    }
  }
  return result;
}

async function compactSegment(
  segments: Segments,
  {
    number,
    mayGo,
    result,
    touched,
    settled,
    ...pace
  }: Compacting & { number: number; mayGo: boolean; result: Compacted },
): Promise<void> {
  touched.delete(number);
  result.examined += 1;
  const { bytes, usedBytes, isEmpty } = await usageOf(segments, { number, ...pace });
  if (isEmpty && mayGo) {
    await removeSegment(segments, number);
    result.removed += 1;
    result.reclaimedBytes += bytes;
    return;
  }
  if (!isEmpty && bytes - usedBytes > bytes * limits.segmentDeadShareMax) {
    await renewSegment(segments, { number, ...pace });
    result.rewritten += 1;
    result.reclaimedBytes += bytes - usedBytes;
  }
  settled.add(number);
}

interface Usage {
  /** Of the longest copy. */
  bytes: number;
  /** Of the segment when it is packed. */
  usedBytes: number;
  isEmpty: boolean;
}

/** What is in use of a segment, as the heads of its records say in whichever copy has them. */
async function usageOf({ copies, holes }: Segments, { number, ...pace }: Pace & { number: number }): Promise<Usage> {
  const known: Holes = await holes.of(number);
  const findings = [];
  let bytes = 0;
  for (const copy of copies) {
    const found = await examine(copy, { number, isWhole: async () => true, ...pace });
    if (found === undefined) continue;
    findings.push(found);
    bytes = Math.max(bytes, found.bytes);
  }
  const { records, damage } = merge(findings);
  const live = records.filter((found) => !isHole(known, found));
  const liveBytes = live.reduce((sum, { head }) => sum + head.recordBytes, 0);
  const damagedBytes = damage.reduce((sum, { place, end }) => sum + end - place, 0);
  const usedBytes = packedBytes(liveBytes + damagedBytes, live.length);
  return { bytes, usedBytes, isEmpty: live.length === 0 && findings.every((found) => found.damage.length === 0) };
}
