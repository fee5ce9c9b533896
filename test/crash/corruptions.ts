import { randomFillSync } from 'node:crypto';
import { appendFileSync, existsSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Extent } from './extents.ts';
import { between, oneOf } from './tiers.ts';

/** What disks, and people, do to the files of a stopped server. */
export interface Corruption {
  what: string;
  /** What is not as it was; to the end of the file, and beyond, when bytes were lost or came to it. */
  hit: Extent[];
}

type Corrupt = (
  extent: Extent,
  given: { blobsDir: string; random: () => number; others: readonly Extent[] },
) => Extent[];

const PAGE_BYTES = 4096;
const whole = (path: string): Extent => ({ path, start: 0, end: Number.POSITIVE_INFINITY });

/** Each returns nothing when it has changed nothing, as a page of zeros that was one before. */
const KINDS: Record<string, Corrupt> = {
  'a bit flipped': (extent, { blobsDir, random }) =>
    changed(extent, blobsDir, { random, sizeBytes: 1 }, (bytes) => {
      bytes[0] = (bytes[0] ?? 0) ^ (1 << Math.floor(random() * 8));
    }),
  'a page of zeros': (extent, { blobsDir, random }) =>
    changed(extent, blobsDir, { random, sizeBytes: PAGE_BYTES }, (bytes) => void bytes.fill(0)),
  'a page of noise': (extent, { blobsDir, random }) =>
    changed(extent, blobsDir, { random, sizeBytes: PAGE_BYTES }, (bytes) => void randomFillSync(bytes)),
  truncated: (extent, { blobsDir, random }) => {
    const start = Math.floor(between(random, { min: extent.start, max: extent.end }));
    truncateSync(join(blobsDir, extent.path), start);
    return [{ path: extent.path, start, end: Number.POSITIVE_INFINITY }];
  },
  grown: ({ path, end }, { blobsDir, random }) => {
    appendFileSync(join(blobsDir, path), Buffer.alloc(1 + Math.floor(random() * PAGE_BYTES), 0x20));
    return [{ path, start: end, end: Number.POSITIVE_INFINITY }];
  },
  missing: ({ path }, { blobsDir }) => {
    rmSync(join(blobsDir, path));
    return [whole(path)];
  },
  swapped: ({ path }, { blobsDir, random, others }) => {
    const paths = [...new Set(others.map((other) => other.path))].filter((other) => other !== path);
    if (paths.length === 0) return [];
    const other = oneOf(random, paths);
    const [one, two] = [path, other].map((name) => readFileSync(join(blobsDir, name)));
    if (one === undefined || two === undefined || one.equals(two)) return [];
    writeFileSync(join(blobsDir, path), two);
    writeFileSync(join(blobsDir, other), one);
    return [whole(path), whole(other)];
  },
};

/** Corrupts the bytes of one of these extents, of a file that is there and not in `spoilt`; undefined when nothing changed. */
export function corrupt(
  extents: readonly Extent[],
  given: { blobsDir: string; random: () => number; spoilt: ReadonlySet<string> },
): Corruption | undefined {
  const { blobsDir, random, spoilt } = given;
  const others = extents.filter(({ path }) => !spoilt.has(path) && existsSync(join(blobsDir, path)));
  if (others.length === 0) return undefined;
  const what = oneOf(random, Object.keys(KINDS));
  const hit = KINDS[what]?.(oneOf(random, others), { blobsDir, random, others }) ?? [];
  return hit.length === 0 ? undefined : { what, hit };
}

/** Changes some bytes of an extent where they are. */
function changed(
  { path, start, end }: Extent,
  blobsDir: string,
  { random, sizeBytes }: { random: () => number; sizeBytes: number },
  change: (bytes: Buffer) => void,
): Extent[] {
  const text = readFileSync(join(blobsDir, path));
  const from = Math.floor(between(random, { min: start, max: Math.max(start, end - sizeBytes) }));
  const bytes = text.subarray(from, Math.min(end, from + sizeBytes));
  const before = Buffer.from(bytes);
  change(bytes);
  if (before.equals(bytes)) return [];
  writeFileSync(join(blobsDir, path), text);
  return [{ path, start: from, end: from + bytes.length }];
}
