import { type Kysely, sql } from 'kysely';
import type { Ddl } from '../ddl.ts';

const LOW = 2 ** 32 - 1;

/**
 * What a request is admitted by is found in a bounded number of rows: whether a vault has archives without looking past
 * those that were deleted and are remembered, what Standard retrievals are running from a count that each vault keeps, and
 * Expedited ones, which are few, in indexes of their own.
 */
export async function up(db: Kysely<unknown>, ddl: Ddl): Promise<void> {
  await db.schema
    .createIndex('archives_present')
    .on('archives')
    .column('vault_key')
    .where(sql.ref('deleted_at'), 'is', null)
    .execute();
  await countRunning(db, ddl);
  await db.schema.dropIndex('jobs_running_by_tier').execute();
  await db.schema
    .createIndex('jobs_running_expedited')
    .on('jobs')
    .columns(['tier', 'vault_key'])
    .where(sql.ref('status'), '=', sql.lit('InProgress'))
    .where(sql.ref('tier'), '=', sql.lit('Expedited'))
    .execute();
  await db.schema
    .createIndex('jobs_expedited_by_creation')
    .on('jobs')
    .columns(['vault_key', 'created_at'])
    .where(sql.ref('tier'), '=', sql.lit('Expedited'))
    .execute();
}

/** In two columns, because a sum of sizes may be larger than an integer. */
async function countRunning(db: Kysely<unknown>, ddl: Ddl): Promise<void> {
  for (const part of ['running_bytes_high', 'running_bytes_low']) {
    await db.schema
      .alterTable('vaults')
      .addColumn(part, ddl.int64, (column) => column.notNull().defaultTo(0))
      .execute();
  }
  await sql`
    with
      sizes as (
        select vault_key, range_end_byte - range_start_byte + 1 as bytes from jobs
        where status = 'InProgress' and tier = 'Standard'),
      running as (
        select vault_key, sum(bytes >> 32) as high, sum(bytes & ${sql.lit(LOW)}) as low from sizes group by vault_key)
    update vaults
    set running_bytes_high = running.high + (running.low >> 32), running_bytes_low = running.low & ${sql.lit(LOW)}
    from running where running.vault_key = vaults.key`.execute(db);
}
