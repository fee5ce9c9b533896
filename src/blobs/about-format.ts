import type { BlobAbout } from '../model/blob-about.ts';
import { limits } from '../model/limits.ts';

/**
 * What a blob says of itself, as it stands beside its bytes: a JSON object in UTF-8, with the members of `BlobAbout` under
 * their names. A checksum covers it wherever it is kept, so what is read is what was written.
 */

/** Throws RangeError when it takes more than `limits.blobAboutBytesMax`. */
export function formatAbout(about: BlobAbout): Buffer {
  const text = Buffer.from(JSON.stringify(about));
  if (text.length > limits.blobAboutBytesMax) throw new RangeError(`${text.length} bytes about a blob are too many`);
  return text;
}

/** Undefined when it is not what `formatAbout` makes. */
export function parseAbout(text: Buffer): BlobAbout | undefined {
  try {
    const about: unknown = JSON.parse(text.toString('utf8'));
    const isAbout = typeof about === 'object' && about !== null && 'kind' in about && 'createdAtMs' in about;
    return isAbout ? (about as BlobAbout) : undefined;
  } catch {
    return undefined;
  }
}
