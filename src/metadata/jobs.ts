import type { Kysely } from 'kysely';
import type { Job } from '../model/jobs.ts';
import { NO_RETRIEVAL_LIMITS, type RetrievalRefusal } from '../model/retrieval-limits.ts';
import { giveUpBytes } from './archives.ts';
import { type JobListing, JobListings, type JobPage } from './job-listing.ts';
import { ANY_JOB, type NewJob, toJob, toNewRow } from './job-rows.ts';
import { Prepared, PreparedInsert } from './prepared.ts';
import { RetrievalLoads } from './retrieval-loads.ts';
import type { JobRow, Tables } from './tables.ts';

export class JobRecords {
  readonly #db: Kysely<Tables>;
  readonly #find: Prepared<JobRow>;
  readonly #listings: JobListings;
  readonly #loads: RetrievalLoads;
  readonly #vaultAccount: Prepared<{ account_id: string }>;
  readonly #archive: Prepared<{ key: number }>;
  readonly #insert: PreparedInsert<'jobs'>;

  constructor(db: Kysely<Tables>) {
    this.#db = db;
    const found = db.selectFrom('jobs').selectAll().where('id', '=', '').where('vault_key', '=', 0);
    this.#find = new Prepared(db, found);
    this.#listings = new JobListings(db);
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

  /** A job, whether it has expired or not. */
  async find({ vaultKey, id }: { vaultKey: number; id: string }): Promise<Job | undefined> {
    const row = await this.#find.first([id, vaultKey]);
    return row === undefined ? undefined : toJob(row);
  }

  /** A page of the jobs of a vault, newest first. */
  list(page: JobPage): Promise<JobListing> {
    return this.#listings.page(page);
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
