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
  "deleted_at" integer
) strict;

CREATE INDEX "archives_by_creation" on "archives" ("vault_key", "created_at", "key", "deleted_at");

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
  "output_size_bytes" integer
) strict;

CREATE INDEX "jobs_by_archive" on "jobs" ("archive_key");

CREATE INDEX "jobs_by_completed" on "jobs" ("vault_key", "completed", "created_at", "id");

CREATE INDEX "jobs_by_creation" on "jobs" ("vault_key", "created_at", "id");

CREATE INDEX "jobs_by_status" on "jobs" ("vault_key", "status", "created_at", "id");

CREATE INDEX "jobs_due" on "jobs" ("due_at") where "due_at" is not null;

CREATE INDEX "jobs_expiring" on "jobs" ("expires_at") where "expires_at" is not null;

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
  constraint "vaults_by_name" unique ("account_id", "name")
) strict;
