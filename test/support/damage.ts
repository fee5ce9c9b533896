import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** A record of a segment begins with its head, which says how long the next part is: what the blob says of itself. */
const RECORD_HEAD_BYTES = 184;
const ABOUT_LENGTH_AT = 12;

/** Turns over a bit of a stored blob, in its file or its segment, at this byte of what it holds. */
export function damageBlob(blobsDirectory: string, blobId: string, at = 5): void {
  const [segment = '', offset] = blobId.split('.');
  if (offset === undefined) {
    flip(join(blobsDirectory, blobId.slice(0, 2), blobId), at);
    return;
  }
  const path = join(blobsDirectory, 'segments', `${segment}.seg`);
  const record = Number.parseInt(offset, 16);
  const aboutBytes = readFileSync(path).readUInt32LE(record + ABOUT_LENGTH_AT);
  flip(path, record + RECORD_HEAD_BYTES + aboutBytes + at);
}

function flip(path: string, at: number): void {
  const bytes = readFileSync(path);
  bytes[at] = (bytes[at] ?? 0) ^ 1;
  writeFileSync(path, bytes);
}
