import type { ByteRange } from '../model/byte-range.ts';
import { invalidParameter } from '../model/errors.ts';

const RANGE = /^bytes=(\d*)-(\d*)$/;

/**
 * Reads the Range of GetJobOutput against the size of the output. Unlike HTTP asks, and like the real service: a start past
 * the end is 400, and what is not a single well-formed range is ignored (null).
 */
export function parseRangeHeader(header: string | undefined, totalBytes: number): ByteRange | null {
  const match = RANGE.exec(header ?? '');
  if (match === null) return null;
  const [, first = '', last = ''] = match;
  if (first === '') return last === '' ? null : lastBytes(Number(last), totalBytes, header);
  const startByte = Number(first);
  if (last !== '' && Number(last) < startByte) return null;
  if (startByte >= totalBytes) throw pastTheEnd(header);
  return { startByte, endByte: last === '' ? totalBytes - 1 : Math.min(Number(last), totalBytes - 1) };
}

function lastBytes(count: number, totalBytes: number, header: string | undefined): ByteRange {
  if (count === 0) throw pastTheEnd(header);
  return { startByte: Math.max(0, totalBytes - count), endByte: totalBytes - 1 };
}

const pastTheEnd = (header: string | undefined) =>
  invalidParameter(`The start of the range is larger than size of retrieved data: ${header}`);
