import { type Kysely, sql, type Transaction } from 'kysely';
import type { AccessKey } from '../model/identities.ts';
import {
  countKeys,
  hasOtherRootKey,
  insertKey,
  type KeyOwner,
  type NewKey,
  shownKeys,
  toAccessKey,
} from './key-rows.ts';
import { inTransaction } from './prepared.ts';
import type { Tables } from './tables.ts';
import { findUser } from './users.ts';

/** How many keys of each kind one user, or one root, may have. */
export interface KeyLimits {
  permanentMax: number;
  temporaryMax: number;
}

/** An access key that may sign, as it is kept, with whoever it stands for. */
export interface KeptKey {
  sealedSecret: string;
  tokenDigest: string | null;
  sessionPolicy: string | null;
  createdAtMs: number;
  expiresAtMs: number | null;
  accountId: string;
  /** Null for the root of the account. */
  user: { id: string; name: string; policies: string[] } | null;
}

/** One key and what its removal must leave: `rootElsewhere` is the account whose root has a key outside the database. */
export interface KeyChange {
  accessKeyId: string;
  rootElsewhere: string;
}

/** The access keys, without those that the server is started with. */
export class KeyRecords {
  readonly #db: Kysely<Tables>;

  constructor(db: Kysely<Tables>) {
    this.#db = db;
  }

  /** Adds a key for a user, by name, or for the root of an account. */
  async create(
    asked: { key: NewKey; accountId: string; user: string | null } & KeyLimits,
  ): Promise<'created' | 'taken' | 'no account' | 'no user' | 'full'> {
    const { key, accountId, user } = asked;
    return inTransaction(this.#db, async (trx) => {
      const account = await trx.selectFrom('accounts').select('id').where('id', '=', accountId).executeTakeFirst();
      if (account === undefined) return 'no account';
      const found = user === null ? null : await findUser(trx, { accountId, name: user });
      if (found === undefined) return 'no user';
      const owner = { accountId, userKey: found?.key ?? null };
      return add(trx, key, { ...owner, ...asked });
    });
  }

  /**
   * Finds a key that may sign: neither it nor its account is disabled. One whose account or user is not there stands for
   * nobody and is not found.
   */
  async find(accessKeyId: string): Promise<KeptKey | undefined> {
    const row = await this.#db
      .selectFrom('access_keys')
      .innerJoin('accounts', 'accounts.id', 'access_keys.account_id')
      .leftJoin('users', 'users.key', 'access_keys.user_key')
      .selectAll('access_keys')
      .select(['users.id as user_id', 'users.name as user_name', 'users.account_id as user_account_id'])
      .where('access_keys.id', '=', accessKeyId)
      .where('access_keys.disabled_at', 'is', null)
      .where('accounts.disabled_at', 'is', null)
      .executeTakeFirst();
    if (row === undefined) return undefined;
    const kept = {
      sealedSecret: row.sealed_secret,
      tokenDigest: row.token_digest,
      sessionPolicy: row.session_policy,
      createdAtMs: row.created_at,
      expiresAtMs: row.expires_at,
      accountId: row.account_id,
    };
    if (row.user_key === null) return { ...kept, user: null };
    if (row.user_id === null || row.user_name === null || row.user_account_id !== row.account_id) return undefined;
    const user = { id: row.user_id, name: row.user_name, policies: await this.#policiesOf(row.user_key) };
    return { ...kept, user };
  }

  /** Every key, or those of an account, or of one of its users; by account and age. Without secrets. */
  async list({ accountId, user }: { accountId?: string; user?: string } = {}): Promise<AccessKey[]> {
    const rows = await shownKeys(this.#db)
      .$if(accountId !== undefined, (query) => query.where('access_keys.account_id', '=', accountId ?? ''))
      .$if(user !== undefined, (query) => query.where('users.name', '=', user ?? ''))
      .orderBy('access_keys.account_id')
      .orderBy('access_keys.created_at')
      .orderBy('access_keys.id')
      .execute();
    return rows.map(toAccessKey);
  }

  async has(accessKeyId: string): Promise<boolean> {
    const row = await this.#db.selectFrom('access_keys').select('id').where('id', '=', accessKeyId).executeTakeFirst();
    return row !== undefined;
  }

  /** Disables a key; one that is disabled stays as it is. `last` when it is the only key of a root that may sign. */
  async disable({ nowMs, ...change }: KeyChange & { nowMs: number }): Promise<'disabled' | 'unknown' | 'last'> {
    return inTransaction(this.#db, async (trx) => {
      const row = await findKey(trx, change.accessKeyId);
      if (row === undefined) return 'unknown';
      if (row.disabled_at !== null) return 'disabled';
      if (await isLast(trx, row, change)) return 'last';
      await setDisabledAt(trx, row.id, nowMs);
      return 'disabled';
    });
  }

  /** Lets a key sign again; says whether there is such a key. */
  async enable(accessKeyId: string): Promise<boolean> {
    return (await setDisabledAt(this.#db, accessKeyId, null)) === 1;
  }

  /** Adds a key for whoever has the old one, and disables that one. */
  async rotate(
    asked: { accessKeyId: string; key: NewKey } & KeyLimits,
  ): Promise<'rotated' | 'unknown' | 'temporary' | 'disabled' | 'taken' | 'full'> {
    return inTransaction(this.#db, async (trx) => {
      const row = await findKey(trx, asked.accessKeyId);
      if (row === undefined) return 'unknown';
      if (row.expires_at !== null) return 'temporary';
      if (row.disabled_at !== null) return 'disabled';
      const added = await add(trx, asked.key, { ...asked, accountId: row.account_id, userKey: row.user_key });
      if (added !== 'created') return added;
      await setDisabledAt(trx, row.id, asked.key.createdAtMs);
      return 'rotated';
    });
  }

  /** Deletes a key. `last` when it is the only key of a root that may sign. */
  async delete(change: KeyChange): Promise<'deleted' | 'unknown' | 'last'> {
    return inTransaction(this.#db, async (trx) => {
      const row = await findKey(trx, change.accessKeyId);
      if (row === undefined) return 'unknown';
      if (row.disabled_at === null && (await isLast(trx, row, change))) return 'last';
      await trx.deleteFrom('access_keys').where('id', '=', row.id).execute();
      return 'deleted';
    });
  }

  /** Deletes up to `limit` temporary keys that expired before an instant, and says how many it deleted. */
  async deleteExpired({ beforeMs, limit }: { beforeMs: number; limit: number }): Promise<number> {
    const expired = this.#db
      .selectFrom('access_keys')
      .select('id')
      .where('expires_at', '<', beforeMs)
      .orderBy('expires_at')
      .limit(limit);
    const result = await this.#db.deleteFrom('access_keys').where('id', 'in', expired).executeTakeFirst();
    return Number(result.numDeletedRows);
  }

  /** The different beginnings, of this length, that sealed secrets have; at most `limit` of them. */
  async sealBeginnings({ length, limit }: { length: number; limit: number }): Promise<string[]> {
    const beginning = sql<string>`substr(sealed_secret, 1, ${length})`;
    const rows = await this.#db
      .selectFrom('access_keys')
      .select(beginning.as('beginning'))
      .distinct()
      .limit(limit)
      .execute();
    return rows.map((row) => row.beginning);
  }

  async #policiesOf(userKey: number): Promise<string[]> {
    const rows = await this.#db
      .selectFrom('identity_policies')
      .select('document')
      .where('user_key', '=', userKey)
      .orderBy('name')
      .execute();
    return rows.map((row) => row.document);
  }
}

