import type { Kysely } from 'kysely';
import type { ListPosition } from '../model/ids.ts';
import { hasExpired, type JobStatus, type ShownJob } from '../model/jobs.ts';
import { limits } from '../model/limits.ts';
import { asArrays, Prepared } from './prepared.ts';
import { SHOWN_COLUMNS, type ShownValues, toShownJob } from './shown-jobs.ts';
import type { Tables } from './tables.ts';

/** Which jobs a listing shows; null means no filter. */
export interface JobPage {
  vaultKey: number;
  status: JobStatus | null;
  completed: boolean | null;
  /** The position to go on after; there need not be a job any more, nor ever have been one in this vault. */
  after: ListPosition | null;
  limit: number;
  /** Jobs that have expired by then are left out, whether they have been deleted or not. */
  nowMs: number;
}

/** A page, and the id whose position the next one begins after; null at the end. */
export interface JobListing {
  jobs: ShownJob[];
  marker: string | null;
}

/** Before all jobs: where a listing begins. */
const NEWEST: ListPosition = { createdAtMs: Number.MAX_SAFE_INTEGER, id: '' };
const ENDED = ['Succeeded', 'Failed'] as const;

/**
 * The jobs of a vault, newest first, by their date and then their id. Every filter is a range of one index, or two of them
 * merged, so that a page costs the same anywhere.
 *
 * A page begins after a position and knows nothing of the pages before it. A job never changes its position, so whatever
 * is created, ends, expires or is deleted between two pages neither shifts nor repeats another job: a traversal shows every
 * job once that was there throughout. Jobs are in the order of their dates, not of their making. Where the clock was set
 * back, a new job stands among older ones; a traversal that has not come there yet shows it, another does not, and neither
 * shows it twice.
 */
export class JobListings {
  readonly #all: Prepared<ShownValues>;
  readonly #ofStatus: Prepared<ShownValues>;
  readonly #ended: Prepared<ShownValues>;

  constructor(db: Kysely<Tables>) {
    const byStatus = (status: JobStatus) => from(db).where('status', '=', status);
    const ended = byStatus(ENDED[0]).unionAll(byStatus(ENDED[1]));
    this.#all = new Prepared(db, newestFirst(from(db)));
    this.#ofStatus = new Prepared(db, newestFirst(byStatus('InProgress')));
    this.#ended = new Prepared(db, newestFirst(ended));
  }

  /**
   * A full page, unless the end comes before, or so many expired jobs that are still to be deleted that looking for the
   * others would take too long: the next page goes on there.
   */
  async page(page: JobPage): Promise<JobListing> {
    const { status, completed, limit, nowMs } = page;
    const jobs: ShownJob[] = [];
    if (status !== null && completed !== null && completed !== (status !== 'InProgress')) return { jobs, marker: null };
    let after = page.after ?? NEWEST;
    for (let left = limits.jobsLookedAtMax; left > 0; ) {
      // Without expired jobs the first rows are enough: the one after the page tells that there is another.
      const count = Math.min(left, left === limits.jobsLookedAtMax ? limit + 1 : limits.pageJobsMax);
      const rows = await this.#rows({ ...page, after, limit: count });
      for (const row of rows) {
        const { job, expiresAtMs } = toShownJob(row);
        if (!hasExpired({ expiresAtMs }, nowMs)) {
          if (jobs.length === limit) return { jobs, marker: jobs.at(-1)?.id ?? null };
          jobs.push(job);
        }
        after = job;
      }
      if (rows.length < count) return { jobs, marker: null };
      left -= count;
    }
    return { jobs, marker: after.id };
  }

  #rows({ vaultKey, status, completed, after, limit }: JobPage & { after: ListPosition }): Promise<ShownValues[]> {
    const from = [after.createdAtMs, after.id];
    const only = status ?? (completed === false ? 'InProgress' : null);
    if (only !== null) return this.#ofStatus.rows([vaultKey, ...from, only, limit]);
    if (completed === null) return this.#all.rows([vaultKey, ...from, limit]);
    return this.#ended.rows([...ENDED.flatMap((ended) => [vaultKey, ...from, ended]), limit]);
  }
}

const from = (db: Kysely<Tables>) =>
  db
    .selectFrom('jobs')
    .select(SHOWN_COLUMNS)
    .where('vault_key', '=', 0)
    .where((eb) => eb(eb.refTuple('created_at', 'id'), '<', eb.tuple(NEWEST.createdAtMs, NEWEST.id)));

const newestFirst = (query: ReturnType<typeof from>) =>
  asArrays<ShownValues>(query.orderBy('created_at', 'desc').orderBy('id', 'desc').limit(1));
