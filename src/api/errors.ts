import { ERRORS, type ErrorCode, serviceUnavailable } from '../model/errors.ts';

/** What the client is told of anything that is not its fault: nothing about the inside. */
export const INTERNAL_ERROR = serviceUnavailable();

/** How each error is told. */
export type ErrorForms = Readonly<Record<ErrorCode, { status: number; type: 'Client' | 'Server'; edge: boolean }>>;

/**
 * The table of errors with the operator's word where the sources disagree: for want of capacity the developer guide has 503,
 * the published model of the API 400, which makes it an error of the client.
 */
export function errorForms({ insufficientCapacityStatus }: { insufficientCapacityStatus: 400 | 503 }): ErrorForms {
  if (insufficientCapacityStatus === ERRORS.InsufficientCapacityException.status) return ERRORS;
  return { ...ERRORS, InsufficientCapacityException: { status: 400, type: 'Client', edge: false } };
}

/** The body of an error answer. Errors raised in front of the application put the message first, as Amazon's do. */
export function renderError(
  { code, message }: { code: ErrorCode; message: string },
  forms: ErrorForms = ERRORS,
): string {
  const { type, edge } = forms[code];
  return JSON.stringify(edge ? { message, code, type } : { code, message, type });
}

export const statusOf = (code: ErrorCode, forms: ErrorForms = ERRORS): number => forms[code].status;
