import type { Kysely, Transaction } from 'kysely';
import type { ListPosition } from '../model/ids.ts';
import type { Job, JobStatus } from '../model/jobs.ts';
import { NO_RETRIEVAL_LIMITS, type RetrievalRefusal } from '../model/retrieval-limits.ts';
import { giveUpArchives, giveUpBlobs } from './giving-up.ts';
import { isThere } from './going-vaults.ts';
import { inShort } from './in-short.ts';
import { type NewJob, toJob, toNewRow } from './job-rows.ts';
import { admitRetrieval } from './retrieval-loads.ts';
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

  constructor(db: Kysely<Tables>) {
    this.#db = db;
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
      const vault = await trx
        .selectFrom('vaults')
        .select('account_id')
        .where('key', '=', job.vaultKey)
        .where((eb) => isThere(eb.ref('account_id')))
        .executeTakeFirst();
      if (vault === undefined) return 'vault-gone';
      if (job.kind === 'archive-retrieval') {
        if (!(await archiveExists(trx, job.archiveKey))) return 'archive-gone';
        const refusal = await admitRetrieval(trx, { job, accountId: vault.account_id, limits });
        if (refusal !== null) return refusal;
      }
      await trx.insertInto('jobs').values(toNewRow(job)).execute();
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

  /**
   * Deletes ended jobs whose time is over, as many as a short operation can but `limit` at most, and gives up what only they
   * referred to; returns how many.
   */
  async expire({ nowMs, limit }: { nowMs: number; limit: number }): Promise<number> {
    return this.#db.transaction().execute((trx) => inShort(limit, (some) => expireSome(trx, { nowMs, limit: some })));
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

async function archiveExists(trx: Transaction<Tables>, archiveKey: number): Promise<boolean> {
  const row = await trx
    .selectFrom('archives')
    .select('key')
    .where('key', '=', archiveKey)
    .where('deleted_at', 'is', null)
    .executeTakeFirst();
  return row !== undefined;
}
