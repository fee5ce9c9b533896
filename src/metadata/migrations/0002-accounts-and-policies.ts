import { type Kysely, sql } from 'kysely';
import type { Ddl } from '../ddl.ts';

/**
 * Accounts with their users and keys; what a vault has beside its archives (tags, policies, its lock, whom it tells); what
 * an account may retrieve; notices on their way; how far the clock has been believed; and what the server serves as.
 */
export async function up(db: Kysely<unknown>, ddl: Ddl): Promise<void> {
  await identities(db, ddl);
  await vaultSettings(db, ddl);
  await retrievals(db, ddl);
  await notices(db, ddl);
  await ddl
    .table(db, 'retention_clock')
    .addColumn('key', ddl.int64, (column) => column.primaryKey().check(sql`key = 1`))
    .addColumn('high_water_at', ddl.int64, (column) => column.notNull())
    .addColumn('unproven_ms', ddl.int64, (column) => column.notNull())
    .addColumn('suspect_at', ddl.int64)
    .execute();
  // What the server was started with last, for commands that run without it.
  await ddl
    .table(db, 'serving')
    .addColumn('key', ddl.int64, (column) => column.primaryKey().check(sql`key = 1`))
    .addColumn('account_id', 'text', (column) => column.notNull())
    .addColumn('region', 'text', (column) => column.notNull())
    .addColumn('audit_path', 'text')
    .addColumn('audit_file_bytes_max', ddl.int64)
    .addColumn('audit_files_max', ddl.int64)
    .execute();
}

async function identities(db: Kysely<unknown>, ddl: Ddl): Promise<void> {
  await ddl
    .table(db, 'accounts')
    .addColumn('id', 'text', (column) => column.primaryKey())
    .addColumn('name', 'text')
    .addColumn('created_at', ddl.int64, (column) => column.notNull())
    .addColumn('disabled_at', ddl.int64)
    .execute();
  // Numbers that deleted accounts had: what others granted to these must not come to another account.
  await ddl
    .table(db, 'former_accounts')
    .addColumn('id', 'text', (column) => column.primaryKey())
    .execute();
  await ddl
    .keyedTable(db, 'users')
    .addColumn('account_id', 'text', (column) => column.notNull().references('accounts.id'))
    .addColumn('id', 'text', (column) => column.notNull().unique())
    .addColumn('name', 'text', (column) => column.notNull())
    .addColumn('created_at', ddl.int64, (column) => column.notNull())
    .execute();
  await db.schema.createIndex('users_by_name').unique().on('users').expression(sql`account_id, lower(name)`).execute();
  // Names that deleted users had, with no reference to the account: they outlive it.
  await ddl
    .table(db, 'former_users')
    .addColumn('account_id', 'text', (column) => column.notNull())
    .addColumn('name', 'text', (column) => column.notNull())
    .addPrimaryKeyConstraint('former_users_by_name', ['account_id', 'name'] as never[])
    .execute();
  await ddl
    .table(db, 'identity_policies')
    .addColumn('user_key', ddl.int64, (column) => column.notNull().references('users.key'))
    .addColumn('name', 'text', (column) => column.notNull())
    .addColumn('document', 'text', (column) => column.notNull())
    .addColumn('attached_at', ddl.int64, (column) => column.notNull())
    .addPrimaryKeyConstraint('identity_policies_by_name', ['user_key', 'name'] as never[])
    .execute();
  await ddl
    .table(db, 'access_keys')
    .addColumn('id', 'text', (column) => column.primaryKey())
    .addColumn('account_id', 'text', (column) => column.notNull().references('accounts.id'))
    .addColumn('user_key', ddl.int64, (column) => column.references('users.key'))
    .addColumn('sealed_secret', 'text', (column) => column.notNull())
    .addColumn('token_digest', 'text')
    .addColumn('session_policy', 'text')
    .addColumn('created_at', ddl.int64, (column) => column.notNull())
    .addColumn('expires_at', ddl.int64)
    .addColumn('disabled_at', ddl.int64)
    .addCheckConstraint('token_until_expiry', sql`(token_digest is null) = (expires_at is null)`)
    .execute();
  await index(db, 'access_keys_by_owner', 'access_keys', ['account_id', 'user_key']);
  await index(db, 'access_keys_by_user', 'access_keys', ['user_key']);
  await index(db, 'access_keys_by_expiry', 'access_keys', ['expires_at']);
}

