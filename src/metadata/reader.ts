import { Kysely } from 'kysely';
import { InventoryRecords } from './inventories.ts';
import { openReader } from './sqlite.ts';
import { noTransactions, sqliteDialect } from './sqlite-dialect.ts';
import type { Tables } from './tables.ts';

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
