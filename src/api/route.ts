import type { Subject } from '../core/authorisation.ts';
import type { Core } from '../core/core.ts';
import { GlacierError, invalidParameter, missingParameter } from '../model/errors.ts';
import type { OperationName } from '../policy/actions.ts';
import type { Call } from './call.ts';
import type { Reply } from './reply.ts';

/** One operation of the API: its route, the status of its success, and what it does. */
export interface Operation {
  /** Also the name of its action in policies. */
  name: OperationName;
  method: 'GET' | 'PUT' | 'POST' | 'DELETE';
  /**
   * With `{name}` for the parts that vary, spelt as in the published model of the API. Operations that share a path have a
   * query in it that tells them apart.
   */
  path: string;
  status: 200 | 201 | 202 | 204;
  /** Streamed bodies are read and hashed by the operation; all others are checked before it runs. */
  body: 'whole' | 'stream';
  /** What policies may ask about beside the vault. It must not mind a request that is not well formed. */
  subject?(call: Call): Promise<Subject>;
  run(call: Call, core: Core): Promise<Reply>;
}

export interface Route {
  operation: Operation;
  /** The parts of the path that vary, decoded. */
  parameters: Record<string, string>;
}

/** What a request asks for: its method, the segments of its path, and its query. */
export interface Asked {
  method: string;
  segments: readonly string[];
  query: URLSearchParams;
}

interface Entry {
  operation: Operation;
  pattern: readonly string[];
  /** The parameter of the query, and its value, that the operation has to itself. */
  selector: readonly [name: string, value: string] | undefined;
}

/** Finds operations by method, path and, where these are shared, query; UnknownOperationException when there is none. */
export function createRouter(operations: readonly Operation[]): (asked: Asked) => Route {
  const entries = Map.groupBy(operations.map(entryOf), ({ operation, pattern }) => kindOf(operation.method, pattern));
  return (asked) => {
    const near: Entry[] = [];
    for (const entry of entries.get(kindOf(asked.method, asked.segments)) ?? []) {
      const { operation, pattern, selector } = entry;
      const parameters = match(pattern, asked.segments);
      if (parameters === undefined) continue;
      if (selector === undefined || asked.query.get(selector[0]) === selector[1]) return { operation, parameters };
      near.push(entry);
    }
    throw near.length > 0 ? unselected(near, asked.query) : unknownOperation();
  };
}

/** What a request and its operation have in common whatever the parts of the path are. */
const kindOf = (method: string, segments: readonly string[]): string => `${method} ${segments.length}`;

function entryOf(operation: Operation): Entry {
  const [path = '', query] = operation.path.split('?');
  const [selector] = new URLSearchParams(query);
  return { operation, pattern: path.split('/').slice(1), selector };
}

/** The path is known, and the query says none of what it can say. */
function unselected(near: readonly Entry[], query: URLSearchParams): GlacierError {
  const selectors = near.flatMap(({ selector }) => (selector === undefined ? [] : [selector]));
  const name = selectors[0]?.[0] ?? '';
  const value = query.get(name) ?? '';
  if (value === '') return missingParameter(name);
  const known = selectors.map(([, possible]) => possible).join(', ');
  return invalidParameter(`Invalid ${name}: ${value}. It must be one of ${known}.`);
}

const unknownOperation = (): GlacierError =>
  new GlacierError('UnknownOperationException', 'The requested operation is not known to this service.');

function match(pattern: readonly string[], segments: readonly string[]): Record<string, string> | undefined {
  const parameters: Record<string, string> = {};
  for (const [index, part] of pattern.entries()) {
    const segment = decode(segments[index] ?? '');
    if (part.startsWith('{') && segment !== '') parameters[part.slice(1, -1)] = segment;
    else if (part !== segment) return undefined;
  }
  return parameters;
}

function decode(segment: string): string {
  if (!segment.includes('%')) return segment;
  try {
    return decodeURIComponent(segment);
  } catch (cause) {
    throw new GlacierError('BadRequest', 'The request path is not well-formed percent-encoded UTF-8.', { cause });
  }
}
