import { invalidParameter } from './errors.ts';
import { limits } from './limits.ts';

const PRINTABLE_ASCII = /^[\x20-\x7e]*$/;

/**
 * The description of an archive or a job: up to 1,024 printable ASCII characters (developer guide, "UploadArchive").
 * Leading blanks are dropped, an empty description is none.
 */
export function parseDescription(text: string | null | undefined): string | null {
  if (text === null || text === undefined) return null;
  const description = text.replace(/^ +/, '');
  if (description.length > limits.descriptionLengthMax) {
    throw invalidParameter(
      `Invalid description: it has ${description.length} characters, the limit is ${limits.descriptionLengthMax}.`,
    );
  }
  if (!PRINTABLE_ASCII.test(description)) {
    throw invalidParameter('Invalid description: it may hold printable ASCII characters only (0x20 to 0x7E).');
  }
  return description === '' ? null : description;
}
