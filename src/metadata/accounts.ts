import type { Kysely } from 'kysely';
import type { Account } from '../model/identities.ts';
import { isThere } from './going-vaults.ts';
import { insertKey, type NewKey } from './key-rows.ts';
import { inTransaction } from './prepared.ts';
import type { AccountRow, Tables } from './tables.ts';

/** What an account has that goes with it. */
const BELONGINGS = ['access_keys', 'retrieval_policies', 'retrieval_days', 'capacity_units'] as const;

export class AccountRecords {
  readonly #db: Kysely<Tables>;

  constructor(db: Kysely<Tables>) {
    this.#db = db;
  }

  /** Adds an account with a key of its root. `taken` when the key's id is, `former` when a deleted account had the number. */
  async create(asked: { account: Account; rootKey: NewKey }): Promise<'created' | 'exists' | 'former' | 'taken'> {
    const { account, rootKey } = asked;
    return inTransaction(this.#db, async (trx) => {
      if (await hasKey(trx, rootKey.accessKeyId)) return 'taken';
      if (await isFormer(trx, account.accountId)) return 'former';
      if (!(await insert(trx, account))) return 'exists';
      await insertKey(trx, rootKey, { accountId: account.accountId, userKey: null });
      return 'created';
    });
  }

  /** Adds the account unless it is there, and every account that owns vaults and is not; nothing when it was deleted. */
  async ensure({ accountId, nowMs }: { accountId: string; nowMs: number }): Promise<'there' | 'former'> {
    return inTransaction(this.#db, async (trx) => {
      if (await isFormer(trx, accountId)) return 'former';
      const owners = await trx
        .selectFrom('vaults')
        .select('account_id')
        .distinct()
        .where((eb) => isThere(eb.ref('account_id')))
        .execute();
      for (const id of [accountId, ...owners.map((owner) => owner.account_id)]) {
        await insert(trx, { accountId: id, name: null, createdAtMs: nowMs, disabledAtMs: null });
      }
      return 'there';
    });
  }

  async find(accountId: string): Promise<Account | undefined> {
    const row = await this.#db.selectFrom('accounts').selectAll().where('id', '=', accountId).executeTakeFirst();
    return row === undefined ? undefined : toAccount(row);
  }

  /** Every account, by id. */
  async list(): Promise<Account[]> {
    const rows = await this.#db.selectFrom('accounts').selectAll().orderBy('id').execute();
    return rows.map(toAccount);
  }

  /** Disables an account, since when it is kept, or enables it with null; says whether there is one. */
  async setDisabled({ accountId, disabledAtMs }: Pick<Account, 'accountId' | 'disabledAtMs'>): Promise<boolean> {
    const result = await this.#db
      .updateTable('accounts')
      .set((eb) => ({
        disabled_at: disabledAtMs === null ? null : eb.fn.coalesce('disabled_at', eb.val(disabledAtMs)),
      }))
      .where('id', '=', accountId)
      .executeTakeFirst();
    return Number(result.numUpdatedRows) === 1;
  }

  /** Deletes an account that has neither vaults nor users, with its root keys and its settings; its number stays used. */
  async delete(accountId: string): Promise<'deleted' | 'unknown' | 'has vaults' | 'has users'> {
    return inTransaction(this.#db, async (trx) => {
      const owned = (table: 'vaults' | 'users') =>
        trx.selectFrom(table).select('key').where('account_id', '=', accountId).limit(1).executeTakeFirst();
      if ((await owned('vaults')) !== undefined) return 'has vaults';
      if ((await owned('users')) !== undefined) return 'has users';
      for (const table of BELONGINGS) await trx.deleteFrom(table).where('account_id', '=', accountId).execute();
      const result = await trx.deleteFrom('accounts').where('id', '=', accountId).executeTakeFirst();
      if (Number(result.numDeletedRows) !== 1) return 'unknown';
      await trx.insertInto('former_accounts').values({ id: accountId }).execute();
      return 'deleted';
    });
  }
}

async function hasKey(db: Kysely<Tables>, accessKeyId: string): Promise<boolean> {
  const row = await db.selectFrom('access_keys').select('id').where('id', '=', accessKeyId).executeTakeFirst();
  return row !== undefined;
}

async function isFormer(db: Kysely<Tables>, accountId: string): Promise<boolean> {
  const row = await db.selectFrom('former_accounts').select('id').where('id', '=', accountId).executeTakeFirst();
  return row !== undefined;
}

/** Says whether the account was not there. */
async function insert(db: Kysely<Tables>, { accountId, name, createdAtMs, disabledAtMs }: Account): Promise<boolean> {
  const result = await db
    .insertInto('accounts')
    .values({ id: accountId, name, created_at: createdAtMs, disabled_at: disabledAtMs })
    .onConflict((conflict) => conflict.column('id').doNothing())
    .executeTakeFirst();
  return Number(result.numInsertedOrUpdatedRows) === 1;
}

function toAccount({ id, name, created_at, disabled_at }: AccountRow): Account {
  return { accountId: id, name, createdAtMs: created_at, disabledAtMs: disabled_at };
}
