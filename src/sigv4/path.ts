import { GlacierError } from '../model/errors.ts';
import { encodeUri } from './uri.ts';

/**
 * The path of a request: one list of segments, from which the path is both signed and routed, so that nobody can sign one
 * path and reach another. Outside S3, Signature Version 4 drops empty and `.` segments and resolves `..` in the path as
 * received (no escape is undone first), then encodes each segment once more: `%3A` on the wire is `%253A` when signed.
 */

/** A request target cut at its first `?`, both halves as received. */
export interface RequestTarget {
  path: string;
  query: string;
}

/**
 * Cuts the request target of HTTP/1.1. BadRequest for targets that name a host or no path (`http://...`, `*`): signatures
 * cover a path only, so those could be routed elsewhere than they were signed for.
 */
export function splitTarget(target: string): RequestTarget {
  if (!target.startsWith('/')) throw new GlacierError('BadRequest', 'The request target must begin with a slash.');
  const mark = target.indexOf('?');
  if (mark < 0) return { path: target, query: '' };
  return { path: target.slice(0, mark), query: target.slice(mark + 1) };
}

/**
 * The normalised segments of a path, still percent-encoded as received. A path that ends in a slash ends in an empty
 * segment, since the signature tells the two apart; the root has none. `%2E%2E` is not `..` here: whoever decodes a segment
 * for use has a name in hand, never a step in a path.
 */
export function pathSegments(path: string): string[] {
  const segments: string[] = [];
  for (const segment of path.split('/')) {
    if (segment === '..') segments.pop();
    else if (segment !== '' && segment !== '.') segments.push(segment);
  }
  if (path.endsWith('/') && segments.length > 0) segments.push('');
  return segments;
}

/** The canonical URI over the segments that were routed. */
export function canonicalPath(segments: readonly string[]): string {
  return `/${segments.map(encodeUri).join('/')}`;
}
