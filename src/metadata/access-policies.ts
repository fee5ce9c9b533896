import type { Kysely, Transaction } from 'kysely';
import type { UserName } from '../model/identities.ts';
import { inTransaction } from './prepared.ts';
import type { Tables } from './tables.ts';
import { vaultExists } from './vaults.ts';

/** The access policies of vaults. What they are for requests is read in `VaultPolicyRecords`. */
export class AccessPolicyRecords {
  readonly #db: Kysely<Tables>;

  constructor(db: Kysely<Tables>) {
    this.#db = db;
  }

  /**
   * Sets the policy, in place of the one there was; `gone` when the vault is. Of the users it names, those of accounts that
   * are known here must be known too: the first that is not is the outcome, and nothing is set.
   */
  async set(policy: {
    vaultKey: number;
    document: string;
    users: readonly UserName[];
  }): Promise<'set' | 'gone' | { unknown: UserName }> {
    const { vaultKey, document, users } = policy;
    return inTransaction(this.#db, async (trx) => {
      if (!(await vaultExists(trx, vaultKey))) return 'gone';
      const unknown = await firstUnknown(trx, users);
      if (unknown !== undefined) return { unknown };
      await trx
        .insertInto('access_policies')
        .values({ vault_key: vaultKey, document })
        .onConflict((clash) => clash.column('vault_key').doUpdateSet({ document }))
        .execute();
      return 'set';
    });
  }

  /** The document, as it was set. */
  async find(vaultKey: number): Promise<string | undefined> {
    const row = await this.#db
      .selectFrom('access_policies')
      .select('document')
      .where('vault_key', '=', vaultKey)
      .executeTakeFirst();
    return row?.document;
  }

  /** Removes the policy, if there is one. */
  async delete(vaultKey: number): Promise<void> {
    await this.#db.deleteFrom('access_policies').where('vault_key', '=', vaultKey).execute();
  }
}

/** The first of these users that an account known here does not have. */
export async function firstUnknown(
  trx: Transaction<Tables>,
  users: readonly UserName[],
): Promise<UserName | undefined> {
  for (const [accountId, ofAccount] of Map.groupBy(users, (user) => user.accountId)) {
    const account = await trx.selectFrom('accounts').select('id').where('id', '=', accountId).executeTakeFirst();
    if (account === undefined) continue;
    const names = ofAccount.map(({ name }) => name);
    const rows = await trx
      .selectFrom('users')
      .select('name')
      .where('account_id', '=', accountId)
      .where('name', 'in', names)
      .execute();
    const known = new Set(rows.map(({ name }) => name));
    const unknown = ofAccount.find(({ name }) => !known.has(name));
    if (unknown !== undefined) return unknown;
  }
  return undefined;
}
