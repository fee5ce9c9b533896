CREATE TABLE "access_keys" (
  "id" text primary key,
  "account_id" text not null references "accounts" ("id"),
  "user_key" integer references "users" ("key"),
  "sealed_secret" text not null,
  "token_digest" text,
  "session_policy" text,
  "created_at" integer not null,
  "expires_at" integer,
  "disabled_at" integer,
  constraint "token_until_expiry" check ((token_digest is null) = (expires_at is null))
) strict;

CREATE INDEX "access_keys_by_expiry" on "access_keys" ("expires_at");

CREATE INDEX "access_keys_by_owner" on "access_keys" ("account_id", "user_key");

CREATE INDEX "access_keys_by_user" on "access_keys" ("user_key");

CREATE TABLE "access_policies" (
  "vault_key" integer primary key references "vaults" ("key"),
  "document" text not null
) strict;

CREATE TABLE "accounts" (
  "id" text primary key,
  "name" text,
  "created_at" integer not null,
  "disabled_at" integer
) strict;

CREATE TABLE "archive_blobs" (
  "archive_key" integer not null references "archives" ("key"),
  "start_byte" integer not null,
  "size_bytes" integer not null,
  "tree_hash" text not null,
  "blob_id" text not null unique,
  constraint "archive_blobs_in_order" primary key ("archive_key", "start_byte")
) strict;

CREATE TABLE "archives" (
  "key" integer primary key autoincrement,
  "id" text not null unique,
  "vault_key" integer not null references "vaults" ("key"),
  "description" text,
  "size_bytes" integer not null,
  "tree_hash" text not null,
  "created_at" integer not null,
  "deleted_at" integer,
  "assembly_blob_id" text,
  "verified_at" integer,
  "damaged_at" integer,
  "verified_by" text,
  "verdict" text,
  "verdict_what" text
) strict;

CREATE UNIQUE INDEX "archives_by_assembly" on "archives" ("assembly_blob_id") where "assembly_blob_id" is not null;

CREATE INDEX "archives_by_creation" on "archives" ("vault_key", "created_at", "key", "deleted_at");

CREATE INDEX "archives_damaged" on "archives" ("key") where "damaged_at" is not null and "deleted_at" is null;

CREATE INDEX "archives_present" on "archives" ("vault_key") where "deleted_at" is null;

CREATE INDEX "archives_to_verify" on "archives" ("verified_at", "key") where "deleted_at" is null;

CREATE TABLE "archives_given_up" (
  "archive_key" integer primary key references "archives" ("key") on delete cascade
) strict;

CREATE TABLE "capacity_units" (
  "key" integer primary key autoincrement,
  "id" text not null unique,
  "account_id" text not null,
  "started_at" integer not null,
  "expires_at" integer not null
) strict;

CREATE INDEX "capacity_units_by_account" on "capacity_units" ("account_id", "expires_at");

CREATE TABLE "deliveries" (
  "key" integer primary key autoincrement,
  "message_id" text not null,
  "kind" text not null check (kind in ('notification', 'confirmation')),
  "topic" text not null,
  "subscription_key" integer references "subscriptions" ("key"),
  "job_id" text,
  "message" text not null,
  "created_at" integer not null,
  "due_at" integer not null,
  "lease_token" text,
  "attempts" integer not null
) strict;

CREATE INDEX "deliveries_by_topic" on "deliveries" ("topic", "due_at") where "subscription_key" is null;

CREATE INDEX "deliveries_due" on "deliveries" ("subscription_key", "due_at", "key");

CREATE INDEX "deliveries_in_order" on "deliveries" ("subscription_key", "job_id", "key");

CREATE INDEX "deliveries_leased" on "deliveries" ("lease_token") where "lease_token" is not null;

CREATE TABLE "former_accounts" (
  "id" text primary key
) strict;

CREATE TABLE "former_users" (
  "account_id" text not null,
  "name" text not null,
  constraint "former_users_by_name" primary key ("account_id", "name")
) strict;

CREATE TABLE "identity_policies" (
  "user_key" integer not null references "users" ("key"),
  "name" text not null,
  "document" text not null,
  "attached_at" integer not null,
  constraint "identity_policies_by_name" primary key ("user_key", "name")
) strict;

CREATE TABLE "jobs" (
  "key" integer primary key autoincrement,
  "id" text not null unique,
  "vault_key" integer not null references "vaults" ("key"),
  "kind" text not null,
  "description" text,
  "sns_topic" text,
  "archive_key" integer references "archives" ("key"),
  "archive_id" text,
  "archive_size_bytes" integer,
  "archive_tree_hash" text,
  "archive_description" text,
  "tier" text,
  "range_start_byte" integer,
  "range_end_byte" integer,
  "range_asked" integer,
  "range_tree_hash" text,
  "inventory_format" text,
  "inventory_start_at" integer,
  "inventory_end_at" integer,
  "inventory_limit" integer,
  "inventory_marker" text,
  "status" text not null,
  "completed" integer not null,
  "status_message" text,
  "created_at" integer not null,
  "completed_at" integer,
  "due_at" integer,
  "expires_at" integer,
  "lease_token" text,
  "attempts" integer not null,
  "output_blob_id" text unique,
  "output_size_bytes" integer,
  "queue" text,
  "select_parameters" text,
  "output_location" text,
  "output_path" text,
  "select_query" text,
  "select_output" text
) strict;

CREATE INDEX "jobs_by_archive" on "jobs" ("archive_key");

