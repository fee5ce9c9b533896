import type { Kysely, Transaction } from 'kysely';
import type { Job } from '../model/jobs.ts';
import { NO_RETRIEVAL_LIMITS, type RetrievalRefusal } from '../model/retrieval-limits.ts';
import { giveUpArchives, giveUpBlobs } from './giving-up.ts';
import { isThere } from './going-vaults.ts';
import { inShort } from './in-short.ts';
import { type JobListing, JobListings, type JobPage } from './job-listing.ts';
import { ANY_JOB, type NewJob, toJob, toNewRow } from './job-rows.ts';
import { inTransaction, Prepared, PreparedInsert } from './prepared.ts';
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
    this.#vaultAccount = new Prepared(db, vaultQuery(db, 0));
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
    return inTransaction(this.#db, async (trx) => {
      const vault = await this.#vaultAccount.first([job.vaultKey], trx);
      if (vault === undefined) return 'vault-gone';
      if (job.kind !== 'inventory-retrieval') {
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

  /**
   * Deletes ended jobs whose time is over, as many as a short operation can but `limit` at most, and gives up what only they
   * referred to; returns how many.
   */
  async expire({ nowMs, limit }: { nowMs: number; limit: number }): Promise<number> {
    return inTransaction(this.#db, (trx) => inShort(limit, (some) => expireSome(trx, { nowMs, limit: some })));
  }
}

async function expireSome(
  trx: Transaction<Tables>,
  { nowMs, limit }: { nowMs: number; limit: number },
): Promise<number> {
  const expired = trx
    .selectFrom('jobs')
    .select('key')
    .where('expires_at', '<=', nowMs)
    .orderBy('expires_at')
    .limit(limit);
  const jobs = await trx
    .deleteFrom('jobs')
    .where('key', 'in', expired)
    .returning(['archive_key', 'output_blob_id'])
    .execute();
  await giveUpBlobs(
    trx,
    jobs.flatMap(({ output_blob_id: id }) => id ?? []),
  );
  await giveUpArchives(
    trx,
    jobs.flatMap(({ archive_key: key }) => key ?? []),
  );
  return jobs.length;
}

/** An archive that is not deleted; its parameter is the key. */
const archiveQuery = (db: Kysely<Tables>, archiveKey: number) =>
  db.selectFrom('archives').select('key').where('key', '=', archiveKey).where('deleted_at', 'is', null);

/** The owner of a vault that was not deleted; its parameter is the key. */
const vaultQuery = (db: Kysely<Tables>, vaultKey: number) =>
  db
    .selectFrom('vaults')
    .select('account_id')
    .where('key', '=', vaultKey)
    .where((eb) => isThere(eb.ref('account_id')));
