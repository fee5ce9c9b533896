import type { Kysely } from 'kysely';
import { AccessPolicyRecords } from './access-policies.ts';
import { AccountRecords } from './accounts.ts';
import { ArchiveRecords } from './archives.ts';
import { CapacityRecords } from './capacity.ts';
import { DeliveryRecords } from './deliveries.ts';
import { FixityRecords } from './fixity.ts';
import { GoingVaultRecords } from './going-vaults.ts';
import { InventoryRecords } from './inventories.ts';
import { JobQueueRecords } from './job-queue.ts';
import { JobRecords } from './jobs.ts';
import { KeyRecords } from './keys.ts';
import { NotificationConfigurationRecords } from './notification-configurations.ts';
import { RebuildRecords } from './rebuilding.ts';
import { ReclaimRecords } from './reclaim.ts';
import { RetentionClockRecords } from './retention-clock.ts';
import { RetrievalPolicyRecords } from './retrieval-policies.ts';
import { ScrubRecords } from './scrub.ts';
import { ServingRecords } from './serving.ts';
import { SubscriptionRecords } from './subscriptions.ts';
import type { Tables } from './tables.ts';
import { UploadRecords } from './uploads.ts';
import { UserRecords } from './users.ts';
import { VaultLockRecords } from './vault-locks.ts';
import { VaultPolicyRecords } from './vault-policies.ts';
import { VaultTagRecords } from './vault-tags.ts';
import { VaultRecords } from './vaults.ts';

/** The nouns of the metadata, each with its operations. */
export const recordClasses = {
  accounts: AccountRecords,
  users: UserRecords,
  keys: KeyRecords,
  vaults: VaultRecords,
  goingVaults: GoingVaultRecords,
  vaultPolicies: VaultPolicyRecords,
  vaultTags: VaultTagRecords,
  notificationConfigurations: NotificationConfigurationRecords,
  accessPolicies: AccessPolicyRecords,
  vaultLocks: VaultLockRecords,
  retentionClock: RetentionClockRecords,
  archives: ArchiveRecords,
  inventories: InventoryRecords,
  uploads: UploadRecords,
  jobs: JobRecords,
  jobQueue: JobQueueRecords,
  retrievalPolicies: RetrievalPolicyRecords,
  capacity: CapacityRecords,
  reclaim: ReclaimRecords,
  rebuild: RebuildRecords,
  subscriptions: SubscriptionRecords,
  deliveries: DeliveryRecords,
  serving: ServingRecords,
  fixity: FixityRecords,
  scrub: ScrubRecords,
} as const;

type Classes = typeof recordClasses;

export type Noun = keyof Classes;
export type Records = { [N in Noun]: InstanceType<Classes[N]> };

/** The operations of a noun, wherever they are carried out. */
export type Operations = { readonly [N in Noun]: Pick<Records[N], keyof Records[N]> };

/**
 * The operations that only read, and need nothing but one statement, or several whose answers may be of different instants.
 * They are answered at once by a connection that could not write; all others are changes, or are answered where changes are.
 */
export const READS: { readonly [N in Noun]?: readonly (keyof Records[N])[] } = {
  accessPolicies: ['find'],
  accounts: ['find', 'list'],
  archives: ['find', 'blobs'],
  capacity: ['list'],
  deliveries: ['receivers', 'nextDueAtMs', 'attempts'],
  fixity: ['toVerify', 'find', 'findByBlob', 'verdictOn', 'damaged'],
  inventories: ['page', 'due'],
  jobQueue: ['nextDueAtMs', 'countUnfinished'],
  jobs: ['find', 'list'],
  keys: ['find', 'list', 'has', 'sealBeginnings'],
  notificationConfigurations: ['find'],
  reclaim: ['list'],
  rebuild: ['lastArchiveKey', 'rowsWithBytes'],
  retentionClock: ['find', 'newestWriteAtMs'],
  retrievalPolicies: ['find'],
  scrub: ['find'],
  serving: ['find'],
  subscriptions: ['list'],
  uploads: ['find', 'list', 'listParts'],
  users: ['findByName', 'list'],
  vaultLocks: ['find', 'locked'],
  vaultPolicies: ['find', 'tags'],
  vaults: ['find', 'findByKey', 'list', 'identities', 'hasArchives'],
};

export function createRecords(db: Kysely<Tables>): Records {
  const made = Object.entries(recordClasses).map(([noun, Class]) => [noun, new Class(db)]);
  return Object.fromEntries(made) as Records;
}

/** One operation, as data: it can be handed to another thread. */
export interface Call {
  noun: Noun;
  method: string;
  args: readonly unknown[];
}

/** Carries a call out on these records. */
export function invoke(records: Records, { noun, method, args }: Call): Promise<unknown> {
  const operations = records[noun] as unknown as Record<string, (...args: readonly unknown[]) => Promise<unknown>>;
  const operation = operations[method];
  if (operation === undefined) throw new Error(`there is no operation ${noun}.${method}`);
  return operation.apply(operations, [...args]);
}

/** The operations of all nouns: reads are answered by `reader`, the others by `write`. */
export function divide(reader: Records, write: (call: Call) => Promise<unknown>): Operations {
  const nouns = Object.keys(recordClasses) as Noun[];
  const operationsOf = (noun: Noun) => {
    const reads = new Set<string>(READS[noun] ?? []);
    const methods = Object.getOwnPropertyNames(recordClasses[noun].prototype).filter((name) => name !== 'constructor');
    return methods.map((method) => {
      const call = (...args: unknown[]) =>
        reads.has(method) ? invoke(reader, { noun, method, args }) : write({ noun, method, args });
      return [method, call] as const;
    });
  };
  return Object.fromEntries(nouns.map((noun) => [noun, Object.fromEntries(operationsOf(noun))])) as Operations;
}
