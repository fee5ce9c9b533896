import { type Kysely, sql } from 'kysely';
import type { Ddl } from '../ddl.ts';

/**
 * The last snapshot of each vault, which later writes are dated after, and the one that its daily inventory shows. A daily
 * inventory of before showed the instant that it bears.
 */
export async function up(db: Kysely<unknown>, ddl: Ddl): Promise<void> {
  await db.schema.alterTable('vaults').addColumn('snapshot_at', ddl.int64).execute();
  await db.schema.alterTable('vaults').addColumn('inventory_snapshot_at', ddl.int64).execute();
  await sql`update vaults set snapshot_at = inventory_at, inventory_snapshot_at = inventory_at`.execute(db);
}
