import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { TestArrangement } from './arrangement.ts';

/** So many jobs more like this one, straight into the database: starting each would take longer than a test may. */
export function repeatJob({ directory }: TestArrangement, { id, count }: { id: string; count: number }): void {
  using database = new DatabaseSync(join(directory, 'metadata.sqlite'), { timeout: 1000 });
  const columns = database.prepare('pragma table_info(jobs)').all();
  const copied = columns.map(({ name }) => String(name)).filter((name) => name !== 'key' && name !== 'id');
  database
    .prepare(
      `insert into jobs (id, ${copied}) with recursive n(i) as (values (1) union all select i + 1 from n where i < ?)
       select 'copy ' || i, ${copied} from jobs, n where id = ?`,
    )
    .run(count, id);
}
