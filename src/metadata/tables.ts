import type { Generated, Selectable } from 'kysely';
import type { InventoryFormat, JobStatus, Tier } from '../model/jobs.ts';

/**
 * The tables, as the queries see them. Instants are milliseconds since 1970, sizes are bytes, booleans are 0 and 1, hashes
 * are lower-case hexadecimal. `key` columns are internal; `id` columns are what clients are given.
 */
export interface Tables {
  vaults: VaultsTable;
  archives: ArchivesTable;
  archive_blobs: BlobRefColumns & { archive_key: number };
  uploads: UploadsTable;
  parts: BlobRefColumns & { upload_key: number };
  jobs: JobsTable;
  reclaimable_blobs: { blob_id: string };
}

interface VaultsTable {
  key: Generated<number>;
  account_id: string;
  name: string;
  created_at: number;
  written_at: number | null;
  archive_count: number;
  archive_bytes: number;
  inventory_at: number | null;
  inventory_published_at: number | null;
  inventory_archive_count: number;
  inventory_archive_bytes: number;
}

interface ArchivesTable {
  key: Generated<number>;
  id: string;
  vault_key: number;
  description: string | null;
  size_bytes: number;
  tree_hash: string;
  created_at: number;
  deleted_at: number | null;
}

interface BlobRefColumns {
  blob_id: string;
  start_byte: number;
  size_bytes: number;
  tree_hash: string;
}

interface UploadsTable {
  key: Generated<number>;
  id: string;
  vault_key: number;
  description: string | null;
  part_size_bytes: number;
  created_at: number;
  touched_at: number;
  state: 'open' | 'completed' | 'aborted';
  archive_id: string | null;
}

interface JobsTable {
  key: Generated<number>;
  id: string;
  vault_key: number;
  kind: 'archive-retrieval' | 'inventory-retrieval';
  description: string | null;
  sns_topic: string | null;
  archive_key: number | null;
  archive_id: string | null;
  archive_size_bytes: number | null;
  archive_tree_hash: string | null;
  archive_description: string | null;
  tier: Tier | null;
  range_start_byte: number | null;
  range_end_byte: number | null;
  range_asked: number | null;
  range_tree_hash: string | null;
  inventory_format: InventoryFormat | null;
  inventory_start_at: number | null;
  inventory_end_at: number | null;
  inventory_limit: number | null;
  inventory_marker: string | null;
  status: JobStatus;
  completed: number;
  status_message: string | null;
  created_at: number;
  completed_at: number | null;
  /** When a worker should look at the job next: its ready instant, the end of its lease, or null once it has ended. */
  due_at: number | null;
  expires_at: number | null;
  lease_token: string | null;
  attempts: number;
  output_blob_id: string | null;
  output_size_bytes: number | null;
}

export type VaultRow = Selectable<VaultsTable>;
export type ArchiveRow = Selectable<ArchivesTable>;
export type UploadRow = Selectable<UploadsTable>;
export type JobRow = Selectable<JobsTable>;
