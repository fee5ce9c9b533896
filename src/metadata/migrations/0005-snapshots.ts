import { type Kysely, sql } from 'kysely';
import type { Ddl } from '../ddl.ts';

/**
 * The last snapshot of each vault, which later deletions are dated after, and the one that its daily inventory shows.
 *
 * A daily inventory of before showed what was created and not deleted up to the date that it bears. That was never before
 * the vault's last write, and the first write after it was dated later: so if the last write is not later nothing was
 * written since, and the snapshot is of that write, for the date may be one of a clock that was ahead. It ends before the
 * first archive that was created later; with none, at the last of all.
 */
export async function up(db: Kysely<unknown>, ddl: Ddl): Promise<void> {
  for (const column of ['snapshot_at', 'inventory_snapshot_at', 'inventory_snapshot_key']) {
    await db.schema.alterTable('vaults').addColumn(column, ddl.int64).execute();
  }
  await sql`update vaults set
      inventory_snapshot_at = case when written_at < inventory_at then written_at else inventory_at end,
      inventory_snapshot_key = coalesce(
        (select min(key) - 1 from archives where vault_key = vaults.key and created_at > vaults.inventory_at),
        (select max(key) from archives), 0)
    where inventory_at is not null`.execute(db);
  await sql`update vaults set snapshot_at = inventory_snapshot_at`.execute(db);
}
