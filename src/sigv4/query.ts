import { decodeUri, encodeUri } from './uri.ts';

/**
 * The query string in a signature. Amazon's libraries decode every key and value, encode them again, and sort by the
 * encoded key, then value; `+` is a plus sign, not a space, and a key without `=` has an empty value. botocore sorts as
 * well but signs the text as it stands in the URL. The two agree on URLs that clients build with care and differ on those
 * a person types (`?marker=a:b`, `%2f`). Neither form of one query can equal a form of another one that means something
 * else, as long as no parameter is repeated: of two with one name the order is lost, so reading the head refuses them.
 */
type Pair = readonly [key: string, value: string];

/** The canonical query string as Amazon's own test suite has it. */
export function canonicalQuery(query: string): string {
  return joined(pairsOf(query).map(([key, value]) => [recoded(key), recoded(value)]));
}

/** The canonical query string as botocore makes it: sorted, otherwise as received. */
export function sortedQuery(query: string): string {
  return joined(pairsOf(query));
}

function pairsOf(query: string): Pair[] {
  if (query === '') return [];
  return query.split('&').map((piece) => {
    const mark = piece.indexOf('=');
    return mark < 0 ? [piece, ''] : [piece.slice(0, mark), piece.slice(mark + 1)];
  });
}

function joined(pairs: Pair[]): string {
  const sorted = pairs.toSorted((a, b) => compared(a[0], b[0]) || compared(a[1], b[1]));
  return sorted.map(([key, value]) => `${key}=${value}`).join('&');
}

const recoded = (text: string): string => encodeUri(decodeUri(text));

function compared(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
