import type { DamagedPlace, FoundPlace, Merged, Pace } from './findings.ts';
import { PackedWriter } from './packed-writer.ts';
import { isStoredWhole } from './read-record.ts';
import { parseHead } from './record-format.ts';
import type { SegmentCopy } from './segment-copy.ts';

export interface Rewriting extends Pace {
  number: number;
  nonce: Buffer;
  merged: Merged;
  /** The copies that get the new segment. */
  targets: readonly SegmentCopy[];
  /** Changes a record on its way; it must keep its length. */
  change?: ((record: Buffer, found: FoundPlace) => Buffer) | undefined;
  /** What happens at the end, around the exchange of the files: nobody else may change the segment meanwhile. */
  exchange(publish: () => Promise<void>): Promise<void>;
}

/**
 * Writes a segment anew, packed, from the best that the copies have. What is whole is verified again on the way, and what is damaged
 * is taken along as it is: others may be able to make something of it. Ids stay the same.
 */
export async function rewriteSegment(rewriting: Rewriting): Promise<void> {
  const { number, nonce, merged, targets, signal, pace } = rewriting;
  const disks = targets.map(({ disk }) => disk);
  await using writer = await PackedWriter.create(number, disks, nonce);
  const known = new Set(merged.records.map(({ head }) => head.offset));
  for (const found of merged.records) {
    signal?.throwIfAborted();
    const record = await readRecordAt(found, number);
    writer.map(found.head.offset, writer.place);
    await writer.append(rewriting.change?.(record, found) ?? record);
    await pace?.(2 * record.length);
  }
  for (const damaged of merged.damage) {
    signal?.throwIfAborted();
    await takeAlong(writer, { damaged, number, known });
  }
  await rewriting.exchange(async () => {
    await writer.publish();
    for (const copy of targets) await copy.forget(number);
  });
}

async function readRecordAt({ copy, place, head, isWhole }: FoundPlace, number: number): Promise<Buffer> {
  const bytes = await readAt(copy, { number, place, count: head.recordBytes });
  const now = parseHead(bytes);
  if (now?.blobId !== head.blobId || (isWhole && !isStoredWhole(bytes, now))) {
    throw new Error(`the blob ${head.blobId} changed on the disk while it was copied`);
  }
  return bytes;
}

async function takeAlong(
  writer: PackedWriter,
  { damaged, number, known }: { damaged: DamagedPlace; number: number; known: ReadonlySet<number> },
): Promise<void> {
  const from = writer.place;
  for (const [offset, place] of damaged.offsets) {
    if (!known.has(offset)) writer.map(offset, from + place - damaged.place);
  }
  await writer.append(await readAt(damaged.copy, { number, place: damaged.place, count: damaged.end - damaged.place }));
}

async function readAt(
  copy: SegmentCopy,
  { number, place, count }: { number: number; place: number; count: number },
): Promise<Buffer> {
  await using borrowed = await copy.borrow(number);
  if (borrowed.segment === undefined) throw new Error(`segment ${number} is gone from ${copy.directory}`);
  const bytes = await borrowed.segment.file.read(Buffer.allocUnsafe(count), place);
  if (bytes.length < count) throw new Error(`segment ${number} in ${copy.directory} became shorter`);
  return bytes;
}
