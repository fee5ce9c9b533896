import { accountDenied } from '../core/authorisation.ts';
import type { Caller } from '../core/callers.ts';
import { invalidParameter, missingParameter } from '../model/errors.ts';
import type { RequestHead } from './framing.ts';

const VERSION_HEADER = 'x-amz-glacier-version';
const VERSION = '2012-06-01';
const ACCOUNT_ID = /^[0-9]{12}$/;

/** Refuses a request that does not speak this version of the API. */
export function checkVersion(head: RequestHead): void {
  const version = head.header(VERSION_HEADER);
  if (version === undefined) throw missingParameter('API version');
  if (version !== VERSION) throw invalidParameter(`The API version is not valid: ${version}`);
}

/** The account that the path means: the caller's own, written as `-`, or the one with this number. */
export function namedAccount(segment: string | undefined, caller: Caller): string {
  if (segment === '-') return caller.accountId;
  if (segment === undefined || !ACCOUNT_ID.test(segment)) throw accountDenied(segment);
  return segment;
}
