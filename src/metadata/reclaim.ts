import type { Kysely, Transaction } from 'kysely';
import type { Tables } from './tables.ts';

/** Bytes that no archive, part or job refers to any more. */
export class ReclaimRecords {
  readonly #db: Kysely<Tables>;

  constructor(db: Kysely<Tables>) {
    this.#db = db;
  }

  /** Blobs that were given up, in no order. A blob is either here or referred to by exactly one row, never both. */
  async list({ limit }: { limit: number }): Promise<string[]> {
    const rows = await this.#db.selectFrom('reclaimable_blobs').select('blob_id').limit(limit).execute();
    return rows.map((row) => row.blob_id);
  }

  /** Notes that the bytes of these blobs are gone. */
  async forget(blobIds: readonly string[]): Promise<void> {
    if (blobIds.length === 0) return;
    await this.#db.deleteFrom('reclaimable_blobs').where('blob_id', 'in', blobIds).execute();
  }

  /** Takes back those of `blobIds` that a row mentions after all, and returns them. No row may; so somebody changed rows. */
  async takeBackMentioned(blobIds: readonly string[]): Promise<string[]> {
    if (blobIds.length === 0) return [];
    return this.#db.transaction().execute(async (trx) => {
      const rows = await inUse(trx, blobIds).execute();
      const ids = rows.map((row) => row.blob_id);
      if (ids.length > 0) await trx.deleteFrom('reclaimable_blobs').where('blob_id', 'in', ids).execute();
      return ids;
    });
  }

  /** How many of `blobIds` no row mentions. */
  async countUnknown(blobIds: readonly string[]): Promise<number> {
    if (blobIds.length === 0) return 0;
    return this.#db.transaction().execute(async (trx) => blobIds.length - (await mentioned(trx, blobIds)).size);
  }

  /** Hands those of `blobIds` that no row mentions to the sweep, and leaves the others alone; returns how many. */
  async addUnknown(blobIds: readonly string[]): Promise<number> {
    if (blobIds.length === 0) return 0;
    return this.#db.transaction().execute(async (trx) => {
      const known = await mentioned(trx, blobIds);
      const unknown = blobIds.filter((id) => !known.has(id)).map((id) => ({ blob_id: id }));
      if (unknown.length > 0) await trx.insertInto('reclaimable_blobs').values(unknown).execute();
      return unknown.length;
    });
  }
}

/** Those of `blobIds` that some row mentions. */
async function mentioned(trx: Transaction<Tables>, blobIds: readonly string[]): Promise<Set<string>> {
  const rows = await inUse(trx, blobIds)
    .unionAll(trx.selectFrom('reclaimable_blobs').select('blob_id').where('blob_id', 'in', blobIds))
    .execute();
  return new Set(rows.map((row) => row.blob_id));
}

/** Those of `blobIds` that an archive, a part or a job refers to. */
const inUse = (trx: Transaction<Tables>, blobIds: readonly string[]) =>
  trx
    .selectFrom('archive_blobs')
    .select('blob_id')
    .where('blob_id', 'in', blobIds)
    .unionAll(trx.selectFrom('parts').select('blob_id').where('blob_id', 'in', blobIds))
    .unionAll(
      trx
        .selectFrom('jobs')
        .select('output_blob_id as blob_id')
        .where('output_blob_id', 'in', blobIds)
        .$narrowType<{ blob_id: string }>(),
    );

/** Throws if the blob was given up: its bytes may be gone at any moment, so no row may begin to refer to it. */
export async function refuseGivenUp(trx: Transaction<Tables>, blobId: string): Promise<void> {
  const row = await trx
    .selectFrom('reclaimable_blobs')
    .select('blob_id')
    .where('blob_id', '=', blobId)
    .executeTakeFirst();
  if (row !== undefined) throw new Error(`the blob ${blobId} was given up before it was recorded`);
}
