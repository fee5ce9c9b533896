import type { Subject } from '../core/authorisation.ts';
import type { Core } from '../core/core.ts';
import { GlacierError } from '../model/errors.ts';
import type { ActionName } from '../policy/actions.ts';
import type { Call } from './call.ts';
import type { Reply } from './reply.ts';

/** One operation of the API: its route, the status of its success, and what it does. */
export interface Operation {
  /** Also the name of its action in policies. */
  name: ActionName;
  method: 'GET' | 'PUT' | 'POST' | 'DELETE';
  /** With `{name}` for the parts that vary, spelt as in the published model of the API. */
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

/** Finds operations by method and path; UnknownOperationException when there is none. */
export function createRouter(operations: readonly Operation[]): (method: string, segments: readonly string[]) => Route {
  const entries = operations.map((operation) => ({ operation, pattern: operation.path.split('/').slice(1) }));
  return (method, segments) => {
    for (const { operation, pattern } of entries) {
      if (operation.method !== method || pattern.length !== segments.length) continue;
      const parameters = match(pattern, segments);
      if (parameters !== undefined) return { operation, parameters };
    }
    throw new GlacierError('UnknownOperationException', 'The requested operation is not known to this service.');
  };
}

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
  try {
    return decodeURIComponent(segment);
  } catch (cause) {
    throw new GlacierError('BadRequest', 'The request path is not well-formed percent-encoded UTF-8.', { cause });
  }
}
