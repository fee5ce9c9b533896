/** A range of bytes; both ends are inclusive, as everywhere on the wire. */
export interface ByteRange {
  startByte: number;
  endByte: number;
}

export const sizeOf = (range: ByteRange): number => range.endByte - range.startByte + 1;

export const wholeOf = (sizeBytes: number): ByteRange => ({ startByte: 0, endByte: sizeBytes - 1 });

/** The part of `blob` (a piece of an archive) that `range` covers, as offsets inside the blob; undefined when none. */
export function overlap(range: ByteRange, blob: { startByte: number; sizeBytes: number }): ByteRange | undefined {
  const startByte = Math.max(range.startByte, blob.startByte);
  const endByte = Math.min(range.endByte, blob.startByte + blob.sizeBytes - 1);
  if (startByte > endByte) return undefined;
  return { startByte: startByte - blob.startByte, endByte: endByte - blob.startByte };
}

/** `0-1048575` as RetrievalByteRange and RangeInBytes print it. */
export const formatRange = (range: ByteRange): string => `${range.startByte}-${range.endByte}`;

/** Reads `start-end`; undefined when malformed or inverted. */
export function parseRange(text: string): ByteRange | undefined {
  const match = /^(\d{1,15})-(\d{1,15})$/.exec(text);
  if (match === null) return undefined;
  const range = { startByte: Number(match[1]), endByte: Number(match[2]) };
  return range.startByte <= range.endByte ? range : undefined;
}
