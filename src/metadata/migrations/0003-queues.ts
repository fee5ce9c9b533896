import { type Kysely, sql } from 'kysely';
import type { Ddl } from '../ddl.ts';

/**
 * Jobs that wait are parted into queues, each of which is found by index in the order in which its jobs become due; and
 * what a worker holds is found by index too, however much waits. Jobs that have ended are in none.
 */
export async function up(db: Kysely<unknown>, _: Ddl): Promise<void> {
  await db.schema.alterTable('jobs').addColumn('queue', 'text').execute();
  await sql`update jobs set queue = coalesce(lower(tier), 'inventory') where due_at is not null`.execute(db);
  await db.schema.dropIndex('jobs_due').execute();
  await db.schema
    .createIndex('jobs_due_by_queue')
    .on('jobs')
    .columns(['queue', 'due_at', 'key'])
    .where(sql.ref('due_at'), 'is not', null)
    .execute();
  await db.schema
    .createIndex('jobs_leased')
    .on('jobs')
    .column('lease_token')
    .where(sql.ref('lease_token'), 'is not', null)
    .execute();
}
