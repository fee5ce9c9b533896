import {
  type DatabaseConnection,
  type Dialect,
  type Driver,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
} from 'kysely';
import type { SqliteConnection } from './sqlite.ts';

/** What a transaction of Kysely's is on a connection. */
export type Transactions = Pick<Driver, 'beginTransaction' | 'commitTransaction' | 'rollbackTransaction'>;

const nothing = async (): Promise<void> => undefined;
const refuse = async (): Promise<never> => {
  throw new Error('a transaction on a connection that only reads');
};

/** One that is committed at its end. */
export const ownTransactions = (connection: SqliteConnection): Transactions => ({
  beginTransaction: async () => connection.run('begin'),
  commitTransaction: async () => connection.run('commit'),
  // A full disk makes SQLite roll back by itself; a second rollback would fail and hide the error that tells why.
  rollbackTransaction: async () => (connection.isInTransaction ? connection.run('rollback') : undefined),
});

/** A part of one that somebody else begins and commits. */
export const sharedTransactions: Transactions = {
  beginTransaction: nothing,
  commitTransaction: nothing,
  rollbackTransaction: nothing,
};

/** Not possible, because the connection only reads. */
export const noTransactions: Transactions = {
  beginTransaction: refuse,
  commitTransaction: refuse,
  rollbackTransaction: refuse,
};

/** Kysely on a connection, which stays open when Kysely is done. */
export function sqliteDialect(connection: DatabaseConnection, transactions: Transactions): Dialect {
  // SQLite rolls a failed schema change back like anything else, which Kysely does not take for granted.
  const adapter = Object.defineProperty(new SqliteAdapter(), 'supportsTransactionalDdl', { value: true });
  const acquireConnection = async () => connection;
  const lifetime = { init: nothing, acquireConnection, releaseConnection: nothing, destroy: nothing };
  return {
    createAdapter: () => adapter,
    createDriver: () => ({ ...lifetime, ...transactions }),
    createIntrospector: (db) => new SqliteIntrospector(db),
    createQueryCompiler: () => new SqliteQueryCompiler(),
  };
}
