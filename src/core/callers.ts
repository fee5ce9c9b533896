import type { Principal } from '../policy/context.ts';

/** Who signed a request, and the documents that say what it may do. */
export interface Caller {
  accessKeyId: string;
  accountId: string;
  principal: Principal;
  /** The policies attached to the principal; none for a root, which needs none. */
  identityPolicies: readonly string[];
  /** The policies that came with temporary credentials, which can only narrow. */
  sessionPolicies: readonly string[];
  /** Of temporary credentials. */
  token?: { issuedAtMs: number };
}

/** An access key that may sign requests now, with its secrets. */
export interface KnownKey {
  secretAccessKey: string;
  /** SHA-256 of the session token in hexadecimal; null for a permanent key, which comes without a token. */
  tokenDigest: string | null;
  expiresAtMs: number | null;
  caller: Caller;
}

/** The caller behind a root key of an account. */
export function rootCaller({ accessKeyId, accountId }: { accessKeyId: string; accountId: string }): Caller {
  const principal = { type: 'root', accountId, arn: `arn:aws:iam::${accountId}:root`, userId: accountId } as const;
  return { accessKeyId, accountId, principal, identityPolicies: [], sessionPolicies: [] };
}