CREATE INDEX "jobs_by_creation" on "jobs" ("vault_key", "created_at", "id");

CREATE INDEX "jobs_by_status" on "jobs" ("vault_key", "status", "created_at", "id");

CREATE INDEX "jobs_due_by_queue" on "jobs" ("queue", "due_at", "key") where "due_at" is not null;

CREATE INDEX "jobs_expedited_by_creation" on "jobs" ("vault_key", "created_at") where "tier" = 'Expedited';

CREATE INDEX "jobs_expiring" on "jobs" ("expires_at") where "expires_at" is not null;

CREATE INDEX "jobs_leased" on "jobs" ("lease_token") where "lease_token" is not null;

CREATE INDEX "jobs_running_expedited" on "jobs" ("tier", "vault_key") where "status" = 'InProgress' and "tier" = 'Expedited';

CREATE TABLE "notification_configurations" (
  "vault_key" integer primary key references "vaults" ("key"),
  "topic" text not null,
  "events" text not null
) strict;

CREATE TABLE "parts" (
  "upload_key" integer not null references "uploads" ("key"),
  "start_byte" integer not null,
  "size_bytes" integer not null,
  "tree_hash" text not null,
  "blob_id" text not null unique,
  constraint "parts_in_order" primary key ("upload_key", "start_byte")
) strict;

CREATE TABLE "reclaimable_blobs" (
  "blob_id" text primary key
) strict;

CREATE TABLE "retention_clock" (
  "key" integer primary key check (key = 1),
  "high_water_at" integer not null,
  "unproven_ms" integer not null,
  "suspect_at" integer
) strict;

CREATE TABLE "retrieval_days" (
  "account_id" text not null,
  "day" text not null,
  "size_bytes" integer not null,
  constraint "retrieval_days_in_order" primary key ("account_id", "day")
) strict;

CREATE TABLE "retrieval_policies" (
  "account_id" text primary key,
  "strategy" text not null,
  "bytes_per_hour" text
) strict;

CREATE TABLE "scrub" (
  "key" integer primary key check (key = 1),
  "begins_at" integer not null,
  "started_at" integer,
  "last_key" integer not null,
  "total_archives" integer not null,
  "total_bytes" integer not null,
  "done_bytes" integer not null,
  "archives" integer not null,
  "damaged" integer not null,
  "archive_key" integer,
  "next_byte" integer not null,
  "place_verdict" text,
  "place_what" text,
  "finished_at" integer,
  "finished_archives" integer not null,
  "finished_bytes" integer not null,
  "finished_damaged" integer not null
) strict;

CREATE TABLE "serving" (
  "key" integer primary key check (key = 1),
  "account_id" text not null,
  "region" text not null,
  "audit_path" text,
  "audit_file_bytes_max" integer,
  "audit_files_max" integer,
  "mirror" text
) strict;

CREATE TABLE "subscriptions" (
  "key" integer primary key autoincrement,
  "arn" text not null unique,
  "topic" text not null,
  "url" text not null,
  "signature_version" text not null,
  "token_digest" text not null,
  "created_at" integer not null,
  "confirmed_at" integer
) strict;

CREATE INDEX "subscriptions_by_topic" on "subscriptions" ("topic");

CREATE TABLE "uploads" (
  "key" integer primary key autoincrement,
  "id" text not null unique,
  "vault_key" integer not null references "vaults" ("key"),
  "description" text,
  "part_size_bytes" integer not null,
  "created_at" integer not null,
  "touched_at" integer not null,
  "state" text not null check (state in ('open', 'completed', 'aborted')),
  "archive_id" text
) strict;

CREATE INDEX "uploads_by_creation" on "uploads" ("vault_key", "state", "created_at", "id");

CREATE INDEX "uploads_by_touch" on "uploads" ("state", "touched_at");

CREATE TABLE "uploads_given_up" (
  "upload_key" integer primary key references "uploads" ("key") on delete cascade
) strict;

CREATE TABLE "users" (
  "key" integer primary key autoincrement,
  "account_id" text not null references "accounts" ("id"),
  "id" text not null unique,
  "name" text not null,
  "created_at" integer not null
) strict;

CREATE UNIQUE INDEX "users_by_name" on "users" (account_id, lower(name));

CREATE TABLE "vault_locks" (
  "vault_key" integer primary key references "vaults" ("key"),
  "id" text not null,
  "document" text not null,
  "state" text not null check (state in ('InProgress', 'Locked')),
  "created_at" integer not null,
  "expires_at" integer,
  constraint "expires_until_locked" check ((state = 'Locked') = (expires_at is null))
) strict;

CREATE TABLE "vault_tags" (
  "vault_key" integer not null references "vaults" ("key"),
  "name" text not null,
  "value" text not null,
  constraint "vault_tags_by_name" primary key ("vault_key", "name")
) strict;

CREATE TABLE "vaults" (
  "key" integer primary key autoincrement,
  "account_id" text not null,
  "name" text not null,
  "created_at" integer not null,
  "written_at" integer,
  "archive_count" integer not null,
  "archive_bytes" integer not null,
  "inventory_at" integer,
  "inventory_published_at" integer,
  "inventory_archive_count" integer not null,
  "inventory_archive_bytes" integer not null,
  "snapshot_at" integer,
  "inventory_snapshot_at" integer,
  "inventory_snapshot_key" integer,
  "running_bytes_high" integer default 0 not null,
  "running_bytes_low" integer default 0 not null,
  constraint "vaults_by_name" unique ("account_id", "name")
) strict;
