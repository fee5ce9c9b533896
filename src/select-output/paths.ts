import { createHash } from 'node:crypto';

/**
 * A key as the name of a file. Segments of everyday keys stay as they are. Everything else is written so that no two keys
 * have one file, none leaves its bucket's directory, and none is a trap for whoever lists it: bytes as `%` and two capital
 * digits, and the two forms below, which that cannot yield.
 */
const EMPTY = '%-';
const SHORTENED = '%~';
const NAME_BYTES_MAX = 255;
/** With the mark and 64 digits still well below the longest name. */
const BEGINNING_BYTES_MAX = 160;
const PLAIN = /^[\w .:,;=@+!#$&'"()*<>?[\]^`{|}~-]$/;
const READABLE = /^[\p{L}\p{M}\p{N}]$/u;
const UNFOLDED = /^[a-z0-9 .:,;=@+!#$&'"()*<>?[\]^_`{|}~-]$/;

/** `foldsCase`: the file system takes `A` for `a`, so capitals cannot stay as they are. */
export interface NamingRules {
  foldsCase: boolean;
}

/** The names of the directories, and last of the file, that stand for a key. */
export const namesOf = (key: string, rules: NamingRules): string[] =>
  key.split('/').map((segment) => nameOf(segment, rules));

function nameOf(segment: string, rules: NamingRules): string {
  if (segment === '') return EMPTY;
  if (segment === '.' || segment === '..') return segment.replaceAll('.', '%2E');
  const isKept = keptIn(segment, rules);
  // Programs take names that begin with a dash for options.
  const pieces = Array.from(segment, (character, index) =>
    isKept(character) && !(index === 0 && character === '-') ? character : escaped(character),
  );
  const name = pieces.join('');
  return Buffer.byteLength(name) <= NAME_BYTES_MAX ? name : shortened(segment, pieces);
}

/** Letters of other scripts stay where the text is in the form that file systems would give it, if they give it one. */
function keptIn(segment: string, { foldsCase }: NamingRules): (character: string) => boolean {
  if (foldsCase) return (character) => UNFOLDED.test(character);
  if (segment.normalize('NFC') !== segment) return (character) => PLAIN.test(character);
  return (character) => PLAIN.test(character) || READABLE.test(character);
}

const escaped = (character: string): string =>
  Array.from(Buffer.from(character), (byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`).join('');

function shortened(segment: string, pieces: readonly string[]): string {
  let beginning = '';
  for (const piece of pieces) {
    if (Buffer.byteLength(beginning) + Buffer.byteLength(piece) > BEGINNING_BYTES_MAX) break;
    beginning += piece;
  }
  return `${beginning}${SHORTENED}${createHash('sha256').update(segment).digest('hex')}`;
}
