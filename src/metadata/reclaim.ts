import type { Kysely } from 'kysely';
import type { Tables } from './tables.ts';

/** Bytes that no archive, part or job refers to any more. */
export class ReclaimRecords {
  readonly #db: Kysely<Tables>;

  constructor(db: Kysely<Tables>) {
    this.#db = db;
  }

  /** Blobs that were given up, in no order. */
  async list({ limit }: { limit: number }): Promise<string[]> {
    const rows = await this.#db.selectFrom('reclaimable_blobs').select('blob_id').limit(limit).execute();
    return rows.map((row) => row.blob_id);
  }

  /** Notes that the bytes of these blobs are gone. */
  async forget(blobIds: readonly string[]): Promise<void> {
    if (blobIds.length === 0) return;
    await this.#db.deleteFrom('reclaimable_blobs').where('blob_id', 'in', blobIds).execute();
  }

  /** Hands a blob that no row owns to the sweep, as for bytes whose owner could not be recorded. */
  async add(blobId: string): Promise<void> {
    await this.#db.insertInto('reclaimable_blobs').values({ blob_id: blobId }).execute();
  }

  /** Those of `blobIds` that no row mentions. */
  async unknown(blobIds: readonly string[]): Promise<string[]> {
    if (blobIds.length === 0) return [];
    const rows = await this.#db
      .selectFrom('archive_blobs')
      .select('blob_id')
      .where('blob_id', 'in', blobIds)
      .unionAll(this.#db.selectFrom('parts').select('blob_id').where('blob_id', 'in', blobIds))
      .unionAll(
        this.#db
          .selectFrom('jobs')
          .select('output_blob_id as blob_id')
          .where('output_blob_id', 'in', blobIds)
          .$narrowType<{ blob_id: string }>(),
      )
      .unionAll(this.#db.selectFrom('reclaimable_blobs').select('blob_id').where('blob_id', 'in', blobIds))
      .execute();
    const known = new Set(rows.map((row) => row.blob_id));
    return blobIds.filter((id) => !known.has(id));
  }
}
