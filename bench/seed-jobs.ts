import { join } from 'node:path';
import { type CompiledQuery, Kysely } from 'kysely';
import { type NewJob, toNewRow } from '../src/metadata/job-rows.ts';
import { acquireOwnership } from '../src/metadata/owner.ts';
import { openWriter } from '../src/metadata/sqlite.ts';
import { sqliteDialect } from '../src/metadata/sqlite-dialect.ts';
import type { ArchiveRow, Tables } from '../src/metadata/tables.ts';
import { newJobId } from '../src/model/ids.ts';
import { type JobStatus, TIERS } from '../src/model/jobs.ts';
import { DAY_MS, HOUR_MS, KIB, MINUTE_MS } from '../src/model/limits.ts';

/**
 * Fills a vault with jobs at once, which the API would take minutes for: rows straight into the metadata of a server that
 * is not running. Eight jobs of ten have succeeded, one has failed, one is waiting; three of four retrieve an archive.
 * None is due or expires while a benchmark runs.
 */
const SPREAD_MS = 20 * HOUR_MS;
const ROWS_PER_TRANSACTION = 10_000;
const STATUS_OF: readonly JobStatus[] = [...Array<JobStatus>(8).fill('Succeeded'), 'Failed', 'InProgress'];

export interface SeededJob {
  id: string;
  createdAtMs: number;
  status: JobStatus;
}

/** Needs one archive in the vault, which the jobs refer to. Returns the jobs as ListJobs has them, newest first. */
export async function seedJobs({
  dataDir,
  vaultName,
  count,
}: {
  dataDir: string;
  vaultName: string;
  count: number;
}): Promise<SeededJob[]> {
  using _ownership = acquireOwnership({ dataDir, description: 'seeding jobs for a benchmark' });
  const onFatal = (error: unknown): never => {
    throw error;
  };
  using connection = openWriter({ path: join(dataDir, 'metadata.sqlite'), onFatal });
  const db = new Kysely<Tables>({ dialect: sqliteDialect(connection, 'own') });
  const archive = await db
    .selectFrom('archives')
    .innerJoin('vaults', 'vaults.key', 'archives.vault_key')
    .where('vaults.name', '=', vaultName)
    .selectAll('archives')
    .executeTakeFirstOrThrow();
  const seeded: SeededJob[] = [];
  const firstAtMs = Date.now() - SPREAD_MS - HOUR_MS;
  const insert = insertInto(db, rowOf(archive, 0, firstAtMs));
  for (let from = 0; from < count; from += ROWS_PER_TRANSACTION) {
    await db.transaction().execute(async (trx) => {
      for (let index = from; index < Math.min(from + ROWS_PER_TRANSACTION, count); index += 1) {
        const row = rowOf(archive, index, firstAtMs + Math.floor((index * SPREAD_MS) / count));
        await trx.executeQuery(insert(row));
        seeded.push({ id: row.id, createdAtMs: row.created_at, status: row.status });
      }
    });
  }
  await db.destroy();
  return seeded.sort((a, b) => b.createdAtMs - a.createdAtMs || (a.id < b.id ? 1 : -1));
}

type Row = ReturnType<typeof rowOf>;

/** All rows have the same columns, so one compiled statement serves them all; compiling each would take most of the time. */
function insertInto(db: Kysely<Tables>, first: Row): (row: Row) => CompiledQuery {
  const columns = Object.keys(first) as (keyof Row)[];
  const compiled = db.insertInto('jobs').values(first).compile();
  return (row) => ({ ...compiled, parameters: columns.map((column) => row[column]) });
}

function rowOf(archive: ArchiveRow, index: number, createdAtMs: number) {
  const status = STATUS_OF[index % STATUS_OF.length] ?? 'Succeeded';
  const completed = status !== 'InProgress';
  const job: NewJob = {
    ...requestOf(archive, index),
    id: newJobId(createdAtMs),
    vaultKey: archive.vault_key,
    description: `nightly run ${index}`,
    snsTopic: index % 2 === 0 ? 'arn:aws:sns:us-east-1:111122223333:archives' : null,
    createdAtMs,
    readyAtMs: createdAtMs + DAY_MS,
  };
  const columns = toNewRow(job);
  const ended = { due_at: null, attempts: 1, completed_at: createdAtMs + MINUTE_MS, expires_at: Date.now() + DAY_MS };
  const inventoryBytes = columns.kind === 'inventory-retrieval' && status === 'Succeeded' ? 40 * KIB : null;
  return {
    ...columns,
    ...(completed ? ended : {}),
    status,
    completed: completed ? 1 : 0,
    status_message: completed ? status : null,
    output_size_bytes: inventoryBytes,
  };
}

function requestOf(archive: ArchiveRow, index: number) {
  if (index % 4 === 3) {
    const window = { startAtMs: null, endAtMs: null, limit: null, marker: null };
    return { kind: 'inventory-retrieval', format: index % 8 === 3 ? 'JSON' : 'CSV', ...window } as const;
  }
  return {
    kind: 'archive-retrieval',
    archiveKey: archive.key,
    archiveId: archive.id,
    archiveSizeBytes: archive.size_bytes,
    archiveTreeHash: archive.tree_hash,
    archiveDescription: archive.description,
    tier: TIERS[index % TIERS.length] ?? 'Standard',
    range: { startByte: 0, endByte: archive.size_bytes - 1 },
    rangeAsked: index % 3 === 0,
    treeHash: archive.tree_hash,
  } as const;
}
