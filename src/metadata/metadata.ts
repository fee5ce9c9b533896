import { Kysely, sql } from 'kysely';
import { AccessPolicyRecords } from './access-policies.ts';
import { AccountRecords } from './accounts.ts';
import { ArchiveRecords } from './archives.ts';
import { CapacityRecords } from './capacity.ts';
import { sqliteDdl } from './ddl.ts';
import { DeliveryRecords } from './deliveries.ts';
import { GoingVaultRecords } from './going-vaults.ts';
import { JobQueueRecords } from './job-queue.ts';
import { JobRecords } from './jobs.ts';
import { KeyRecords } from './keys.ts';
import { migrate } from './migrate.ts';
import { NotificationConfigurationRecords } from './notification-configurations.ts';
import { ReclaimRecords } from './reclaim.ts';
import { RetentionClockRecords } from './retention-clock.ts';
import { RetrievalPolicyRecords } from './retrieval-policies.ts';
import { ServingRecords } from './serving.ts';
import { openSqlite } from './sqlite.ts';
import { SubscriptionRecords } from './subscriptions.ts';
import type { Tables } from './tables.ts';
import { UploadRecords } from './uploads.ts';
import { UserRecords } from './users.ts';
import { VaultLockRecords } from './vault-locks.ts';
import { VaultPolicyRecords } from './vault-policies.ts';
import { VaultTagRecords } from './vault-tags.ts';
import { VaultRecords } from './vaults.ts';

/**
 * Everything the server knows about the bytes it keeps. Each method of the parts is one operation, atomic by itself: no
 * transaction leaves this folder. A change is durable when its promise resolves.
 */
export class Metadata implements AsyncDisposable {
  readonly accounts: AccountRecords;
  readonly users: UserRecords;
  readonly keys: KeyRecords;
  readonly vaults: VaultRecords;
  readonly goingVaults: GoingVaultRecords;
  readonly vaultPolicies: VaultPolicyRecords;
  readonly vaultTags: VaultTagRecords;
  readonly notificationConfigurations: NotificationConfigurationRecords;
  readonly accessPolicies: AccessPolicyRecords;
  readonly vaultLocks: VaultLockRecords;
  readonly retentionClock: RetentionClockRecords;
  readonly archives: ArchiveRecords;
  readonly uploads: UploadRecords;
  readonly jobs: JobRecords;
  readonly jobQueue: JobQueueRecords;
  readonly retrievalPolicies: RetrievalPolicyRecords;
  readonly capacity: CapacityRecords;
  readonly reclaim: ReclaimRecords;
  readonly subscriptions: SubscriptionRecords;
  readonly deliveries: DeliveryRecords;
  readonly serving: ServingRecords;
  readonly #db: Kysely<Tables>;

  private constructor(db: Kysely<Tables>) {
    this.#db = db;
    this.accounts = new AccountRecords(db);
    this.users = new UserRecords(db);
    this.keys = new KeyRecords(db);
    this.vaults = new VaultRecords(db);
    this.goingVaults = new GoingVaultRecords(db);
    this.vaultPolicies = new VaultPolicyRecords(db);
    this.vaultTags = new VaultTagRecords(db);
    this.notificationConfigurations = new NotificationConfigurationRecords(db);
    this.accessPolicies = new AccessPolicyRecords(db);
    this.vaultLocks = new VaultLockRecords(db);
    this.retentionClock = new RetentionClockRecords(db);
    this.archives = new ArchiveRecords(db);
    this.uploads = new UploadRecords(db);
    this.jobs = new JobRecords(db);
    this.jobQueue = new JobQueueRecords(db);
    this.retrievalPolicies = new RetrievalPolicyRecords(db);
    this.capacity = new CapacityRecords(db);
    this.reclaim = new ReclaimRecords(db);
    this.subscriptions = new SubscriptionRecords(db);
    this.deliveries = new DeliveryRecords(db);
    this.serving = new ServingRecords(db);
  }

  /**
   * Opens the SQLite database at `path`, making or upgrading it. Throws SchemaTooNewError for one of a newer release.
   * `onFatal` is told when the database's files fail: nothing may be acknowledged after that. Whoever opens it must be the
   * only one: leases found in it are those of a process that is gone, and are let go.
   */
  static async openSqlite(options: { path: string; onFatal: (error: unknown) => void }): Promise<Metadata> {
    const db = new Kysely<Tables>({ dialect: openSqlite(options) });
    try {
      await migrate(db as Kysely<unknown>, sqliteDdl);
      // If the last process ended because an fsync failed, the log may hold commits that only seem to be on disk. Copied
      // into the database they are written and synced afresh, before anything is built on them.
      await sql`pragma wal_checkpoint(truncate)`.execute(db);
      const metadata = new Metadata(db);
      await metadata.jobQueue.releaseAll();
      await metadata.deliveries.releaseAll();
      return metadata;
    } catch (error) {
      await db.destroy();
      throw error;
    }
  }

  /** Whether the database can be read now. */
  async answers(): Promise<boolean> {
    try {
      await this.#db.selectFrom('vaults').select('key').limit(1).execute();
      return true;
    } catch {
      return false;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#db.destroy();
  }
}
