import { OutputRefusedError } from './select-output.ts';

/** Which buckets an account may have the server write to with the server's own credentials. */
export interface BucketAccess {
  /** It may name any bucket, unless it has a list of its own. */
  firstAccountId: string;
  accounts: readonly { accountId: string; bucketNames: readonly string[] }[];
}

/**
 * The server's credentials open every bucket that the operator gave it, and a caller of another account has none of its
 * own here, so it has what the operator has listed for it. Throws OutputRefusedError.
 */
export function checkAccess(
  { firstAccountId, accounts }: BucketAccess,
  { accountId, bucketName }: { accountId: string; bucketName: string },
): void {
  const listed = accounts.find((account) => account.accountId === accountId)?.bucketNames;
  if (listed === undefined ? accountId === firstAccountId : listed.includes(bucketName)) return;
  throw new OutputRefusedError(
    'AccessDenied',
    `Access Denied: the account ${accountId} has no part in the bucket ${bucketName}; --select-output can give it one.`,
  );
}
