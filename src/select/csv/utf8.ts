import { isUtf8 } from 'node:buffer';

/**
 * How far the bytes from `from` to `to` are UTF-8: the end of the last whole character before the first byte that cannot be,
 * or before a character that `to` cuts. `valid` is false in the first case.
 */
export function utf8End(bytes: Buffer, { from, to }: { from: number; to: number }): { end: number; valid: boolean } {
  const end = wholeCharactersEnd(bytes, { from, to });
  if (isUtf8(bytes.subarray(from, end))) return { end, valid: true };
  return { end: firstFault(bytes, { from, to: end }), valid: false };
}

/** `to`, or the start of a character that would go on behind it. */
function wholeCharactersEnd(bytes: Buffer, { from, to }: { from: number; to: number }): number {
  for (let at = to - 1; at >= from && at >= to - 3; at -= 1) {
    const byte = bytes.readUInt8(at);
    if (byte < 0x80) return to;
    if (byte >= 0xc0) {
      const sizeBytes = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2;
      return at + sizeBytes > to ? at : to;
    }
  }
  return to;
}

/** Decoding puts U+FFFD where a byte has no meaning, and only there unless the text has one itself. */
function firstFault(bytes: Buffer, { from, to }: { from: number; to: number }): number {
  const text = bytes.toString('utf8', from, to);
  let at = from;
  let decoded = 0;
  for (;;) {
    const mark = text.indexOf('\ufffd', decoded);
    if (mark < 0) return to;
    at += Buffer.byteLength(text.slice(decoded, mark));
    const written = bytes[at] === 0xef && bytes[at + 1] === 0xbf && bytes[at + 2] === 0xbd;
    if (!written) return at;
    at += 3;
    decoded = mark + 1;
  }
}
