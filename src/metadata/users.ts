import { type Kysely, sql, type Transaction } from 'kysely';
import type { UserName } from '../model/identities.ts';
import { namingOf } from '../policy/naming.ts';
import { inTransaction } from './prepared.ts';
import type { Tables, UserRow } from './tables.ts';

/** A user as it is kept. */
export interface KeptUser extends UserName {
  id: string;
  createdAtMs: number;
}

/** A vault and the documents that decide about it. */
export interface PoliciesInForce {
  accountId: string;
  vaultName: string;
  access: string | null;
  lock: string | null;
}

/** A policy of a user. */
export interface NamedPolicy {
  name: string;
  document: string;
  attachedAtMs: number;
}

/** The users of accounts and their policies. Names are told apart without regard to case, and shown as they were given. */
export class UserRecords {
  readonly #db: Kysely<Tables>;

  constructor(db: Kysely<Tables>) {
    this.#db = db;
  }

  /**
   * Adds a user, unless there was one of that name before and the policies of some vault still name its `arn`:
   * what was granted to the earlier user must not come to another one. That vault is returned. For a name that nobody had
   * they are not looked at, or everybody with a vault could keep names from being used.
   */
  async create({
    user,
    usersMax,
    arn,
  }: {
    user: KeptUser;
    usersMax: number;
    arn: string;
  }): Promise<'created' | 'exists' | 'no account' | 'full' | PoliciesInForce> {
    const { accountId, name, id, createdAtMs } = user;
    return inTransaction(this.#db, async (trx) => {
      const account = await trx.selectFrom('accounts').select('id').where('id', '=', accountId).executeTakeFirst();
      if (account === undefined) return 'no account';
      if ((await findAlike(trx, user)) !== undefined) return 'exists';
      if ((await countUsers(trx, accountId)) >= usersMax) return 'full';
      const naming = (await wasUsed(trx, user)) ? await firstNaming(trx, createdAtMs, arn) : undefined;
      if (naming !== undefined) return naming;
      await trx.insertInto('users').values({ account_id: accountId, id, name, created_at: createdAtMs }).execute();
      return 'created';
    });
  }

  /** The user of exactly this name: ARNs are told apart by case. */
  async findByName(user: UserName): Promise<KeptUser | undefined> {
    const row = await findUser(this.#db, user);
    return row === undefined ? undefined : toUser(row);
  }

  /** The users of an account, by name. */
  async list(accountId: string): Promise<KeptUser[]> {
    const rows = await this.#db
      .selectFrom('users')
      .selectAll()
      .where('account_id', '=', accountId)
      .orderBy(sql`lower(name)`)
      .execute();
    return rows.map(toUser);
  }

  /** Deletes a user with its keys and policies; says whether there was one. */
  async delete(user: UserName): Promise<boolean> {
    return inTransaction(this.#db, async (trx) => {
      const row = await findUser(trx, user);
      if (row === undefined) return false;
      await trx
        .deleteFrom('access_keys')
        .where('account_id', '=', row.account_id)
        .where('user_key', '=', row.key)
        .execute();
      await trx.deleteFrom('identity_policies').where('user_key', '=', row.key).execute();
      await trx.deleteFrom('users').where('key', '=', row.key).execute();
      await trx
        .insertInto('former_users')
        .values({ account_id: row.account_id, name: row.name })
        .onConflict((conflict) => conflict.doNothing())
        .execute();
      return true;
    });
  }

  /** Gives a user a policy in place of the one of the same name. */
  async attachPolicy({
    user,
    policy,
    policiesMax,
  }: {
    user: UserName;
    policy: NamedPolicy;
    policiesMax: number;
  }): Promise<'attached' | 'no user' | 'full'> {
    return inTransaction(this.#db, async (trx) => {
      const row = await findUser(trx, user);
      if (row === undefined) return 'no user';
      const { count } = await trx
        .selectFrom('identity_policies')
        .select((eb) => eb.fn.countAll<number>().as('count'))
        .where('user_key', '=', row.key)
        .where(sql`lower(name)`, '!=', policy.name.toLowerCase())
        .executeTakeFirstOrThrow();
      if (Number(count) >= policiesMax) return 'full';
      await deletePolicy(trx, row.key, policy.name);
      const { name, document, attachedAtMs } = policy;
      const values = { user_key: row.key, name, document, attached_at: attachedAtMs };
      await trx.insertInto('identity_policies').values(values).execute();
      return 'attached';
    });
  }

  async detachPolicy({ user, name }: { user: UserName; name: string }): Promise<'detached' | 'no user' | 'no policy'> {
    return inTransaction(this.#db, async (trx) => {
      const row = await findUser(trx, user);
      if (row === undefined) return 'no user';
      return (await deletePolicy(trx, row.key, name)) ? 'detached' : 'no policy';
    });
  }

  /** The policies of a user, by name; undefined when there is no such user. */
  async policies(user: UserName): Promise<NamedPolicy[] | undefined> {
    return inTransaction(this.#db, async (trx) => {
      const row = await findUser(trx, user);
      if (row === undefined) return undefined;
      return trx
        .selectFrom('identity_policies')
        .select(['name', 'document', 'attached_at as attachedAtMs'])
        .where('user_key', '=', row.key)
        .orderBy('name')
        .execute();
    });
  }
}

