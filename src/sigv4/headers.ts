/** One header line as it arrived: the name in its own case, the value with one character per byte. */
export type HeaderPair = readonly [name: string, value: string];

const BLANKS = /[ \t\r\n]+/g;
const OUTER_BLANKS = /^ | $/g;

/**
 * The canonical headers, one line each with its newline, in the order of `signedHeaders` (lower case). Values lose outer
 * blanks, inner runs of blanks and folded lines become one space, repeated headers are joined with commas in order of
 * arrival. A signed header that did not arrive has no line, so that its signature cannot match.
 */
export function canonicalHeaders(headers: readonly HeaderPair[], signedHeaders: readonly string[]): string {
  const valuesOf = new Map<string, string[]>(signedHeaders.map((name) => [name, []]));
  for (const [name, value] of headers) valuesOf.get(name.toLowerCase())?.push(trimmed(value));
  let lines = '';
  for (const [name, values] of valuesOf) {
    if (values.length > 0) lines += `${name}:${values.join(',')}\n`;
  }
  return lines;
}

const trimmed = (value: string): string => value.replace(BLANKS, ' ').replace(OUTER_BLANKS, '');
