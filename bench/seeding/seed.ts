import { join } from 'node:path';
import { acquireOwnership } from '../../src/metadata/owner.ts';
import type { ArchiveRow } from '../../src/metadata/tables.ts';
import { SECOND_MS } from '../../src/model/limits.ts';
import { archiveRow } from './archive-rows.ts';
import { BulkDatabase } from './bulk.ts';
import { IdGenerator } from './ids.ts';
import { JobRows } from './job-rows.ts';
import { archiveCreatedAtMs, SeededJobs, type SeedPlan, vaultNames } from './plan.ts';

/** What one table was filled with. */
export interface Filled {
  table: string;
  rows: number;
  seconds: number;
}

export const metadataPathOf = (dataDir: string): string => join(dataDir, 'metadata.sqlite');

/**
 * Carries a plan out in the data directory of a server that is not running and has run once: its tables must be there.
 * Vaults that are missing are made; those that exist get the archives and jobs besides what they have.
 */
export function seed(dataDir: string, plan: SeedPlan): Filled[] {
  using _ownership = acquireOwnership({ dataDir, description: 'seeding' });
  using database = new BulkDatabase(metadataPathOf(dataDir));
  const vaultKeys: number[] = [];
  return [
    timed('vaults', plan.vaults, () => void vaultKeys.push(...ensureVaults(database, plan))),
    timed('archives', plan.archives, () => seedArchives(database, plan, vaultKeys)),
    timed('jobs', plan.jobs, () => seedJobs(database, plan, vaultKeys)),
  ].filter(({ rows }) => rows > 0);
}

function timed(table: string, rows: number, fill: () => void): Filled {
  const startedAt = performance.now();
  if (rows > 0) fill();
  return { table, rows, seconds: (performance.now() - startedAt) / SECOND_MS };
}

/** The keys of the vaults, in the order of their numbers. */
function ensureVaults(database: BulkDatabase, plan: SeedPlan): number[] {
  const [serving] = database.all<{ account_id: string }>('select account_id from serving');
  if (serving === undefined) throw new Error('no server has run in this data directory');
  const accountId = serving.account_id;
  const find = () =>
    database.all<{ key: number; name: string }>('select key, name from vaults where account_id = ?', accountId);
  const present = new Set(find().map(({ name }) => name));
  const missing = vaultNames(plan).filter((name) => !present.has(name));
  const createdAtMs = archiveCreatedAtMs({ ...plan, archives: 1 }, 0);
  database.fill(
    'vaults',
    missing.map((name) => vaultRow(name, { accountId, createdAtMs })),
  );
  const keys = new Map(find().map(({ key, name }) => [name, key]));
  return vaultNames(plan).map((name) => keys.get(name) ?? Number.NaN);
}

function vaultRow(name: string, { accountId, createdAtMs }: { accountId: string; createdAtMs: number }) {
  return {
    account_id: accountId,
    name,
    created_at: createdAtMs,
    archive_count: 0,
    archive_bytes: 0,
    inventory_archive_count: 0,
    inventory_archive_bytes: 0,
  };
}

function seedArchives(database: BulkDatabase, plan: SeedPlan, vaultKeys: readonly number[]): void {
  const ids = new IdGenerator(plan.seed);
  const bytes = new Array<number>(vaultKeys.length).fill(0);
  const counts = new Array<number>(vaultKeys.length).fill(0);
  const rows = function* () {
    for (let index = 0; index < plan.archives; index += 1) {
      const vaultIndex = index % vaultKeys.length;
      const row = archiveRow(plan, ids, { index, vaultKey: vaultKeys[vaultIndex] ?? Number.NaN });
      bytes[vaultIndex] = (bytes[vaultIndex] ?? 0) + row.size_bytes;
      counts[vaultIndex] = (counts[vaultIndex] ?? 0) + 1;
      yield row;
    }
  };
  database.fill('archives', rows());
  const writtenAtMs = archiveCreatedAtMs(plan, plan.archives);
  for (const [vaultIndex, key] of vaultKeys.entries()) {
    database.run(
      `update vaults set archive_count = archive_count + ?, archive_bytes = archive_bytes + ?,
        written_at = max(coalesce(written_at, 0), ?) where key = ?`,
      counts[vaultIndex] ?? 0,
      bytes[vaultIndex] ?? 0,
      writtenAtMs,
      key,
    );
  }
}

function seedJobs(database: BulkDatabase, plan: SeedPlan, vaultKeys: readonly number[]): void {
  const archives = vaultKeys.map((key) => archivesToRetrieve(database, plan, key));
  const jobs = new SeededJobs(plan);
  const jobRows = new JobRows(plan);
  const rows = function* () {
    for (let index = 0; index < plan.jobs; index += 1) {
      const ordinal = Math.floor(index / plan.vaults);
      yield jobRows.of(jobs.at(index), { archives: archives[index % plan.vaults] ?? [], ordinal });
    }
  };
  database.fill('jobs', rows());
}

/** Jobs that become due succeed only with archives whose bytes are there, which seeded ones are not. */
function archivesToRetrieve(database: BulkDatabase, plan: SeedPlan, vaultKey: number): ArchiveRow[] {
  const stored = 'exists (select 1 from archive_blobs where archive_key = archives.key)';
  const found = database.all<ArchiveRow>(
    `select * from archives where vault_key = ? and deleted_at is null ${plan.dueAtMs === null ? '' : `and ${stored}`}
      order by created_at, key limit ?`,
    vaultKey,
    plan.retrieved,
  );
  if (found.length > 0) return found;
  const wanted = plan.dueAtMs === null ? 'archive' : 'archive with its bytes';
  const cure = plan.dueAtMs === null ? '; --archives makes some' : '';
  throw new Error(`a vault has no ${wanted}, which jobs could retrieve${cure}`);
}
