import type { Kysely } from 'kysely';
import type { AccessKey } from '../model/identities.ts';
import type { Tables } from './tables.ts';

/** An access key that was made just now. */
export interface NewKey {
  accessKeyId: string;
  sealedSecret: string;
  /** SHA-256 of the session token, and with it what else only temporary keys have. */
  tokenDigest: string | null;
  sessionPolicy: string | null;
  createdAtMs: number;
  expiresAtMs: number | null;
}

/** Whose a key is: a user's, or that of an account's root. */
export interface KeyOwner {
  accountId: string;
  userKey: number | null;
}

/** Adds a key unless its id is taken, and says whether it did. */
export async function insertKey(db: Kysely<Tables>, key: NewKey, { accountId, userKey }: KeyOwner): Promise<boolean> {
  const row = {
    id: key.accessKeyId,
    account_id: accountId,
    user_key: userKey,
    sealed_secret: key.sealedSecret,
    token_digest: key.tokenDigest,
    session_policy: key.sessionPolicy,
    created_at: key.createdAtMs,
    expires_at: key.expiresAtMs,
    disabled_at: null,
  };
  const result = await db
    .insertInto('access_keys')
    .values(row)
    .onConflict((conflict) => conflict.column('id').doNothing())
    .executeTakeFirst();
  return Number(result.numInsertedOrUpdatedRows) === 1;
}

/** How many keys of one kind an owner has; expired ones do not count. */
export async function countKeys(
  db: Kysely<Tables>,
  { accountId, userKey, temporary, nowMs }: KeyOwner & { temporary: boolean; nowMs: number },
): Promise<number> {
  const { count } = await db
    .selectFrom('access_keys')
    .select((eb) => eb.fn.countAll<number>().as('count'))
    .where('account_id', '=', accountId)
    .where('user_key', userKey === null ? 'is' : '=', userKey)
    .where((eb) => (temporary ? eb('expires_at', '>', nowMs) : eb('expires_at', 'is', null)))
    .executeTakeFirstOrThrow();
  return Number(count);
}

/** The permanent keys of an account's root that may sign, other than one. */
export async function hasOtherRootKey(db: Kysely<Tables>, accountId: string, accessKeyId: string): Promise<boolean> {
  const row = await db
    .selectFrom('access_keys')
    .select('id')
    .where('account_id', '=', accountId)
    .where('user_key', 'is', null)
    .where('expires_at', 'is', null)
    .where('disabled_at', 'is', null)
    .where('id', '!=', accessKeyId)
    .limit(1)
    .executeTakeFirst();
  return row !== undefined;
}

/** The columns of a key that may be shown, with the name of its user. */
export const shownKeys = (db: Kysely<Tables>) =>
  db
    .selectFrom('access_keys')
    .leftJoin('users', 'users.key', 'access_keys.user_key')
    .select([
      'access_keys.id as accessKeyId',
      'access_keys.account_id as accountId',
      'users.name as user',
      'access_keys.created_at as createdAtMs',
      'access_keys.expires_at as expiresAtMs',
      'access_keys.disabled_at as disabledAtMs',
    ])
    .select((eb) => eb('access_keys.session_policy', 'is not', null).as('narrowed'));

type ShownKey = Omit<AccessKey, 'hasSessionPolicy'> & { narrowed: unknown };

export function toAccessKey({ narrowed, ...key }: ShownKey): AccessKey {
  return { ...key, hasSessionPolicy: Boolean(narrowed) };
}
