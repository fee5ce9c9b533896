import { type Kysely, sql } from 'kysely';
import type { Ddl } from '../ddl.ts';

/** The blob beside the parts of an archive that lists them. Archives from before there were such lists have none. */
export async function up(db: Kysely<unknown>, _: Ddl): Promise<void> {
  await db.schema.alterTable('archives').addColumn('assembly_blob_id', 'text').execute();
  await db.schema
    .createIndex('archives_by_assembly')
    .unique()
    .on('archives')
    .column('assembly_blob_id')
    .where(sql.ref('assembly_blob_id'), 'is not', null)
    .execute();
}
