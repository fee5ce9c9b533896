import { ERRORS, type ErrorCode, GlacierError } from '../model/errors.ts';

/** What the client is told of anything that is not its fault: nothing about the inside. */
export const INTERNAL_ERROR = new GlacierError(
  'ServiceUnavailableException',
  'The server cannot complete the request now. Please try again.',
);

/** The body of an error answer. Errors raised in front of the application put the message first, as Amazon's do. */
export function renderError({ code, message }: { code: ErrorCode; message: string }): string {
  const { type, edge } = ERRORS[code];
  return JSON.stringify(edge ? { message, code, type } : { code, message, type });
}

export const statusOf = (code: ErrorCode): number => ERRORS[code].status;
