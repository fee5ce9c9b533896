/**
 * Percent-encoding as Signature Version 4 wants it: every byte but the unreserved characters of RFC 3986, upper-case hex.
 * Text from the wire holds one character per byte (Latin-1), as Node hands over request targets and header values.
 */
const NOT_UNRESERVED = /[^A-Za-z0-9\-._~]/g;
const ESCAPE = /%([0-9A-Fa-f]{2})/g;

/** Encodes every byte that is not unreserved, `%` included. */
export function encodeUri(bytes: string): string {
  return bytes.replace(NOT_UNRESERVED, (byte) => `%${byte.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`);
}

/** Undoes `%XX`; a `%` without two hexadecimal digits stays as it is, and so does `+`. */
export function decodeUri(text: string): string {
  return text.replace(ESCAPE, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
}
