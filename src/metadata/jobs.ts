import type { Kysely } from 'kysely';
import type { ListPosition } from '../model/ids.ts';
import type { Job, JobStatus } from '../model/jobs.ts';
import { NO_RETRIEVAL_LIMITS, type RetrievalRefusal } from '../model/retrieval-limits.ts';
import { giveUpBytes } from './archives.ts';
import { ANY_JOB, type NewJob, toJob, toNewRow } from './job-rows.ts';
import { Prepared, PreparedInsert } from './prepared.ts';
import { RetrievalLoads } from './retrieval-loads.ts';
import type { Tables } from './tables.ts';

/** Which jobs a listing shows; null means no filter. */
export interface JobPage {
  vaultKey: number;
  status: JobStatus | null;
  completed: boolean | null;
  /** The last job of the page before; the row itself may have expired. */
  after: ListPosition | null;
  limit: number;
}

export class JobRecords {
  readonly #db: Kysely<Tables>;
  readonly #loads: RetrievalLoads;
  readonly #vaultAccount: Prepared<{ account_id: string }>;
  readonly #archive: Prepared<{ key: number }>;
  readonly #insert: PreparedInsert<'jobs'>;

  constructor(db: Kysely<Tables>) {
    this.#db = db;
    this.#loads = new RetrievalLoads(db);
    this.#vaultAccount = new Prepared(db, db.selectFrom('vaults').select('account_id').where('key', '=', 0));
    this.#archive = new Prepared(db, archiveQuery(db, 0));
    this.#insert = new PreparedInsert(db, 'jobs', toNewRow(ANY_JOB));
  }

  /**
   * Starts a job, unless its vault, or the archive it wants, was deleted meanwhile, or the retrieval would go beyond what
   * the owner of the vault may retrieve.
   */
  async create(
    job: NewJob,
    limits = NO_RETRIEVAL_LIMITS,
  ): Promise<'created' | 'vault-gone' | 'archive-gone' | RetrievalRefusal> {
    return this.#db.transaction().execute(async (trx) => {
      const vault = await this.#vaultAccount.first([job.vaultKey], trx);
      if (vault === undefined) return 'vault-gone';
      if (job.kind === 'archive-retrieval') {
        if ((await this.#archive.first([job.archiveKey], trx)) === undefined) return 'archive-gone';
        const refusal = await this.#loads.admit(trx, { job, accountId: vault.account_id, limits });
        if (refusal !== null) return refusal;
      }
      await this.#insert.run(toNewRow(job), trx);
      return 'created';
    });
  }

  async find({ vaultKey, id }: { vaultKey: number; id: string }): Promise<Job | undefined> {
    const row = await this.#db
      .selectFrom('jobs')
      .selectAll()
      .where('id', '=', id)
      .where('vault_key', '=', vaultKey)
      .executeTakeFirst();
    return row === undefined ? undefined : toJob(row);
  }

  /** Jobs of a vault, newest first. Each filter is a range of one index, so a page costs the same anywhere. */
  async list({ vaultKey, status, completed, after, limit }: JobPage): Promise<Job[]> {
    if (status !== null && completed !== null && completed !== (status !== 'InProgress')) return [];
    let query = this.#db.selectFrom('jobs').selectAll().where('vault_key', '=', vaultKey);
    if (status !== null) query = query.where('status', '=', status);
    else if (completed !== null) query = query.where('completed', '=', completed ? 1 : 0);
    if (after !== null) {
      query = query.where((eb) => eb(eb.refTuple('created_at', 'id'), '<', eb.tuple(after.createdAtMs, after.id)));
    }
    const rows = await query.orderBy('created_at', 'desc').orderBy('id', 'desc').limit(limit).execute();
    return rows.map(toJob);
  }

  /** Deletes ended jobs whose time is over, with their outputs, except those that are still read; returns how many. */
  async expire({
    nowMs,
    limit,
    readKeys = [],
  }: {
    nowMs: number;
    limit: number;
    readKeys?: readonly number[];
  }): Promise<number> {
    return this.#db.transaction().execute(async (trx) => {
      let expired = trx
        .selectFrom('jobs')
        .select('key')
        .where('expires_at', '<=', nowMs)
        .orderBy('expires_at')
        .limit(limit);
      if (readKeys.length > 0) expired = expired.where('key', 'not in', readKeys);
      const jobs = await trx
        .deleteFrom('jobs')
        .where('key', 'in', expired)
        .returning(['archive_key', 'output_blob_id'])
        .execute();
      const outputs = jobs.flatMap(({ output_blob_id: id }) => (id === null ? [] : [{ blob_id: id }]));
      if (outputs.length > 0) await trx.insertInto('reclaimable_blobs').values(outputs).execute();
      for (const archiveKey of new Set(jobs.map((job) => job.archive_key))) {
        if (archiveKey !== null && (await this.#archive.first([archiveKey], trx)) === undefined)
          await giveUpBytes(trx, archiveKey);
      }
      return jobs.length;
    });
  }
}

/** An archive that is not deleted; its parameter is the key. */
const archiveQuery = (db: Kysely<Tables>, archiveKey: number) =>
  db.selectFrom('archives').select('key').where('key', '=', archiveKey).where('deleted_at', 'is', null);
