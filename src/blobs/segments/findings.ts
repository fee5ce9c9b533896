import { isErrno } from '../../files/durable.ts';
import type { RecordHead } from './record-format.ts';
import type { SegmentCopy } from './segment-copy.ts';
import type { SegmentForm } from './segment-format.ts';
import { type FoundRecord, walkSegment } from './walk.ts';

/** What may be done to a segment while others work with the disk. */
export interface Pace {
  signal?: AbortSignal | undefined;
  /** Awaited after so many bytes were read or written: whoever wants it slow takes time. */
  pace?: ((bytes: number) => Promise<void>) | undefined;
}

/** A record that was found in a copy. */
export interface FoundPlace {
  copy: SegmentCopy;
  place: number;
  head: RecordHead;
  isWhole: boolean;
}

/** Bytes of a copy that are no record, though one should be there. */
export interface DamagedPlace {
  copy: SegmentCopy;
  place: number;
  end: number;
  /** Offsets that the map says begin here, with their places; in an appended segment they are the same. */
  offsets: [offset: number, place: number][];
}

/** What a copy of a segment holds. */
export interface Findings {
  copy: SegmentCopy;
  /** Of its file. */
  bytes: number;
  form: SegmentForm | undefined;
  nonce: Buffer | undefined;
  /** By the offsets of their ids. */
  records: Map<number, FoundPlace>;
  damage: DamagedPlace[];
  /** Why not all of it was looked at: the disk does not give it. */
  unread: Error | undefined;
}

export interface Examining extends Pace {
  number: number;
  /** Whether a record is as it was written; by its head alone when it does not read more. */
  isWhole(found: FoundRecord): Promise<boolean>;
}

/** Goes through one copy of a segment; undefined when there is none. */
export async function examine(
  copy: SegmentCopy,
  { number, isWhole, signal, pace }: Examining,
): Promise<Findings | undefined> {
  await using borrowed = await copy.borrow(number);
  const { segment } = borrowed;
  if (segment === undefined) return undefined;
  const { head, map, isMapWhole } = segment;
  const size = await segment.file.size();
  const findings: Findings = {
    copy,
    bytes: size,
    form: head?.form,
    nonce: head?.nonce,
    records: new Map(),
    damage: [],
    unread: undefined,
  };
  const damaged = (place: number, end: number) =>
    // The map of a packed segment, at its end, is nothing that anybody has stored.
    isMapWhole || end < size
      ? findings.damage.push({ copy, place, end, offsets: offsetsIn(map, place, end) })
      : findings.damage.length;
  let place = 0;
  try {
    for await (const found of walkSegment(segment)) {
      signal?.throwIfAborted();
      if (found.kind === 'damage') {
        damaged(found.place, found.end);
        place = found.end;
        continue;
      }
      const { head: record } = found;
      findings.nonce ??= record.nonce;
      findings.records.set(record.offset, { copy, place: found.place, head: record, isWhole: await isWhole(found) });
      place = found.place + record.recordBytes;
      await pace?.(record.recordBytes);
    }
  } catch (error) {
    if (!isErrno(error, 'EIO')) throw error;
    findings.unread = error as Error;
    damaged(place, size);
  }
  return findings;
}

function offsetsIn(map: Uint32Array | undefined, place: number, end: number): [number, number][] {
  if (map === undefined) return [[place, place]];
  const entries = Array.from({ length: map.length / 2 }, (_, index): [number, number] => [
    map[index * 2] ?? 0,
    map[index * 2 + 1] ?? 0,
  ]);
  return entries.filter(([, at]) => at >= place && at < end);
}

/** The best that all copies together have of a segment. */
export interface Merged {
  /** By their offsets; a record that is whole in no copy is the one of the first copy that has it. */
  records: FoundPlace[];
  /** What no copy can make sense of. */
  damage: DamagedPlace[];
  nonce: Buffer | undefined;
}

export function merge(copies: readonly Findings[]): Merged {
  const best = new Map<number, FoundPlace>();
  for (const { records } of copies) {
    for (const [offset, found] of records) {
      const other = best.get(offset);
      if (other === undefined || (!other.isWhole && found.isWhole)) best.set(offset, found);
    }
  }
  // What the first copy has damaged and another has not is among the records of that one; and the other way round.
  const [first, ...others] = copies;
  const damage = (first?.damage ?? []).filter((damaged) => others.every((other) => overlaps(damaged, first, other)));
  const records = [...best.values()].sort((a, b) => a.head.offset - b.head.offset);
  return { records, damage, nonce: copies.find(({ nonce }) => nonce !== undefined)?.nonce };
}

/** Whether another copy is damaged in the same place, or may be, when it is laid out in another way. */
function overlaps(damaged: DamagedPlace, own: Findings | undefined, other: Findings): boolean {
  if (own?.form !== other.form) return other.damage.length > 0;
  return other.damage.some(({ place, end }) => place < damaged.end && end > damaged.place);
}
