import type { Kysely } from 'kysely';
import type { Ddl } from '../ddl.ts';

/** What select jobs are asked: as it was sent, which is shown, and as it was understood, which is carried out. */
export async function up(db: Kysely<unknown>, _: Ddl): Promise<void> {
  const columns = ['select_parameters', 'output_location', 'output_path', 'select_query', 'select_output'];
  for (const column of columns) await db.schema.alterTable('jobs').addColumn(column, 'text').execute();
}
