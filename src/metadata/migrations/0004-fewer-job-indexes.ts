import type { Kysely } from 'kysely';

/**
 * Whether a job is completed is known from its status, so one index serves both filters: that of the completed jobs is two
 * ranges of it, merged. The column stays, because taking it away would rewrite every job.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema.dropIndex('jobs_by_completed').execute();
}
