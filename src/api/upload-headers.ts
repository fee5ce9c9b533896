import type { ClaimedHashes } from '../core/archives.ts';
import type { ByteRange } from '../model/byte-range.ts';
import { invalidParameter, missingParameter } from '../model/errors.ts';
import { limits } from '../model/limits.ts';
import { isPartSize } from '../model/uploads.ts';
import type { Call } from './call.ts';

/** The headers of uploads. Missing and malformed ones are answered in the words of the real service. */
const HEX_BYTES = /^(?:[0-9a-fA-F]{2})+$/;
const CONTENT_RANGE = /^bytes +(\d{1,15})-(\d{1,15})\/(?:\*|\d{1,15})$/;
const DIGITS = /^\d{1,15}$/;

/** The size of an upload's body, from 1 byte to 4 GiB. */
export function bodySize(call: Call): number {
  const { lengthBytes } = call.body;
  if (lengthBytes === undefined) throw missingParameter('Content-Length');
  if (lengthBytes === 0 || lengthBytes > limits.bodySizeBytesMax) {
    throw invalidParameter(`Invalid Content-Length: ${lengthBytes}`);
  }
  return lengthBytes;
}

/** The two hashes that an upload must state. The signed one was checked for its form with the signature. */
export function claimedHashes(call: Call): ClaimedHashes {
  return { linearHash: call.requireHeader('x-amz-content-sha256'), treeHash: treeHash(call).toLowerCase() };
}

/** A tree hash as it was sent; whole bytes in hexadecimal are a hash, if only a wrong one, anything else is malformed. */
export function treeHash(call: Call): string {
  const text = call.requireHeader('x-amz-sha256-tree-hash');
  if (!HEX_BYTES.test(text)) throw invalidParameter(`Invalid x-amz-sha256-tree-hash: ${text}`);
  return text;
}

/** Where a part lies, from Content-Range; it must be as long as the body. */
export function partRange(call: Call, sizeBytes: number): ByteRange {
  const text = call.requireHeader('Content-Range');
  const match = CONTENT_RANGE.exec(text);
  const range = { startByte: Number(match?.[1]), endByte: Number(match?.[2]) };
  if (match === null || range.startByte > range.endByte) throw invalidParameter(`Invalid Content-Range: ${text}`);
  if (range.endByte - range.startByte + 1 !== sizeBytes) {
    throw invalidParameter(`Content-Range: ${text} is incompatible with Content-Length: ${sizeBytes}`);
  }
  return range;
}

/** The part size of a multipart upload; the real service reads a missing one as 0. */
export function partSize(call: Call): number {
  const text = call.header('x-amz-part-size') ?? '0';
  const sizeBytes = DIGITS.test(text) ? Number(text) : Number.NaN;
  if (!isPartSize(sizeBytes)) {
    throw invalidParameter(
      `Invalid part size: ${text}. Part size must not be null, must be a power of two ` +
        `and be between ${limits.partSizeBytesMin} and ${limits.partSizeBytesMax} bytes.`,
    );
  }
  return sizeBytes;
}

/** The size that a completed upload should have. */
export function archiveSize(call: Call): number {
  const text = call.requireHeader('x-amz-archive-size');
  if (!DIGITS.test(text)) throw invalidParameter(`Invalid x-amz-archive-size: ${text}`);
  return Number(text);
}
