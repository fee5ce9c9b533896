import { MIB } from '../model/limits.ts';

/**
 * Which byte ranges of an archive a retrieval may ask for, and which of those have a tree hash of their own (Glacier
 * developer guide, "Receiving checksums when downloading data"; its printed formula has slips, so the rule here is its
 * definition: the range is the span of one node of the archive's tree). Sizes reach 40 TB, hence no 32-bit operators.
 */

/** A range of an archive in bytes from its start; `endByte` is the last byte asked for, as in an HTTP range. */
export interface ArchiveRange {
  startByte: number;
  endByte: number;
  /** The size of the whole archive. */
  sizeBytes: number;
}

/** Whether the range lies in the archive, starts on a MiB, and ends on one or with the archive. */
export function isMebibyteAligned({ startByte, endByte, sizeBytes }: ArchiveRange): boolean {
  const whole = [startByte, endByte, sizeBytes].every(Number.isSafeInteger);
  if (!whole || startByte < 0 || endByte < startByte || endByte >= sizeBytes) return false;
  const endsOnMebibyte = (endByte + 1) % MIB === 0;
  return startByte % MIB === 0 && (endsOnMebibyte || endByte + 1 === sizeBytes);
}

/**
 * Whether the range is exactly what one node covers: a power of two of leaves that starts at a multiple of itself, or what
 * the end of the archive leaves of one, since a node without a partner moves up unchanged.
 */
export function isTreeHashAligned(range: ArchiveRange): boolean {
  if (!isMebibyteAligned(range)) return false;
  const firstLeaf = range.startByte / MIB;
  const leafCount = Math.ceil((range.endByte + 1) / MIB) - firstLeaf;
  let nodeLeaves = 1;
  while (nodeLeaves < leafCount) nodeLeaves *= 2;
  const endsWithArchive = range.endByte + 1 === range.sizeBytes;
  return firstLeaf % nodeLeaves === 0 && (leafCount === nodeLeaves || endsWithArchive);
}
