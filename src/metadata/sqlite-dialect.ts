import { type Dialect, type Driver, SqliteAdapter, SqliteIntrospector, SqliteQueryCompiler } from 'kysely';
import type { SqliteConnection } from './sqlite.ts';

/**
 * What a transaction of Kysely's is on a connection: `own`, one that is committed at its end; `shared`, a part of one that
 * somebody else begins and commits; `none`, not possible, because the connection only reads.
 */
export type Transactions = 'own' | 'shared' | 'none';

/** Kysely on a connection, which stays open when Kysely is done. */
export function sqliteDialect(connection: SqliteConnection, transactions: Transactions): Dialect {
  // SQLite rolls a failed schema change back like anything else, which Kysely does not take for granted.
  const adapter = Object.defineProperty(new SqliteAdapter(), 'supportsTransactionalDdl', { value: true });
  return {
    createAdapter: () => adapter,
    createDriver: () => driverOn(connection, transactions),
    createIntrospector: (db) => new SqliteIntrospector(db),
    createQueryCompiler: () => new SqliteQueryCompiler(),
  };
}

const nothing = async (): Promise<void> => undefined;

function driverOn(connection: SqliteConnection, transactions: Transactions): Driver {
  return {
    init: nothing,
    acquireConnection: async () => connection,
    releaseConnection: nothing,
    destroy: nothing,
    ...TRANSACTIONS[transactions](connection),
  };
}

type TransactionCalls = Pick<Driver, 'beginTransaction' | 'commitTransaction' | 'rollbackTransaction'>;

const TRANSACTIONS: Record<Transactions, (connection: SqliteConnection) => TransactionCalls> = {
  own: (connection) => ({
    beginTransaction: async () => connection.run('begin'),
    commitTransaction: async () => connection.run('commit'),
    // A full disk makes SQLite roll back by itself; a second rollback would fail and hide the error that tells why.
    rollbackTransaction: async () => (connection.isInTransaction ? connection.run('rollback') : undefined),
  }),
  shared: () => ({ beginTransaction: nothing, commitTransaction: nothing, rollbackTransaction: nothing }),
  none: () => {
    const refuse = async (): Promise<never> => {
      throw new Error('a transaction on a connection that only reads');
    };
    return { beginTransaction: refuse, commitTransaction: refuse, rollbackTransaction: refuse };
  },
};
