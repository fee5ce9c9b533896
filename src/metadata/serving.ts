import type { Kysely } from 'kysely';
import type { Serving } from '../model/serving.ts';
import type { Tables } from './tables.ts';

/** There is one row, which the table sees to. */
const KEY = 1;

/** What the server serves as: its commands do the same without it. */
export class ServingRecords {
  readonly #db: Kysely<Tables>;

  constructor(db: Kysely<Tables>) {
    this.#db = db;
  }

  /** As the last server was started; undefined when none ever was. */
  async find(): Promise<Serving | undefined> {
    const row = await this.#db.selectFrom('serving').selectAll().where('key', '=', KEY).executeTakeFirst();
    if (row === undefined) return undefined;
    const { audit_path: path, audit_file_bytes_max: fileBytesMax, audit_files_max: filesMax } = row;
    const auditLog =
      path === null || fileBytesMax === null || filesMax === null ? null : { path, fileBytesMax, filesMax };
    return { accountId: row.account_id, region: row.region, mirror: row.mirror, auditLog };
  }

  async save({ accountId, region, mirror, auditLog }: Serving): Promise<void> {
    const columns = {
      account_id: accountId,
      region,
      mirror,
      audit_path: auditLog?.path ?? null,
      audit_file_bytes_max: auditLog?.fileBytesMax ?? null,
      audit_files_max: auditLog?.filesMax ?? null,
    };
    await this.#db
      .insertInto('serving')
      .values({ key: KEY, ...columns })
      .onConflict((conflict) => conflict.column('key').doUpdateSet(columns))
      .execute();
  }
}
