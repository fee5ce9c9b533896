import { sql, type Transaction } from 'kysely';
import { listed } from './json-list.ts';
import type { Tables } from './tables.ts';

/**
 * Bytes are given up by handing their blobs to the reclaim sweep, in the transaction that takes them from the row which
 * referred to them. An archive or an upload may have 10,000 blobs, so the transaction that gives one up only notes it, and
 * its blobs follow a few at a time: until then they are its own.
 */

/** Hands blobs over that no row refers to any more. */
export async function giveUpBlobs(trx: Transaction<Tables>, blobIds: readonly string[]): Promise<void> {
  if (blobIds.length === 0) return;
  const given = trx.selectFrom(listed(blobIds).as('given')).select(sql<string>`value`.as('blob_id'));
  await trx.insertInto('reclaimable_blobs').columns(['blob_id']).expression(given).execute();
}

/** Notes those of the archives that were deleted and that no job refers to. */
export async function giveUpArchives(trx: Transaction<Tables>, archiveKeys: readonly number[]): Promise<void> {
  if (archiveKeys.length === 0) return;
  const unwanted = trx
    .selectFrom('archives')
    .select('key')
    .where('key', 'in', listed(archiveKeys))
    .where('deleted_at', 'is not', null)
    .where(({ not, exists, selectFrom }) =>
      not(exists(selectFrom('jobs').select('jobs.key').whereRef('jobs.archive_key', '=', 'archives.key'))),
    );
  await trx.insertInto('archives_given_up').columns(['archive_key']).expression(unwanted).execute();
}

/** Notes an upload that was aborted. */
export async function giveUpUpload(trx: Transaction<Tables>, uploadKey: number): Promise<void> {
  await trx.insertInto('uploads_given_up').values({ upload_key: uploadKey }).execute();
}

/**
 * Hands up to `limit` blobs of these archives over; returns how many: fewer than `limit` were all. The lists of parts go
 * first: parts that no list names make no archive when the metadata are made again from the bytes.
 */
export async function takeFromArchives(
  trx: Transaction<Tables>,
  { keys, limit }: { keys: readonly number[]; limit: number },
): Promise<number> {
  const lists = await takeAssemblies(trx, { keys, limit });
  const some = trx
    .selectFrom('archive_blobs')
    .select('blob_id')
    .where('archive_key', 'in', listed(keys))
    .limit(limit - lists);
  const taken = await trx.deleteFrom('archive_blobs').where('blob_id', 'in', some).returning('blob_id').execute();
  return lists + (await handedOver(trx, taken));
}

async function takeAssemblies(
  trx: Transaction<Tables>,
  { keys, limit }: { keys: readonly number[]; limit: number },
): Promise<number> {
  const rows = await trx
    .selectFrom('archives')
    .select(['key', 'assembly_blob_id as blob_id'])
    .where('key', 'in', listed(keys))
    .where('assembly_blob_id', 'is not', null)
    .$narrowType<{ blob_id: string }>()
    .limit(limit)
    .execute();
  if (rows.length === 0) return 0;
  const taken = listed(rows.map(({ key }) => key));
  await trx.updateTable('archives').set({ assembly_blob_id: null }).where('key', 'in', taken).execute();
  return handedOver(trx, rows);
}

/** The same for the parts of uploads. */
export async function takeFromUploads(
  trx: Transaction<Tables>,
  { keys, limit }: { keys: readonly number[]; limit: number },
): Promise<number> {
  const some = trx.selectFrom('parts').select('blob_id').where('upload_key', 'in', listed(keys)).limit(limit);
  const taken = await trx.deleteFrom('parts').where('blob_id', 'in', some).returning('blob_id').execute();
  return handedOver(trx, taken);
}

async function handedOver(trx: Transaction<Tables>, rows: readonly { blob_id: string }[]): Promise<number> {
  await giveUpBlobs(
    trx,
    rows.map((row) => row.blob_id),
  );
  return rows.length;
}
