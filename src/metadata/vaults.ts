import type { Kysely, Transaction } from 'kysely';
import type { VaultIdentity } from '../model/lock-records.ts';
import { isEmpty, type Snapshot, type Vault, type VaultName } from '../model/vaults.ts';
import { isThere, letGo } from './going-vaults.ts';
import { inTransaction, Prepared } from './prepared.ts';
import type { Tables, VaultRow } from './tables.ts';

/** What a listing of vaults goes by: the account, the name to go on after, and how many rows. */
export interface VaultPage {
  accountId: string;
  afterName: string;
  limit: number;
}

export class VaultRecords {
  readonly #db: Kysely<Tables>;
  readonly #find: Prepared<VaultRow>;

  constructor(db: Kysely<Tables>) {
    this.#db = db;
    this.#find = new Prepared(db, findQuery(db, { accountId: '', name: '' }));
  }

  /**
   * Makes the vault unless it exists; `full` when the account has `vaultsMax` vaults already, `no account` when there is
   * none that may have any. One that is not noted beside the bytes is not made: that it is missing is the outcome.
   */
  async create(
    vault: VaultName & { nowMs: number; vaultsMax: number; isNoted?: boolean },
  ): Promise<'created' | 'exists' | 'missing' | 'full' | 'no account'> {
    return inTransaction(this.#db, async (trx) => {
      if (!(await isAccountEnabled(trx, vault.accountId))) return 'no account';
      if ((await findVault(trx, vault)) !== undefined) return 'exists';
      if (vault.isNoted === false) return 'missing';
      const { count } = await trx
        .selectFrom('vaults')
        .select((eb) => eb.fn.countAll<number>().as('count'))
        .where('account_id', '=', vault.accountId)
        .executeTakeFirstOrThrow();
      if (Number(count) >= vault.vaultsMax) return 'full';
      await trx.insertInto('vaults').values(newVaultRow(vault)).execute();
      return 'created';
    });
  }

  async find({ accountId, name }: VaultName): Promise<Vault | undefined> {
    const row = await this.#find.first([accountId, name]);
    return row === undefined ? undefined : toVault(row);
  }

  async findByKey(key: number): Promise<Vault | undefined> {
    const row = await this.#db
      .selectFrom('vaults')
      .selectAll()
      .where('key', '=', key)
      .where((eb) => isThere(eb.ref('account_id')))
      .executeTakeFirst();
    return row === undefined ? undefined : toVault(row);
  }

  /** Vaults in the order of their names (by code point), after a name. */
  async list({ accountId, afterName, limit }: VaultPage): Promise<Vault[]> {
    const rows = await this.#db
      .selectFrom('vaults')
      .selectAll()
      .where('account_id', '=', accountId)
      .where('name', '>', afterName)
      .orderBy('name')
      .limit(limit)
      .execute();
    return rows.map(toVault);
  }

  /** Which vaults there are, of all accounts, in the order of their keys after one. */
  async identities({ afterKey, limit }: { afterKey: number; limit: number }) {
    const rows = await this.#db
      .selectFrom('vaults')
      .select(['key', 'account_id as accountId', 'name', 'created_at as createdAtMs'])
      .where('key', '>', afterKey)
      .where((eb) => isThere(eb.ref('account_id')))
      .orderBy('key')
      .limit(limit)
      .execute();
    return rows satisfies (VaultIdentity & { key: number })[];
  }

  /**
   * Deletes a vault with its settings, if it is empty and there is no archive in it, whatever it counts. With it everything
   * that belongs to it is gone; its rows are removed later, and its name is free at once. Deleting what is not there
   * succeeds.
   */
  async delete(vault: VaultName & { inventory: 'live' | 'daily' }): Promise<'deleted' | 'refused'> {
    return inTransaction(this.#db, async (trx) => {
      const row = await findVault(trx, vault);
      if (row === undefined) return 'deleted';
      if (row.archive_count > 0 || !isEmpty(toVault(row), vault.inventory)) return 'refused';
      if (await hasArchives(trx, row.key)) return 'refused';
      for (const table of SETTINGS) await trx.deleteFrom(table).where('vault_key', '=', row.key).execute();
      await letGo(trx, row.key);
      return 'deleted';
    });
  }

  /** Whether there is an archive in a vault, whatever the vault counts. */
  async hasArchives(key: number): Promise<boolean> {
    return hasArchives(this.#db, key);
  }
}

/** Whether there still is a vault, for operations that are about to change something of it. */
export async function vaultExists(trx: Transaction<Tables>, vaultKey: number): Promise<boolean> {
  const row = await trx
    .selectFrom('vaults')
    .select('key')
    .where('key', '=', vaultKey)
    .where((eb) => isThere(eb.ref('account_id')))
    .executeTakeFirst();
  return row !== undefined;
}

async function isAccountEnabled(trx: Transaction<Tables>, accountId: string): Promise<boolean> {
  const row = await trx
    .selectFrom('accounts')
    .select('id')
    .where('id', '=', accountId)
    .where('disabled_at', 'is', null)
    .executeTakeFirst();
  return row !== undefined;
}

const findQuery = (db: Kysely<Tables>, { accountId, name }: VaultName) =>
  db.selectFrom('vaults').selectAll().where('account_id', '=', accountId).where('name', '=', name);

const findVault = (db: Kysely<Tables>, vault: VaultName): Promise<VaultRow | undefined> =>
  findQuery(db, vault).executeTakeFirst();

async function hasArchives(db: Kysely<Tables>, vaultKey: number): Promise<boolean> {
  const row = await db
    .selectFrom('archives')
    .select('key')
    .where('vault_key', '=', vaultKey)
    .where('deleted_at', 'is', null)
    // An order that only the index of archives that are not deleted has: the other would look past a million of them.
    .orderBy('key')
    .limit(1)
    .executeTakeFirst();
  return row !== undefined;
}

/** An empty vault that was just made. */
export function newVaultRow({ accountId, name, nowMs }: VaultName & { nowMs: number }) {
  return {
    account_id: accountId,
    name,
    created_at: nowMs,
    written_at: null,
    archive_count: 0,
    archive_bytes: 0,
    inventory_at: null,
    inventory_published_at: null,
    inventory_archive_count: 0,
    inventory_archive_bytes: 0,
    snapshot_at: null,
    inventory_snapshot_at: null,
    inventory_snapshot_key: null,
  };
}

function toVault(row: VaultRow): Vault {
  return {
    key: row.key,
    accountId: row.account_id,
    name: row.name,
    createdAtMs: row.created_at,
    writtenAtMs: row.written_at,
    archiveCount: row.archive_count,
    archiveBytes: row.archive_bytes,
    inventoryAtMs: row.inventory_at,
    inventorySnapshot: snapshotIn(row),
    inventoryPublishedAtMs: row.inventory_published_at,
    inventoryArchiveCount: row.inventory_archive_count,
    inventoryArchiveBytes: row.inventory_archive_bytes,
  };
}

function snapshotIn({ inventory_snapshot_at: atMs, inventory_snapshot_key: lastKey }: VaultRow): Snapshot | null {
  return atMs === null || lastKey === null ? null : { atMs, lastKey };
}

/** What a vault has beside archives, uploads and jobs: few rows, and nothing may find them without it. */
const SETTINGS = ['vault_tags', 'notification_configurations', 'access_policies', 'vault_locks'] as const;
