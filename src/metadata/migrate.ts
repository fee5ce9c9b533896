import type { Kysely } from 'kysely';
import { Migrator } from 'kysely/migration';
import { ConfigError } from '../config/errors.ts';
import type { Ddl } from './ddl.ts';
import { migrations } from './migrations/index.ts';

/** The database was written by a newer release, whose schema this one cannot know. */
export class SchemaTooNewError extends ConfigError {
  constructor(unknown: string[]) {
    super(
      `the metadata was written by a newer version of Moraine (it has the migration ${unknown.join(', ')}, ` +
        'which this version does not know); use that version',
    );
    this.name = 'SchemaTooNewError';
  }
}

/** Brings the schema up to date in one transaction; throws SchemaTooNewError rather than touch a newer one. */
export async function migrate(db: Kysely<unknown>, ddl: Ddl): Promise<void> {
  const provider = {
    getMigrations: async () =>
      Object.fromEntries(
        Object.entries(migrations).map(([name, step]) => [name, { up: (to: Kysely<unknown>) => step.up(to, ddl) }]),
      ),
  };
  refuseNewer(await appliedMigrations(db));
  const { error } = await new Migrator({ db, provider }).migrateToLatest();
  if (error !== undefined) throw error;
}

/** For whoever reads only: throws SchemaTooNewError for a newer schema, and ConfigError for an older one. */
export async function refuseOtherSchema(db: Kysely<unknown>): Promise<void> {
  const applied = await appliedMigrations(db);
  refuseNewer(applied);
  if (Object.keys(migrations).some((name) => !applied.includes(name))) {
    throw new ConfigError(
      'the metadata is that of an older version of Moraine; start `moraine serve` of this one first',
    );
  }
}

function refuseNewer(applied: readonly string[]): void {
  const unknown = applied.filter((name) => !(name in migrations));
  if (unknown.length > 0) throw new SchemaTooNewError(unknown);
}

async function appliedMigrations(db: Kysely<unknown>): Promise<string[]> {
  const tables = await db.introspection.getTables({ withInternalKyselyTables: true });
  if (!tables.some((table) => table.name === 'kysely_migration')) return [];
  const rows = await (db as Kysely<{ kysely_migration: { name: string } }>)
    .selectFrom('kysely_migration')
    .select('name')
    .execute();
  return rows.map((row) => row.name);
}
