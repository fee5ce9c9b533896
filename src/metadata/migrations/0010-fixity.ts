import { type Kysely, sql } from 'kysely';
import type { Ddl } from '../ddl.ts';

/**
 * When the bytes of each archive were last read and held against what was stored, and how that ended; and how far the pass
 * over all of them has come. Which archive is next, and which are damaged, is found by indexes without the deleted ones. And
 * where the second copy is, which whoever looks at the bytes has to know.
 */
export async function up(db: Kysely<unknown>, ddl: Ddl): Promise<void> {
  for (const column of ['verified_at', 'damaged_at']) {
    await db.schema.alterTable('archives').addColumn(column, ddl.int64).execute();
  }
  for (const column of ['verified_by', 'verdict', 'verdict_what']) {
    await db.schema.alterTable('archives').addColumn(column, 'text').execute();
  }
  await db.schema
    .createIndex('archives_to_verify')
    .on('archives')
    .columns(['verified_at', 'key'])
    .where(sql.ref('deleted_at'), 'is', null)
    .execute();
  await db.schema
    .createIndex('archives_damaged')
    .on('archives')
    .column('key')
    .where(sql.ref('damaged_at'), 'is not', null)
    .where(sql.ref('deleted_at'), 'is', null)
    .execute();
  await scrubTable(db, ddl);
  await db.schema.alterTable('serving').addColumn('mirror', 'text').execute();
}

/** One row: the pass that runs, the place within a large archive, the last pass that ended, and when the next begins. */
async function scrubTable(db: Kysely<unknown>, ddl: Ddl): Promise<void> {
  await ddl
    .table(db, 'scrub')
    .addColumn('key', ddl.int64, (column) => column.primaryKey().check(sql`key = 1`))
    .addColumn('begins_at', ddl.int64, (column) => column.notNull())
    .addColumn('started_at', ddl.int64)
    .addColumn('last_key', ddl.int64, (column) => column.notNull())
    .addColumn('total_archives', ddl.int64, (column) => column.notNull())
    .addColumn('total_bytes', ddl.int64, (column) => column.notNull())
    .addColumn('done_bytes', ddl.int64, (column) => column.notNull())
    .addColumn('archives', ddl.int64, (column) => column.notNull())
    .addColumn('damaged', ddl.int64, (column) => column.notNull())
    .addColumn('archive_key', ddl.int64)
    .addColumn('next_byte', ddl.int64, (column) => column.notNull())
    .addColumn('place_verdict', 'text')
    .addColumn('place_what', 'text')
    .addColumn('finished_at', ddl.int64)
    .addColumn('finished_archives', ddl.int64, (column) => column.notNull())
    .addColumn('finished_bytes', ddl.int64, (column) => column.notNull())
    .addColumn('finished_damaged', ddl.int64, (column) => column.notNull())
    .execute();
}
