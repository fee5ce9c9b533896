import type { BlobRef } from './archives.ts';
import { type ByteRange, sizeOf } from './byte-range.ts';
import { invalidParameter } from './errors.ts';
import { limits } from './limits.ts';

/** A multipart upload. `aborted` and `completed` ones are remembered for a while, so that repeated calls agree. */
export interface Upload {
  key: number;
  id: string;
  vaultKey: number;
  description: string | null;
  partSizeBytes: number;
  createdAtMs: number;
  state: 'open' | 'completed' | 'aborted';
  /** The archive a completed upload became. */
  archiveId: string | null;
}

/** A stored part is a blob at a place in the archive to be. */
export type Part = BlobRef;

/** Part sizes are a power of two of MiB from 1 MiB to 4 GiB, or the tree hashes of parts would not compose. */
export function isPartSize(sizeBytes: number): boolean {
  return (
    Number.isSafeInteger(sizeBytes) &&
    sizeBytes >= limits.partSizeBytesMin &&
    sizeBytes <= limits.partSizeBytesMax &&
    Number.isInteger(Math.log2(sizeBytes))
  );
}

/** Throws unless `range` is a place where a part of this upload may lie (developer guide, "UploadMultipartPart"). */
export function checkPartRange(range: ByteRange, partSizeBytes: number): void {
  const text = `bytes ${range.startByte}-${range.endByte}/*`;
  if (sizeOf(range) > partSizeBytes) {
    throw invalidParameter(`Invalid Content-Range: ${text} is larger than the part size ${partSizeBytes}.`);
  }
  if (range.startByte % partSizeBytes !== 0) {
    throw invalidParameter(
      `Invalid Content-Range: ${text} does not start at a multiple of the part size ${partSizeBytes}.`,
    );
  }
  const number = range.startByte / partSizeBytes + 1;
  if (number > limits.partsMax) {
    throw invalidParameter(
      `This is part number ${number} for the current multipart upload. ` +
        `It exceeds the limit of ${limits.partsMax} parts.`,
    );
  }
}

/** Why the parts, in order, do not make up exactly `sizeBytes` without a gap, all but the last one full; undefined if they do. */
export function assemblyFault({
  parts,
  partSizeBytes,
  sizeBytes,
}: {
  parts: readonly Part[];
  partSizeBytes: number;
  sizeBytes: number;
}): string | undefined {
  let nextByte = 0;
  for (const [index, part] of parts.entries()) {
    if (part.startByte !== nextByte) {
      return `The upload is incomplete: bytes ${nextByte}-${part.startByte - 1} were not uploaded.`;
    }
    if (part.sizeBytes !== partSizeBytes && index !== parts.length - 1) {
      return (
        `The upload is incomplete: the part at byte ${part.startByte} has ${part.sizeBytes} bytes ` +
        `and is not the last one; the part size is ${partSizeBytes}.`
      );
    }
    nextByte += part.sizeBytes;
  }
  if (parts.length === 0) return 'The upload is incomplete: it has no parts.';
  if (nextByte === sizeBytes) return undefined;
  return `Invalid x-amz-archive-size: ${sizeBytes}. The uploaded parts add up to ${nextByte} bytes.`;
}
