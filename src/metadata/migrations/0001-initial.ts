import { type Kysely, sql } from 'kysely';
import type { Ddl } from '../ddl.ts';

/** Vaults, archives and their blobs, multipart uploads and their parts, jobs, and the queue of bytes to reclaim. */
export async function up(db: Kysely<unknown>, ddl: Ddl): Promise<void> {
  await vaults(db, ddl);
  await archives(db, ddl);
  await uploads(db, ddl);
  await jobs(db, ddl);
  await ddl
    .table(db, 'reclaimable_blobs')
    .addColumn('blob_id', 'text', (column) => column.primaryKey())
    .execute();
}

async function vaults(db: Kysely<unknown>, ddl: Ddl): Promise<void> {
  await ddl
    .keyedTable(db, 'vaults')
    .addColumn('account_id', 'text', (column) => column.notNull())
    .addColumn('name', 'text', (column) => column.notNull())
    .addColumn('created_at', ddl.int64, (column) => column.notNull())
    .addColumn('written_at', ddl.int64)
    .addColumn('archive_count', ddl.int64, (column) => column.notNull())
    .addColumn('archive_bytes', ddl.int64, (column) => column.notNull())
    .addColumn('inventory_at', ddl.int64)
    .addColumn('inventory_published_at', ddl.int64)
    .addColumn('inventory_archive_count', ddl.int64, (column) => column.notNull())
    .addColumn('inventory_archive_bytes', ddl.int64, (column) => column.notNull())
    .addUniqueConstraint('vaults_by_name', ['account_id', 'name'])
    .execute();
}

async function archives(db: Kysely<unknown>, ddl: Ddl): Promise<void> {
  await ddl
    .keyedTable(db, 'archives')
    .addColumn('id', 'text', (column) => column.notNull().unique())
    .addColumn('vault_key', ddl.int64, (column) => column.notNull().references('vaults.key'))
    .addColumn('description', 'text')
    .addColumn('size_bytes', ddl.int64, (column) => column.notNull())
    .addColumn('tree_hash', 'text', (column) => column.notNull())
    .addColumn('created_at', ddl.int64, (column) => column.notNull())
    .addColumn('deleted_at', ddl.int64)
    .execute();
  // Ends in deleted_at, so that an inventory steps over deleted archives without reading their rows.
  await index(db, 'archives_by_creation', 'archives', ['vault_key', 'created_at', 'key', 'deleted_at']);
  await blobTable(db, ddl, { name: 'archive_blobs', owner: 'archive_key', references: 'archives.key' });
}

async function uploads(db: Kysely<unknown>, ddl: Ddl): Promise<void> {
  await ddl
    .keyedTable(db, 'uploads')
    .addColumn('id', 'text', (column) => column.notNull().unique())
    .addColumn('vault_key', ddl.int64, (column) => column.notNull().references('vaults.key'))
    .addColumn('description', 'text')
    .addColumn('part_size_bytes', ddl.int64, (column) => column.notNull())
    .addColumn('created_at', ddl.int64, (column) => column.notNull())
    .addColumn('touched_at', ddl.int64, (column) => column.notNull())
    .addColumn('state', 'text', (column) => column.notNull().check(sql`state in ('open', 'completed', 'aborted')`))
    .addColumn('archive_id', 'text')
    .execute();
  await index(db, 'uploads_by_creation', 'uploads', ['vault_key', 'state', 'created_at', 'id']);
  await index(db, 'uploads_by_touch', 'uploads', ['state', 'touched_at']);
  await blobTable(db, ddl, { name: 'parts', owner: 'upload_key', references: 'uploads.key' });
}

async function jobs(db: Kysely<unknown>, ddl: Ddl): Promise<void> {
  await ddl
    .keyedTable(db, 'jobs')
    .addColumn('id', 'text', (column) => column.notNull().unique())
    .addColumn('vault_key', ddl.int64, (column) => column.notNull().references('vaults.key'))
    .addColumn('kind', 'text', (column) => column.notNull())
    .addColumn('description', 'text')
    .addColumn('sns_topic', 'text')
    .addColumn('archive_key', ddl.int64, (column) => column.references('archives.key'))
    .addColumn('archive_id', 'text')
    .addColumn('archive_size_bytes', ddl.int64)
    .addColumn('archive_tree_hash', 'text')
    .addColumn('archive_description', 'text')
    .addColumn('tier', 'text')
    .addColumn('range_start_byte', ddl.int64)
    .addColumn('range_end_byte', ddl.int64)
    .addColumn('range_asked', ddl.int64)
    .addColumn('range_tree_hash', 'text')
    .addColumn('inventory_format', 'text')
    .addColumn('inventory_start_at', ddl.int64)
    .addColumn('inventory_end_at', ddl.int64)
    .addColumn('inventory_limit', ddl.int64)
    .addColumn('inventory_marker', 'text')
    .addColumn('status', 'text', (column) => column.notNull())
    .addColumn('completed', ddl.int64, (column) => column.notNull())
    .addColumn('status_message', 'text')
    .addColumn('created_at', ddl.int64, (column) => column.notNull())
    .addColumn('completed_at', ddl.int64)
    .addColumn('due_at', ddl.int64)
    .addColumn('expires_at', ddl.int64)
    .addColumn('lease_token', 'text')
    .addColumn('attempts', ddl.int64, (column) => column.notNull())
    .addColumn('output_blob_id', 'text', (column) => column.unique())
    .addColumn('output_size_bytes', ddl.int64)
    .execute();
  await index(db, 'jobs_by_creation', 'jobs', ['vault_key', 'created_at', 'id']);
  await index(db, 'jobs_by_status', 'jobs', ['vault_key', 'status', 'created_at', 'id']);
  await index(db, 'jobs_by_completed', 'jobs', ['vault_key', 'completed', 'created_at', 'id']);
  await index(db, 'jobs_by_archive', 'jobs', ['archive_key']);
  await db.schema
    .createIndex('jobs_due')
    .on('jobs')
    .column('due_at')
    .where(sql.ref('due_at'), 'is not', null)
    .execute();
  await db.schema
    .createIndex('jobs_expiring')
    .on('jobs')
    .column('expires_at')
    .where(sql.ref('expires_at'), 'is not', null)
    .execute();
}

/** Blobs in order within their owner; a blob belongs to one owner only, which the unique id holds. */
async function blobTable(
  db: Kysely<unknown>,
  ddl: Ddl,
  { name, owner, references }: { name: string; owner: string; references: string },
): Promise<void> {
  await ddl
    .table(db, name)
    .addColumn(owner, ddl.int64, (column) => column.notNull().references(references))
    .addColumn('start_byte', ddl.int64, (column) => column.notNull())
    .addColumn('size_bytes', ddl.int64, (column) => column.notNull())
    .addColumn('tree_hash', 'text', (column) => column.notNull())
    .addColumn('blob_id', 'text', (column) => column.notNull().unique())
    .addPrimaryKeyConstraint(`${name}_in_order`, [owner as never, 'start_byte' as never])
    .execute();
}

async function index(db: Kysely<unknown>, name: string, table: string, columns: string[]): Promise<void> {
  await db.schema.createIndex(name).on(table).columns(columns).execute();
}
