import { type Expression, type Kysely, type SelectQueryBuilder, type SqlBool, sql, type Transaction } from 'kysely';
import { giveUpBlobs, takeFromArchives, takeFromUploads } from './giving-up.ts';
import { inShort } from './in-short.ts';
import { listed } from './json-list.ts';
import { inTransaction } from './prepared.ts';
import type { Tables } from './tables.ts';

/**
 * A vault is deleted by giving it to an account that nobody can have, under a name that no other vault has: it is gone for
 * everybody at once, however many jobs it had. Its rows are removed afterwards, a few at a time, and its own row last, so
 * that what refers to it can be found until it is done.
 */
const GOING = '';

interface Some {
  vaultKey: number;
  limit: number;
}

/** Vaults that were deleted and of which rows are left. */
export class GoingVaultRecords {
  readonly #db: Kysely<Tables>;

  constructor(db: Kysely<Tables>) {
    this.#db = db;
  }

  /**
   * Removes rows, as many as a short operation can but about `limit` at most, their blobs counted; returns how many. 0 when
   * nothing is left of any vault.
   */
  async removeSome({ limit }: { limit: number }): Promise<number> {
    return inTransaction(this.#db, (trx) => inShort(limit, (some) => removeFrom(trx, some)));
  }
}

async function removeFrom(trx: Transaction<Tables>, limit: number): Promise<number> {
  const running = await removeRunningJobs(trx, limit);
  if (running > 0) return running;
  const vault = await trx
    .selectFrom('vaults')
    .select('key')
    .where('account_id', '=', GOING)
    .orderBy('name')
    .limit(1)
    .executeTakeFirst();
  if (vault === undefined) return 0;
  for (const remove of [removeJobs, removeUploads, removeArchives]) {
    const removed = await remove(trx, { vaultKey: vault.key, limit });
    if (removed > 0) return removed;
  }
  await trx.deleteFrom('vaults').where('key', '=', vault.key).execute();
  return 1;
}

/** Takes the vault from its account; its rows are left to `removeSome`. */
export async function letGo(trx: Transaction<Tables>, vaultKey: number): Promise<void> {
  await trx
    .updateTable('vaults')
    .set({ account_id: GOING, name: String(vaultKey) })
    .where('key', '=', vaultKey)
    .execute();
}

/** True of a vault that was not deleted, for queries that find vaults by their keys or look at all of them. */
export const isThere = (accountId: Expression<string>) => sql<SqlBool>`${accountId} > ${sql.lit(GOING)}`;

/** The keys of vaults that are going, for queries that look at the jobs of all vaults. There are few. */
export const goingKeys = (db: Kysely<Tables>) =>
  db.selectFrom('vaults as going').select('going.key').where('going.account_id', '=', sql.lit(GOING));

/** Those of all vaults go first: as long as they are there, whoever looks for work has to look past them. */
const removeRunningJobs = (trx: Transaction<Tables>, limit: number) =>
  removeThese(
    trx,
    trx
      .selectFrom('jobs')
      .select('key')
      .where('vault_key', 'in', goingKeys(trx))
      .where('status', '=', 'InProgress')
      .limit(limit),
  );

const removeJobs = (trx: Transaction<Tables>, { vaultKey, limit }: Some) =>
  removeThese(trx, trx.selectFrom('jobs').select('key').where('vault_key', '=', vaultKey).limit(limit));

async function removeThese(
  trx: Transaction<Tables>,
  keys: SelectQueryBuilder<Tables, 'jobs', { key: number }>,
): Promise<number> {
  const jobs = await trx.deleteFrom('jobs').where('key', 'in', keys).returning('output_blob_id').execute();
  await giveUpBlobs(
    trx,
    jobs.flatMap(({ output_blob_id: id }) => id ?? []),
  );
  return jobs.length;
}

/** Uploads go when all their parts have gone. */
async function removeUploads(trx: Transaction<Tables>, { vaultKey, limit }: Some): Promise<number> {
  const uploads = trx.selectFrom('uploads').select('key').where('vault_key', '=', vaultKey);
  const keys = (await uploads.limit(limit).execute()).map(({ key }) => key);
  const parts = await takeFromUploads(trx, { keys, limit });
  if (parts === limit) return parts;
  await trx.deleteFrom('uploads').where('key', 'in', listed(keys)).execute();
  return parts + keys.length;
}

/** The memory of deleted archives, when all their blobs have gone; a vault is not deleted while it has others. */
async function removeArchives(trx: Transaction<Tables>, { vaultKey, limit }: Some): Promise<number> {
  const archives = trx.selectFrom('archives').select('key').where('vault_key', '=', vaultKey);
  const keys = (await archives.limit(limit).execute()).map(({ key }) => key);
  const blobs = await takeFromArchives(trx, { keys, limit });
  if (blobs === limit) return blobs;
  await trx.deleteFrom('archives').where('key', 'in', listed(keys)).execute();
  return blobs + keys.length;
}