type Asked = KeyOwner & KeyLimits;

async function add(trx: Transaction<Tables>, key: NewKey, asked: Asked): Promise<'created' | 'taken' | 'full'> {
  const temporary = key.expiresAtMs !== null;
  const most = temporary ? asked.temporaryMax : asked.permanentMax;
  if ((await countKeys(trx, { ...asked, temporary, nowMs: key.createdAtMs })) >= most) return 'full';
  return (await insertKey(trx, key, asked)) ? 'created' : 'taken';
}

const findKey = (trx: Transaction<Tables>, accessKeyId: string) =>
  trx.selectFrom('access_keys').selectAll().where('id', '=', accessKeyId).executeTakeFirst();

type FoundKey = NonNullable<Awaited<ReturnType<typeof findKey>>>;

/** Whether nobody could sign as the root of the account any more. */
async function isLast(trx: Transaction<Tables>, row: FoundKey, { rootElsewhere }: KeyChange): Promise<boolean> {
  if (row.user_key !== null || row.expires_at !== null || row.account_id === rootElsewhere) return false;
  return !(await hasOtherRootKey(trx, row.account_id, row.id));
}

async function setDisabledAt(db: Kysely<Tables>, accessKeyId: string, disabledAtMs: number | null): Promise<number> {
  const result = await db
    .updateTable('access_keys')
    .set({ disabled_at: disabledAtMs })
    .where('id', '=', accessKeyId)
    .executeTakeFirst();
  return Number(result.numUpdatedRows);
}
