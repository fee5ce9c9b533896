import type { IncomingMessage } from 'node:http';
import { GlacierError } from '../model/errors.ts';
import { limits } from '../model/limits.ts';
import type { HeaderPair } from '../sigv4/headers.ts';
import { type RequestTarget, splitTarget } from '../sigv4/path.ts';

/**
 * What must hold of a request before its signature can mean anything. Node accepts several of these and silently keeps one
 * of two headers, so that the header that was checked and the one that is obeyed could differ.
 */
const ONCE = new Set([
  'host',
  'authorization',
  'date',
  'content-length',
  'content-range',
  'range',
  'expect',
  'transfer-encoding',
]);

/** The head of a request, as received. */
export interface RequestHead {
  method: string;
  target: RequestTarget;
  headers: readonly HeaderPair[];
  /** Header values by lower-case name. */
  header(name: string): string | undefined;
}

/** Takes a request's head apart; BadRequest when it is ambiguous or not of a form that can be signed. */
export function readHead(request: IncomingMessage): RequestHead {
  const headers = pairs(request.rawHeaders);
  if (headers.length > limits.headersMax) throw badRequest('The request has too many headers.');
  const byName = new Map<string, string>();
  for (const [rawName, value] of headers) {
    const name = rawName.toLowerCase();
    if (byName.has(name) && (ONCE.has(name) || name.startsWith('x-amz-'))) {
      throw badRequest(`The header ${name} was sent more than once.`);
    }
    byName.set(name, value);
  }
  const target = request.url ?? '';
  if (target.includes('#')) throw badRequest('The request target must not hold a fragment.');
  const split = splitTarget(target);
  refuseRepeatedParameters(split.query);
  if (!byName.has('host')) throw badRequest('The header Host is missing.');
  const expected = byName.get('expect');
  if (expected !== undefined && expected.toLowerCase() !== '100-continue') {
    throw badRequest(`The expectation cannot be met: ${expected}`);
  }
  const encoding = byName.get('transfer-encoding');
  // A proxy that knows no more than HTTP/1.0, or another encoding than we do, would see another end of this body.
  if (encoding !== undefined && (encoding.toLowerCase() !== 'chunked' || request.httpVersion !== '1.1')) {
    throw badRequest(`The transfer encoding cannot be used: ${encoding}`);
  }
  return {
    method: request.method ?? '',
    target: split,
    headers,
    header: (name) => byName.get(name),
  };
}

/** The parameters of a query. In a signed one `+` is a plus sign, while the parser takes it for a blank. */
export const queryParameters = (query: string): URLSearchParams => new URLSearchParams(query.replaceAll('+', '%2B'));

/** The signature does not cover the order of parameters, so which of two of one name comes first must not matter. */
function refuseRepeatedParameters(query: string): void {
  const names = new Set<string>();
  for (const [name] of queryParameters(query)) {
    if (names.has(name)) throw badRequest('A query parameter was sent more than once.');
    names.add(name);
  }
}

function pairs(rawHeaders: readonly string[]): HeaderPair[] {
  const found: HeaderPair[] = [];
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
    found.push([rawHeaders[index] ?? '', rawHeaders[index + 1] ?? '']);
  }
  return found;
}

const badRequest = (message: string): GlacierError => new GlacierError('BadRequest', message);
