import type { Kysely } from 'kysely';
import type { Ddl } from '../ddl.ts';

/**
 * Archives and uploads that were given up and may still have blobs: with up to 10,000 of these each, they go to the reclaim
 * sweep bit by bit, and no longer all in the transaction that gives them up.
 */
export async function up(db: Kysely<unknown>, ddl: Ddl): Promise<void> {
  await ddl
    .table(db, 'archives_given_up')
    .addColumn('archive_key', ddl.int64, (column) => column.primaryKey().references('archives.key').onDelete('cascade'))
    .execute();
  await ddl
    .table(db, 'uploads_given_up')
    .addColumn('upload_key', ddl.int64, (column) => column.primaryKey().references('uploads.key').onDelete('cascade'))
    .execute();
}
