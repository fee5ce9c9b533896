import { GlacierError, invalidParameter, missingParameter } from '../model/errors.ts';
import type { Caller } from './authenticate.ts';
import type { RequestHead } from './framing.ts';

const VERSION_HEADER = 'x-amz-glacier-version';
const VERSION = '2012-06-01';

/**
 * Whether an authenticated caller may have its request looked at: it must speak this version of the API and name its own
 * account, by its number or by `-`.
 */
export function authorize({
  head,
  accountId,
  caller,
}: {
  head: RequestHead;
  accountId: string | undefined;
  caller: Caller;
}): void {
  const version = head.header(VERSION_HEADER);
  if (version === undefined) throw missingParameter('API version');
  if (version !== VERSION) throw invalidParameter(`The API version is not valid: ${version}`);
  if (accountId !== '-' && accountId !== caller.accountId) {
    throw new GlacierError('AccessDeniedException', `Access denied for account ID: ${accountId}`);
  }
}
