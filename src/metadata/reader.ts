import { Kysely } from 'kysely';
import { ArchiveRecords } from './archives.ts';
import { CheckRecords } from './checks.ts';
import { FixityRecords } from './fixity.ts';
import { InventoryRecords } from './inventories.ts';
import { refuseOtherSchema } from './migrate.ts';
import { ServingRecords } from './serving.ts';
import { openReader } from './sqlite.ts';
import { noTransactions, sqliteDialect } from './sqlite-dialect.ts';
import type { Tables } from './tables.ts';
import { VaultLockRecords } from './vault-locks.ts';
import { VaultRecords } from './vaults.ts';

/** Where the metadata are: all that another thread needs to read them. */
export interface MetadataSource {
  kind: 'sqlite';
  path: string;
}

/** A connection of its own to the metadata that a server has open, for reading much of them. */
export interface Reader extends Disposable {
  readonly inventories: InventoryRecords;
}

/** What is read in large runs is read once: a page cache would not see it again. */
const CACHE_KIB = 4 * 1024;

export function openSource({ path }: MetadataSource): Reader {
  // A failure is that of whoever reads; what is not durable is found where it is written.
  const connection = openReader({ path, cacheKib: CACHE_KIB, onFatal: () => undefined });
  return {
    inventories: new InventoryRecords(new Kysely<Tables>({ dialect: sqliteDialect(connection, noTransactions) })),
    [Symbol.dispose]: () => connection[Symbol.dispose](),
  };
}

/** What is read of the metadata to check them, and what they refer to. */
export interface CheckReader extends Disposable {
  readonly archives: Pick<ArchiveRecords, 'blobs'>;
  readonly fixity: Pick<FixityRecords, 'find'>;
  readonly vaults: Pick<VaultRecords, 'find'>;
  readonly vaultLocks: Pick<VaultLockRecords, 'find' | 'locked'>;
  readonly serving: Pick<ServingRecords, 'find'>;
  readonly checks: CheckRecords;
}

/**
 * A connection that only reads, beside a server or without one. Throws ConfigError for a database of another release: reading
 * must not upgrade it.
 */
export async function openToCheck({ path }: MetadataSource): Promise<CheckReader> {
  const connection = openReader({ path, cacheKib: CACHE_KIB, onFatal: () => undefined });
  try {
    const db = new Kysely<Tables>({ dialect: sqliteDialect(connection, noTransactions) });
    await refuseOtherSchema(db as Kysely<unknown>);
    return {
      archives: new ArchiveRecords(db),
      fixity: new FixityRecords(db),
      vaults: new VaultRecords(db),
      vaultLocks: new VaultLockRecords(db),
      serving: new ServingRecords(db),
      checks: new CheckRecords(db),
      [Symbol.dispose]: () => connection[Symbol.dispose](),
    };
  } catch (error) {
    connection[Symbol.dispose]();
    throw error;
  }
}
