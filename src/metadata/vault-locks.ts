import type { Kysely, Selectable } from 'kysely';
import type { UserName } from '../model/identities.ts';
import type { VaultIdentity } from '../model/lock-records.ts';
import { mayBegin, type VaultLock, type VaultRecords } from '../model/vault-locks.ts';
import { firstUnknown } from './access-policies.ts';
import { inTransaction } from './prepared.ts';
import type { Tables } from './tables.ts';
import { vaultExists } from './vaults.ts';

/** The locks of vaults, one each at most. Rules that go beyond a single row are those of whoever asks. */
export class VaultLockRecords {
  readonly #db: Kysely<Tables>;

  constructor(db: Kysely<Tables>) {
    this.#db = db;
  }

  /** The lock as it was last set, expired or not. */
  async find(vaultKey: number): Promise<VaultLock | undefined> {
    const row = await this.#db
      .selectFrom('vault_locks')
      .selectAll()
      .where('vault_key', '=', vaultKey)
      .executeTakeFirst();
    return row === undefined ? undefined : toVaultLock(row);
  }

  /**
   * Puts a lock in progress, if the one that is there now and the `records` of the vault let it. `users` are those that the policy names; as
   * with access policies, the first that is not known is the outcome.
   */
  async initiate(asked: {
    vaultKey: number;
    lock: VaultLock;
    users: readonly UserName[];
    records: VaultRecords;
  }): Promise<'initiated' | 'refused' | 'vault-gone' | { unknown: UserName }> {
    const { vaultKey, lock, users, records } = asked;
    return inTransaction(this.#db, async (trx) => {
      if (!(await vaultExists(trx, vaultKey))) return 'vault-gone';
      const unknown = await firstUnknown(trx, users);
      if (unknown !== undefined) return { unknown };
      const row = await trx.selectFrom('vault_locks').selectAll().where('vault_key', '=', vaultKey).executeTakeFirst();
      const present = row === undefined ? undefined : toVaultLock(row);
      if (!mayBegin(present, records, lock.createdAtMs)) return 'refused';
      await trx.deleteFrom('vault_locks').where('vault_key', '=', vaultKey).execute();
      await trx.insertInto('vault_locks').values(toRow(vaultKey, lock)).execute();
      return 'initiated';
    });
  }

  /** Locks for ever; false when this lock is not there. Repeating it succeeds, and it is not asked whether it expired. */
  async complete({ vaultKey, id }: { vaultKey: number; id: string }): Promise<boolean> {
    const completed = await this.#db
      .updateTable('vault_locks')
      .set({ state: 'Locked', expires_at: null })
      .where('vault_key', '=', vaultKey)
      .where('id', '=', id)
      .returning('vault_key')
      .executeTakeFirst();
    return completed !== undefined;
  }

  /** Removes a lock that is in progress; false when this lock is not. */
  async abort({ vaultKey, id }: { vaultKey: number; id: string }): Promise<boolean> {
    const aborted = await this.#db
      .deleteFrom('vault_locks')
      .where('vault_key', '=', vaultKey)
      .where('id', '=', id)
      .where('state', '=', 'InProgress')
      .returning('vault_key')
      .executeTakeFirst();
    return aborted !== undefined;
  }

  /** Puts a lock in place of whatever is there; a vault that was deleted meanwhile needs none. */
  async reinstate({ vaultKey, lock }: { vaultKey: number; lock: VaultLock }): Promise<void> {
    const { vault_key: _, ...columns } = toRow(vaultKey, lock);
    await inTransaction(this.#db, async (trx) => {
      if (!(await vaultExists(trx, vaultKey))) return;
      await trx
        .insertInto('vault_locks')
        .values(toRow(vaultKey, lock))
        .onConflict((conflict) => conflict.column('vault_key').doUpdateSet(columns))
        .execute();
    });
  }

  /** Locks that are Locked, with their vaults, in order of the vaults' keys, after one of these. */
  async locked({ afterVaultKey, limit }: { afterVaultKey: number; limit: number }) {
    const rows = await this.#db
      .selectFrom('vault_locks')
      .innerJoin('vaults', 'vaults.key', 'vault_locks.vault_key')
      .selectAll('vault_locks')
      .select(['vaults.account_id', 'vaults.name', 'vaults.created_at as vault_created_at'])
      .where('vault_locks.state', '=', 'Locked')
      .where('vault_locks.vault_key', '>', afterVaultKey)
      .orderBy('vault_locks.vault_key')
      .limit(limit)
      .execute();
    return rows.map((row) => {
      const vault: VaultIdentity = { accountId: row.account_id, name: row.name, createdAtMs: row.vault_created_at };
      return { vaultKey: row.vault_key, vault, lock: toVaultLock(row) };
    });
  }
}

type LockRow = Selectable<Tables['vault_locks']>;

const toRow = (vaultKey: number, lock: VaultLock): LockRow => ({
  vault_key: vaultKey,
  id: lock.id,
  document: lock.document,
  state: lock.state,
  created_at: lock.createdAtMs,
  expires_at: lock.expiresAtMs,
});

const toVaultLock = (row: LockRow): VaultLock => ({
  id: row.id,
  document: row.document,
  state: row.state,
  createdAtMs: row.created_at,
  expiresAtMs: row.expires_at,
});
