import type { Generated, Selectable } from 'kysely';
import type { VerdictState, VerifiedBy } from '../model/fixity.ts';
import type { InventoryFormat, JobStatus, QueueName, Tier } from '../model/jobs.ts';
import type { SignatureVersion } from '../model/notices.ts';

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
  archives_given_up: { archive_key: number };
  uploads_given_up: { upload_key: number };
  accounts: AccountsTable;
  former_accounts: { id: string };
  users: UsersTable;
  former_users: { account_id: string; name: string };
  identity_policies: IdentityPoliciesTable;
  access_keys: AccessKeysTable;
  vault_tags: { vault_key: number; name: string; value: string };
  notification_configurations: { vault_key: number; topic: string; events: string };
  access_policies: { vault_key: number; document: string };
  vault_locks: VaultLocksTable;
  retrieval_policies: RetrievalPoliciesTable;
  retrieval_days: { account_id: string; day: string; size_bytes: number };
  capacity_units: CapacityUnitsTable;
  subscriptions: SubscriptionsTable;
  deliveries: DeliveriesTable;
  serving: ServingTable;
  retention_clock: { key: number; high_water_at: number; unproven_ms: number; suspect_at: number | null };
  scrub: ScrubTable;
}

export interface VaultsTable {
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
  /** The last snapshot: the vault's later writes, and deletions, are dated after it. */
  snapshot_at: number | null;
  /** The snapshot that the daily inventory shows. */
  inventory_snapshot_at: number | null;
  inventory_snapshot_key: number | null;
  /** What its Standard retrievals in progress read together: the sum without its lower 32 bits, and these. */
  running_bytes_high: Generated<number>;
  running_bytes_low: Generated<number>;
}

export interface ArchivesTable {
  key: Generated<number>;
  id: string;
  vault_key: number;
  description: string | null;
  size_bytes: number;
  tree_hash: string;
  created_at: number;
  deleted_at: number | null;
  /** The blob that lists its parts; null for an archive that was uploaded as a whole, or before there were such lists. */
  assembly_blob_id: string | null;
  /** When its bytes were last verified, by whom, and how that ended; null until then. */
  verified_at: number | null;
  verified_by: VerifiedBy | null;
  verdict: VerdictState | null;
  verdict_what: string | null;
  /** Since when it is known to be damaged, or bytes of it to be missing. */
  damaged_at: number | null;
}

export interface BlobRefColumns {
  blob_id: string;
  start_byte: number;
  size_bytes: number;
  tree_hash: string;
}

export interface UploadsTable {
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

export interface JobsTable {
  key: Generated<number>;
  id: string;
  vault_key: number;
  kind: 'archive-retrieval' | 'inventory-retrieval' | 'select';
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
  /** Where the job waits; null for one that had ended before there were queues. */
  queue: QueueName | null;
  /** When a worker should look at the job next: its ready instant, the end of its lease, or null once it has ended. */
  due_at: number | null;
  expires_at: number | null;
  lease_token: string | null;
  attempts: number;
  output_blob_id: string | null;
  output_size_bytes: number | null;
  /** Of a select job: two documents as they were sent, and below which key its output is. */
  select_parameters: string | null;
  output_location: string | null;
  output_path: string | null;
  /** Two documents that say how it is carried out. */
  select_query: string | null;
  select_output: string | null;
}

export interface AccountsTable {
  id: string;
  name: string | null;
  created_at: number;
  disabled_at: number | null;
}

export interface ServingTable {
  /** Always 1. */
  key: number;
  account_id: string;
  region: string;
  mirror: string | null;
  /** Null, with its sizes, when there is no audit log. */
  audit_path: string | null;
  audit_file_bytes_max: number | null;
  audit_files_max: number | null;
}

export interface UsersTable {
  key: Generated<number>;
  account_id: string;
  id: string;
  name: string;
  created_at: number;
}

export interface IdentityPoliciesTable {
  user_key: number;
  name: string;
  document: string;
  attached_at: number;
}

export interface AccessKeysTable {
  id: string;
  account_id: string;
  /** Null for a key of the account's root. */
  user_key: number | null;
  sealed_secret: string;
  /** SHA-256 of the session token; null for a permanent key. */
  token_digest: string | null;
  session_policy: string | null;
  created_at: number;
  expires_at: number | null;
  disabled_at: number | null;
}

export interface VaultLocksTable {
  vault_key: number;
  id: string;
  document: string;
  state: 'InProgress' | 'Locked';
  created_at: number;
  expires_at: number | null;
}

export interface RetrievalPoliciesTable {
  account_id: string;
  strategy: 'BytesPerHour' | 'FreeTier' | 'None';
  /** Decimal digits. */
  bytes_per_hour: string | null;
}

export interface CapacityUnitsTable {
  key: Generated<number>;
  id: string;
  account_id: string;
  started_at: number;
  expires_at: number;
}

export interface SubscriptionsTable {
  key: Generated<number>;
  arn: string;
  topic: string;
  url: string;
  signature_version: SignatureVersion;
  /** SHA-256 of what the receiver must show to confirm. */
  token_digest: string;
  created_at: number;
  confirmed_at: number | null;
}

export interface DeliveriesTable {
  key: Generated<number>;
  message_id: string;
  kind: 'notification' | 'confirmation';
  topic: string;
  /** Null for the SNS endpoint. */
  subscription_key: number | null;
  job_id: string | null;
  message: string;
  created_at: number;
  /** When it should be tried next: also the end of a lease. */
  due_at: number;
  lease_token: string | null;
  attempts: number;
}

export interface ScrubTable {
  /** Always 1. */
  key: number;
  /** When the next pass begins. */
  begins_at: number;
  /** Null between passes. Archives with a greater key than `last_key` came later and wait for the next one. */
  started_at: number | null;
  last_key: number;
  /** What the pass has to do, and what of it is done: bytes, with something for each archive. */
  total_archives: number;
  total_bytes: number;
  done_bytes: number;
  archives: number;
  damaged: number;
  /** An archive that is verified in part: up to where, and what was found until there. */
  archive_key: number | null;
  next_byte: number;
  place_verdict: VerdictState | null;
  place_what: string | null;
  finished_at: number | null;
  finished_archives: number;
  finished_bytes: number;
  finished_damaged: number;
}

export type VaultRow = Selectable<VaultsTable>;
export type ArchiveRow = Selectable<ArchivesTable>;
export type UploadRow = Selectable<UploadsTable>;
export type JobRow = Selectable<JobsTable>;
export type SubscriptionRow = Selectable<SubscriptionsTable>;
export type DeliveryRow = Selectable<DeliveriesTable>;
export type AccountRow = Selectable<AccountsTable>;
export type UserRow = Selectable<UsersTable>;
