import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

/** Puts ended jobs with outputs into the metadata of a directory, past the operations that would take long for so many. */
export function addJobs(directory: string, { vaultKey, count }: { vaultKey: number; count: number }): void {
  using database = new DatabaseSync(join(directory, 'metadata.sqlite'));
  database.exec(`
    with recursive numbers (n) as (select 1 union all select n + 1 from numbers where n < ${count})
    insert into jobs (id, vault_key, kind, status, completed, created_at, expires_at, attempts, output_blob_id)
    select 'job ' || n, ${vaultKey}, 'inventory-retrieval', 'Succeeded', 1, n, ${Number.MAX_SAFE_INTEGER}, 1, 'blob ' || n
    from numbers`);
}

/** How many rows a table of these metadata has. */
export function countRows(directory: string, table: 'jobs' | 'reclaimable_blobs'): number {
  using database = new DatabaseSync(join(directory, 'metadata.sqlite'), { readOnly: true });
  return Number(database.prepare(`select count(*) as n from ${table}`).get()?.n);
}
