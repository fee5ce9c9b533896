import { type CreateTableBuilder, type Kysely, sql } from 'kysely';

/**
 * What migrations say differently to each database: the name of a 64-bit integer, the internal key of a table, and how a
 * table insists on its column types. Queries need no such thing.
 */
export interface Ddl {
  readonly int64: 'integer' | 'bigint';
  table(db: Kysely<unknown>, name: string): CreateTableBuilder<string, never>;
  /** A table with a `key` that the database counts up. */
  keyedTable(db: Kysely<unknown>, name: string): CreateTableBuilder<string, never>;
}

export const sqliteDdl: Ddl = {
  int64: 'integer',
  table: (db, name) => db.schema.createTable(name).modifyEnd(sql`strict`),
  keyedTable: (db, name) =>
    db.schema
      .createTable(name)
      .modifyEnd(sql`strict`)
      .addColumn('key', 'integer', (column) => column.primaryKey().autoIncrement()),
};
