import { removeFile, syncDirectory } from '../../files/durable.ts';
import { limits } from '../../model/limits.ts';
import { examine, merge, type Pace } from './findings.ts';
import type { Holes } from './holes-format.ts';
import { packedBytes } from './packed-writer.ts';
import { isHole, renewSegment, type Segments, segmentNumbers } from './renew.ts';
import { readBytesOf } from './segment-blob-id.ts';

/** Removes a segment that has no blob any more. */
async function removeSegment({ copies, holes }: Segments, number: number): Promise<void> {
  await holes.exclusively(number, async () => {
    for (const copy of copies) {
      await copy.disk.run(async () => {
        await removeFile(copy.pathOf(number));
        await syncDirectory(copy.directory);
      });
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
  /** Segments with holes that are not looked at yet; they come first. */
  touched: Set<number>;
  /** Segments that were looked at, and left or rewritten. */
  settled: Set<number>;
  /** Runs one rewriting of segments at a time: others have their turn between two segments. */
  alone<T>(action: () => Promise<T>): Promise<T>;
}

/**
 * Goes through all segments once and takes back the room of holes, and of what was left empty between batches. A segment that
 * cannot be compacted does not keep the others; what failed first is thrown at the end.
 */
export async function compactSegments(segments: Segments, compacting: Compacting): Promise<Compacted> {
  const { touched, settled, signal, alone } = compacting;
  const result: Compacted = { examined: 0, rewritten: 0, removed: 0, reclaimedBytes: 0 };
  const failures: unknown[] = [];
  await retireHollow(segments, touched);
  const numbers = await segmentNumbers(segments.copies);
  const newest = numbers.at(-1);
  const inOrder = [
    ...numbers.filter((number) => touched.has(number)),
    ...numbers.filter((number) => !touched.has(number)),
  ];
  for (const number of inOrder) {
    if (signal?.aborted) break;
    if (segments.writer.endOf(number) !== undefined) continue;
    if (settled.has(number) && !touched.has(number)) continue;
    try {
      // The newest stays though it is empty: its number must not be given again.
      await alone(() => compactSegment(segments, { number, mayGo: number !== newest, result, ...compacting }));
    } catch (error) {
      if (signal?.aborted) break;
      failures.push(error);
      // A disk that hangs, or that cannot be written, is no better for the next segment.
      if (failures.length === limits.compactionFailuresMax) break;
    }
  }
  if (failures.length > 0) throw failures[0];
  return result;
}

/** Ends the segments that are being written when so much of one was deleted that its room is wanted back. */
async function retireHollow({ holes, writer }: Segments, touched: ReadonlySet<number>): Promise<void> {
  for (const { number, end } of writer.active) {
    if (!touched.has(number)) continue;
    const deadBytes = [...(await holes.of(number)).values()].reduce((sum, random) => sum + bytesAtMostOf(random), 0);
    const isHollow = deadBytes >= limits.segmentHollowBytesMin && deadBytes > end * limits.segmentDeadShareMax;
    if (isHollow && writer.endOf(number) !== undefined) return writer.retire();
  }
}

const bytesAtMostOf = (random: string): number => readBytesOf(Buffer.from(random, 'hex'));

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
  settled.delete(number);
  result.examined += 1;
  const { bytes, usedBytes, isEmpty } = await usageOf(segments, { number, ...pace });
  if (isEmpty && mayGo) {
    await removeSegment(segments, number);
    result.removed += 1;
    result.reclaimedBytes += bytes;
    return;
  }
  if (bytes - usedBytes > bytes * limits.segmentDeadShareMax) {
    await renewSegment(segments, { number, ...pace });
    result.rewritten += 1;
    result.reclaimedBytes += bytes - usedBytes;
  }
  // An empty one goes when it is not the newest any more.
  if (!isEmpty) settled.add(number);
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
