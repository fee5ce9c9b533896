import type { Kysely } from 'kysely';
import type { Job, Lease } from '../model/jobs.ts';
import { goingKeys } from './going-vaults.ts';
import { toJob } from './job-rows.ts';
import { type Announcement, publishEnd } from './publications.ts';
import { refuseGivenUp } from './reclaim.ts';
import type { Tables } from './tables.ts';

/** How a job ends. */
export interface JobEnd {
  lease: Lease;
  status: 'Succeeded' | 'Failed';
  statusMessage: string;
  /** Written by the job itself; the bytes are durable already. */
  output: { blobId: string; sizeBytes: number } | null;
  /** Where a range inventory goes on. */
  marker: string | null;
  nowMs: number;
  expiresAtMs: number;
  announcement: Announcement;
}

/** Jobs as work: the row of a job is its entry in the queue. */
export class JobQueueRecords {
  readonly #db: Kysely<Tables>;

  constructor(db: Kysely<Tables>) {
    this.#db = db;
  }

  /**
   * Claims jobs that are due for one worker until `leaseUntilMs`. A job whose worker died becomes due again when its lease
   * ends; the token tells the two workers apart.
   */
  async claimDue(claim: { nowMs: number; leaseUntilMs: number; token: string; limit: number }): Promise<Job[]> {
    const due = this.#db
      .selectFrom('jobs')
      .select('key')
      .where('due_at', '<=', claim.nowMs)
      .where('vault_key', 'not in', goingKeys(this.#db))
      .orderBy('due_at')
      .limit(claim.limit);
    const rows = await this.#db
      .updateTable('jobs')
      .set((eb) => ({
        due_at: claim.leaseUntilMs,
        lease_token: claim.token,
        attempts: eb('attempts', '+', 1),
      }))
      .where('key', 'in', due)
      .returningAll()
      .execute();
    return rows.map(toJob);
  }

  /** When the next job becomes due, or null when none is waiting. */
  async nextDueAtMs(): Promise<number | null> {
    const row = await this.#db
      .selectFrom('jobs')
      .select('due_at')
      .where('due_at', 'is not', null)
      .where('vault_key', 'not in', goingKeys(this.#db))
      .orderBy('due_at')
      .limit(1)
      .executeTakeFirst();
    return row?.due_at ?? null;
  }

  /** Keeps a lease for longer; false when it was lost. */
  async renew({ lease, leaseUntilMs }: { lease: Lease; leaseUntilMs: number }): Promise<boolean> {
    return this.#reschedule(lease, { due_at: leaseUntilMs });
  }

  /** Gives a job back, to be tried again at `dueAtMs`; false when the lease was lost. */
  async release({ lease, dueAtMs }: { lease: Lease; dueAtMs: number }): Promise<boolean> {
    return this.#reschedule(lease, { due_at: dueAtMs, lease_token: null });
  }

  /** Ends every lease: the jobs are due at once. For the start of the only process that can have leases. */
  async releaseAll(): Promise<void> {
    await this.#db
      .updateTable('jobs')
      .set({ due_at: 0, lease_token: null })
      .where('due_at', 'is not', null)
      .where('lease_token', 'is not', null)
      .execute();
  }

  /** Writes a job's end, and the messages that tell of it, once; false when the lease was lost, and then nothing is written. */
  async end(end: JobEnd): Promise<boolean> {
    return this.#db.transaction().execute(async (trx) => {
      if (end.output !== null) await refuseGivenUp(trx, end.output.blobId);
      const row = await trx
        .updateTable('jobs')
        .set((eb) => ({
          status: end.status,
          completed: 1,
          status_message: end.statusMessage,
          completed_at: end.nowMs,
          expires_at: end.expiresAtMs,
          due_at: null,
          lease_token: null,
          output_blob_id: end.output?.blobId ?? null,
          output_size_bytes: end.output?.sizeBytes ?? null,
          inventory_marker: end.status === 'Succeeded' ? end.marker : eb.ref('inventory_marker'),
        }))
        .where('key', '=', end.lease.jobKey)
        .where('lease_token', '=', end.lease.token)
        .where('status', '=', 'InProgress')
        .where('vault_key', 'not in', goingKeys(trx))
        .returningAll()
        .executeTakeFirst();
      if (row === undefined) return false;
      await publishEnd(trx, { job: toJob(row), ...end });
      return true;
    });
  }

  async #reschedule(lease: Lease, columns: { due_at: number; lease_token?: null }): Promise<boolean> {
    const result = await this.#db
      .updateTable('jobs')
      .set(columns)
      .where('key', '=', lease.jobKey)
      .where('lease_token', '=', lease.token)
      .executeTakeFirst();
    return result.numUpdatedRows > 0n;
  }
}