async function vaultSettings(db: Kysely<unknown>, ddl: Ddl): Promise<void> {
  await ddl
    .table(db, 'vault_tags')
    .addColumn('vault_key', ddl.int64, (column) => column.notNull().references('vaults.key'))
    .addColumn('name', 'text', (column) => column.notNull())
    .addColumn('value', 'text', (column) => column.notNull())
    .addPrimaryKeyConstraint('vault_tags_by_name', ['vault_key', 'name'] as never[])
    .execute();
  await ddl
    .table(db, 'notification_configurations')
    .addColumn('vault_key', ddl.int64, (column) => column.primaryKey().references('vaults.key'))
    .addColumn('topic', 'text', (column) => column.notNull())
    .addColumn('events', 'text', (column) => column.notNull())
    .execute();
  await ddl
    .table(db, 'access_policies')
    .addColumn('vault_key', ddl.int64, (column) => column.primaryKey().references('vaults.key'))
    .addColumn('document', 'text', (column) => column.notNull())
    .execute();
  await ddl
    .table(db, 'vault_locks')
    .addColumn('vault_key', ddl.int64, (column) => column.primaryKey().references('vaults.key'))
    .addColumn('id', 'text', (column) => column.notNull())
    .addColumn('document', 'text', (column) => column.notNull())
    .addColumn('state', 'text', (column) => column.notNull().check(sql`state in ('InProgress', 'Locked')`))
    .addColumn('created_at', ddl.int64, (column) => column.notNull())
    .addColumn('expires_at', ddl.int64)
    .addCheckConstraint('expires_until_locked', sql`(state = 'Locked') = (expires_at is null)`)
    .execute();
}

async function retrievals(db: Kysely<unknown>, ddl: Ddl): Promise<void> {
  // BytesPerHour goes to 2^63-1, which a JavaScript number cannot hold: it is kept as its decimal digits.
  await ddl
    .table(db, 'retrieval_policies')
    .addColumn('account_id', 'text', (column) => column.primaryKey())
    .addColumn('strategy', 'text', (column) => column.notNull())
    .addColumn('bytes_per_hour', 'text')
    .execute();
  await ddl
    .table(db, 'retrieval_days')
    .addColumn('account_id', 'text', (column) => column.notNull())
    .addColumn('day', 'text', (column) => column.notNull())
    .addColumn('size_bytes', ddl.int64, (column) => column.notNull())
    .addPrimaryKeyConstraint('retrieval_days_in_order', ['account_id', 'day'] as never[])
    .execute();
  await ddl
    .keyedTable(db, 'capacity_units')
    .addColumn('id', 'text', (column) => column.notNull().unique())
    .addColumn('account_id', 'text', (column) => column.notNull())
    .addColumn('started_at', ddl.int64, (column) => column.notNull())
    .addColumn('expires_at', ddl.int64, (column) => column.notNull())
    .execute();
  await index(db, 'capacity_units_by_account', 'capacity_units', ['account_id', 'expires_at']);
  await db.schema
    .createIndex('jobs_running_by_tier')
    .on('jobs')
    .columns(['tier', 'vault_key', 'range_start_byte', 'range_end_byte'])
    .where(sql.ref('status'), '=', sql.lit('InProgress'))
    .where(sql.ref('tier'), 'is not', null)
    .execute();
}

async function notices(db: Kysely<unknown>, ddl: Ddl): Promise<void> {
  await ddl
    .keyedTable(db, 'subscriptions')
    .addColumn('arn', 'text', (column) => column.notNull().unique())
    .addColumn('topic', 'text', (column) => column.notNull())
    .addColumn('url', 'text', (column) => column.notNull())
    .addColumn('signature_version', 'text', (column) => column.notNull())
    .addColumn('token_digest', 'text', (column) => column.notNull())
    .addColumn('created_at', ddl.int64, (column) => column.notNull())
    .addColumn('confirmed_at', ddl.int64)
    .execute();
  await index(db, 'subscriptions_by_topic', 'subscriptions', ['topic']);
  // Without a subscription a delivery is for the SNS endpoint.
  await ddl
    .keyedTable(db, 'deliveries')
    .addColumn('message_id', 'text', (column) => column.notNull())
    .addColumn('kind', 'text', (column) => column.notNull().check(sql`kind in ('notification', 'confirmation')`))
    .addColumn('topic', 'text', (column) => column.notNull())
    .addColumn('subscription_key', ddl.int64, (column) => column.references('subscriptions.key'))
    .addColumn('job_id', 'text')
    .addColumn('message', 'text', (column) => column.notNull())
    .addColumn('created_at', ddl.int64, (column) => column.notNull())
    .addColumn('due_at', ddl.int64, (column) => column.notNull())
    .addColumn('lease_token', 'text')
    .addColumn('attempts', ddl.int64, (column) => column.notNull())
    .execute();
  await index(db, 'deliveries_due', 'deliveries', ['subscription_key', 'due_at', 'key']);
  await index(db, 'deliveries_in_order', 'deliveries', ['subscription_key', 'job_id', 'key']);
  await db.schema
    .createIndex('deliveries_by_topic')
    .on('deliveries')
    .columns(['topic', 'due_at'])
    .where(sql.ref('subscription_key'), 'is', null)
    .execute();
  await db.schema
    .createIndex('deliveries_leased')
    .on('deliveries')
    .column('lease_token')
    .where(sql.ref('lease_token'), 'is not', null)
    .execute();
}

async function index(db: Kysely<unknown>, name: string, table: string, columns: string[]): Promise<void> {
  await db.schema.createIndex(name).on(table).columns(columns).execute();
}
