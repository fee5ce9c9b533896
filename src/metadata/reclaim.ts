import type { Kysely, Transaction } from 'kysely';
import { giveUpBlobs, takeFromArchives, takeFromUploads } from './giving-up.ts';
import { inShort } from './in-short.ts';
import { listed } from './json-list.ts';
import { inTransaction } from './prepared.ts';
import type { Tables } from './tables.ts';

/** Bytes that no archive, part or job refers to any more. */
export class ReclaimRecords {
  readonly #db: Kysely<Tables>;

  constructor(db: Kysely<Tables>) {
    this.#db = db;
  }

  /**
   * Hands over blobs of archives and uploads that were given up, as many as a short operation can but about `limit` at most;
   * returns how many, with those archives and uploads that have none left. 0 when nothing waits.
   */
  async gather({ limit }: { limit: number }): Promise<number> {
    return inTransaction(this.#db, async (trx) => {
      const ofArchives = await inShort(limit, (some) => gatherFromArchives(trx, some));
      return ofArchives > 0 ? ofArchives : inShort(limit, (some) => gatherFromUploads(trx, some));
    });
  }

  /** Blobs that were given up, by id, after one. A blob is either here or referred to by exactly one row, never both. */
  async list({ afterBlobId = '', limit }: { afterBlobId?: string; limit: number }): Promise<string[]> {
    const rows = await this.#db
      .selectFrom('reclaimable_blobs')
      .select('blob_id')
      .where('blob_id', '>', afterBlobId)
      .orderBy('blob_id')
      .limit(limit)
      .execute();
    return rows.map((row) => row.blob_id);
  }

  /** Notes that the bytes of these blobs are gone. */
  async forget(blobIds: readonly string[]): Promise<void> {
    if (blobIds.length === 0) return;
    await this.#db.deleteFrom('reclaimable_blobs').where('blob_id', 'in', listed(blobIds)).execute();
  }

  /** Takes back those of `blobIds` that a row mentions after all, and returns them. No row may; so somebody changed rows. */
  async takeBackMentioned(blobIds: readonly string[]): Promise<string[]> {
    if (blobIds.length === 0) return [];
    return inTransaction(this.#db, async (trx) => {
      const rows = await inUse(trx, blobIds).execute();
      const ids = rows.map((row) => row.blob_id);
      if (ids.length > 0) await trx.deleteFrom('reclaimable_blobs').where('blob_id', 'in', listed(ids)).execute();
      return ids;
    });
  }

  /** How many of `blobIds` no row mentions. */
  async countUnknown(blobIds: readonly string[]): Promise<number> {
    if (blobIds.length === 0) return 0;
    return inTransaction(this.#db, async (trx) => blobIds.length - (await mentioned(trx, blobIds)).size);
  }

  /** Hands those of `blobIds` that no row mentions to the sweep, and leaves the others alone; returns how many. */
  async addUnknown(blobIds: readonly string[]): Promise<number> {
    if (blobIds.length === 0) return 0;
    return inTransaction(this.#db, async (trx) => {
      const known = await mentioned(trx, blobIds);
      const unknown = blobIds.filter((id) => !known.has(id));
      await giveUpBlobs(trx, unknown);
      return unknown.length;
    });
  }
}

async function gatherFromArchives(trx: Transaction<Tables>, limit: number): Promise<number> {
  const noted = trx.selectFrom('archives_given_up').select('archive_key as key').where('archive_key', '>', 0);
  const rows = await noted.limit(limit).execute();
  const keys = rows.map(({ key }) => key);
  const taken = await takeFromArchives(trx, { keys, limit });
  if (taken === limit) return taken;
  await trx.deleteFrom('archives_given_up').where('archive_key', 'in', listed(keys)).execute();
  return taken + keys.length;
}

async function gatherFromUploads(trx: Transaction<Tables>, limit: number): Promise<number> {
  const noted = trx.selectFrom('uploads_given_up').select('upload_key as key').where('upload_key', '>', 0);
  const rows = await noted.limit(limit).execute();
  const keys = rows.map(({ key }) => key);
  const taken = await takeFromUploads(trx, { keys, limit });
  if (taken === limit) return taken;
  await trx.deleteFrom('uploads_given_up').where('upload_key', 'in', listed(keys)).execute();
  return taken + keys.length;
}

/** Those of `blobIds` that some row mentions. */
export async function mentioned(trx: Kysely<Tables>, blobIds: readonly string[]): Promise<Set<string>> {
  const rows = await inUse(trx, blobIds)
    .unionAll(trx.selectFrom('reclaimable_blobs').select('blob_id').where('blob_id', 'in', listed(blobIds)))
    .execute();
  return new Set(rows.map((row) => row.blob_id));
}

/** Those of `blobIds` that an archive, a part or a job refers to. A new column that names blobs belongs here. */
const inUse = (trx: Kysely<Tables>, blobIds: readonly string[]) =>
  trx
    .selectFrom('archive_blobs')
    .select('blob_id')
    .where('blob_id', 'in', listed(blobIds))
    .unionAll(
      trx
        .selectFrom('archives')
        .select('assembly_blob_id as blob_id')
        .where('assembly_blob_id', 'in', listed(blobIds))
        .$narrowType<{ blob_id: string }>(),
    )
    .unionAll(trx.selectFrom('parts').select('blob_id').where('blob_id', 'in', listed(blobIds)))
    .unionAll(
      trx
        .selectFrom('jobs')
        .select('output_blob_id as blob_id')
        .where('output_blob_id', 'in', listed(blobIds))
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
