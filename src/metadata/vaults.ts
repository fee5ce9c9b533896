import type { Kysely, Transaction } from 'kysely';
import type { Vault, VaultName } from '../model/vaults.ts';
import type { Tables, VaultRow } from './tables.ts';

/** What a listing of vaults goes by: the account, the name to go on after, and how many rows. */
export interface VaultPage {
  accountId: string;
  afterName: string;
  limit: number;
}

export class VaultRecords {
  readonly #db: Kysely<Tables>;

  constructor(db: Kysely<Tables>) {
    this.#db = db;
  }

  /**
   * Makes the vault unless it exists; `full` when the account has `vaultsMax` vaults already, `no account` when there is
   * none that may have any.
   */
  async create(
    vault: VaultName & { nowMs: number; vaultsMax: number },
  ): Promise<'created' | 'exists' | 'full' | 'no account'> {
    return this.#db.transaction().execute(async (trx) => {
      if (!(await isAccountEnabled(trx, vault.accountId))) return 'no account';
      if ((await findVault(trx, vault)) !== undefined) return 'exists';
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

  async find(vault: VaultName): Promise<Vault | undefined> {
    const row = await findVault(this.#db, vault);
    return row === undefined ? undefined : toVault(row);
  }

  async findByKey(key: number): Promise<Vault | undefined> {
    const row = await this.#db.selectFrom('vaults').selectAll().where('key', '=', key).executeTakeFirst();
    return row === undefined ? undefined : toVault(row);
  }

  /** Every account that has a vault. */
  async accounts(): Promise<string[]> {
    const rows = await this.#db.selectFrom('vaults').select('account_id').distinct().execute();
    return rows.map((row) => row.account_id);
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

  /**
   * Deletes a vault with its jobs, uploads, settings and memory of deleted archives, if `mayDelete` says so of its present
   * state and there is no archive in it, whatever it counts. Deleting what is not there succeeds.
   */
  async delete(vault: VaultName & { mayDelete: (vault: Vault) => boolean }): Promise<'deleted' | 'refused'> {
    return this.#db.transaction().execute(async (trx) => {
      const row = await findVault(trx, vault);
      if (row === undefined) return 'deleted';
      if (row.archive_count > 0 || !vault.mayDelete(toVault(row))) return 'refused';
      if (await hasArchives(trx, row.key)) return 'refused';
      await deleteContents(trx, row.key);
      await trx.deleteFrom('vaults').where('key', '=', row.key).execute();
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
  const row = await trx.selectFrom('vaults').select('key').where('key', '=', vaultKey).executeTakeFirst();
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

function findVault(db: Kysely<Tables>, { accountId, name }: VaultName): Promise<VaultRow | undefined> {
  return db
    .selectFrom('vaults')
    .selectAll()
    .where('account_id', '=', accountId)
    .where('name', '=', name)
    .executeTakeFirst();
}

async function hasArchives(db: Kysely<Tables>, vaultKey: number): Promise<boolean> {
  const row = await db
    .selectFrom('archives')
    .select('key')
    .where('vault_key', '=', vaultKey)
    .where('deleted_at', 'is', null)
    .limit(1)
    .executeTakeFirst();
  return row !== undefined;
}

function newVaultRow({ accountId, name, nowMs }: VaultName & { nowMs: number }) {
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
    inventorySnapshotAtMs: row.inventory_snapshot_at,
    inventoryPublishedAtMs: row.inventory_published_at,
    inventoryArchiveCount: row.inventory_archive_count,
    inventoryArchiveBytes: row.inventory_archive_bytes,
  };
}

/** What a vault has beside archives, uploads and jobs. */
const SETTINGS = ['vault_tags', 'notification_configurations', 'access_policies', 'vault_locks'] as const;

/** Removes every row of a vault; the bytes behind them go to the reclaim sweep. */
async function deleteContents(trx: Transaction<Tables>, vaultKey: number): Promise<void> {
  const uploads = trx.selectFrom('uploads').select('key').where('vault_key', '=', vaultKey);
  const archives = trx.selectFrom('archives').select('key').where('vault_key', '=', vaultKey);
  const outputs = trx
    .selectFrom('jobs')
    .select('output_blob_id as blob_id')
    .where('vault_key', '=', vaultKey)
    .where('output_blob_id', 'is not', null)
    .$narrowType<{ blob_id: string }>();
  const parts = trx.selectFrom('parts').select('blob_id').where('upload_key', 'in', uploads);
  const blobs = trx.selectFrom('archive_blobs').select('blob_id').where('archive_key', 'in', archives);
  for (const orphans of [outputs, parts, blobs]) {
    await trx.insertInto('reclaimable_blobs').columns(['blob_id']).expression(orphans).execute();
  }
  for (const table of SETTINGS) await trx.deleteFrom(table).where('vault_key', '=', vaultKey).execute();
  await trx.deleteFrom('jobs').where('vault_key', '=', vaultKey).execute();
  await trx.deleteFrom('parts').where('upload_key', 'in', uploads).execute();
  await trx.deleteFrom('uploads').where('vault_key', '=', vaultKey).execute();
  await trx.deleteFrom('archive_blobs').where('archive_key', 'in', archives).execute();
  await trx.deleteFrom('archives').where('vault_key', '=', vaultKey).execute();
}
