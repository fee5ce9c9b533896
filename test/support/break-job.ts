import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setImmediate } from 'node:timers/promises';
import type { TestArrangement } from './arrangement.ts';

/** Takes from the row of a retrieval what every retrieval has, so that it cannot be read. */
export async function breakJob({ directory }: TestArrangement, id: string): Promise<void> {
  {
    using database = new DatabaseSync(join(directory, 'metadata.sqlite'), { timeout: 1000 });
    database.prepare('update jobs set archive_id = null where id = ?').run(id);
  }
  // The reads of one turn see one instant.
  await setImmediate();
}
