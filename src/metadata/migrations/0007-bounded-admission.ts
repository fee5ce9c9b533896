import { type Kysely, sql } from 'kysely';

/** Whether a vault has archives is found without looking past those that were deleted and are remembered. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createIndex('archives_present')
    .on('archives')
    .column('vault_key')
    .where(sql.ref('deleted_at'), 'is', null)
    .execute();
}