/** A user by exactly this name. */
export async function findUser(db: Kysely<Tables>, user: UserName): Promise<UserRow | undefined> {
  const row = await findAlike(db, user);
  return row?.name === user.name ? row : undefined;
}

function findAlike(db: Kysely<Tables>, { accountId, name }: UserName): Promise<UserRow | undefined> {
  return db
    .selectFrom('users')
    .selectAll()
    .where('account_id', '=', accountId)
    .where(sql`lower(name)`, '=', name.toLowerCase())
    .executeTakeFirst();
}

async function countUsers(trx: Transaction<Tables>, accountId: string): Promise<number> {
  const { count } = await trx
    .selectFrom('users')
    .select((eb) => eb.fn.countAll<number>().as('count'))
    .where('account_id', '=', accountId)
    .executeTakeFirstOrThrow();
  return Number(count);
}

async function wasUsed(trx: Transaction<Tables>, { accountId, name }: UserName): Promise<boolean> {
  const row = await trx
    .selectFrom('former_users')
    .select('name')
    .where('account_id', '=', accountId)
    .where('name', '=', name)
    .executeTakeFirst();
  return row !== undefined;
}

const VAULTS_AT_ONCE = 50;

/** Looks at some vaults after the others, so that all the policies are never in memory at once. */
async function firstNaming(trx: Transaction<Tables>, nowMs: number, arn: string): Promise<PoliciesInForce | undefined> {
  const isNamed = namingOf(arn);
  for (let afterKey = 0; ; ) {
    const vaults = await nextWithPolicies(trx, { afterKey, nowMs });
    for (const { key, ...vault } of vaults) {
      if (isNamed(vault.access ?? '') || isNamed(vault.lock ?? '')) return vault;
      afterKey = key;
    }
    if (vaults.length < VAULTS_AT_ONCE) return undefined;
  }
}

function nextWithPolicies(trx: Transaction<Tables>, { afterKey, nowMs }: { afterKey: number; nowMs: number }) {
  return trx
    .selectFrom('vaults')
    .leftJoin('access_policies', 'access_policies.vault_key', 'vaults.key')
    .leftJoin('vault_locks', (join) =>
      join
        .onRef('vault_locks.vault_key', '=', 'vaults.key')
        .on((eb) => eb.or([eb('vault_locks.expires_at', 'is', null), eb('vault_locks.expires_at', '>', nowMs)])),
    )
    .select([
      'vaults.key',
      'vaults.account_id as accountId',
      'vaults.name as vaultName',
      'access_policies.document as access',
      'vault_locks.document as lock',
    ])
    .where('vaults.key', '>', afterKey)
    .where((eb) =>
      eb.or([eb('access_policies.vault_key', 'is not', null), eb('vault_locks.vault_key', 'is not', null)]),
    )
    .orderBy('vaults.key')
    .limit(VAULTS_AT_ONCE)
    .execute();
}

async function deletePolicy(trx: Transaction<Tables>, userKey: number, name: string): Promise<boolean> {
  const result = await trx
    .deleteFrom('identity_policies')
    .where('user_key', '=', userKey)
    .where(sql`lower(name)`, '=', name.toLowerCase())
    .executeTakeFirst();
  return Number(result.numDeletedRows) > 0;
}

function toUser({ account_id, id, name, created_at }: UserRow): KeptUser {
  return { accountId: account_id, id, name, createdAtMs: created_at };
}
