/** What ListJobs should show, as its documentation says it: filter, sort, cut, with nothing clever in it. */
export interface NaiveJob {
  id: string;
  createdAtMs: number;
  status: 'InProgress' | 'Succeeded' | 'Failed';
  /** When the job is gone; null while it is in progress. */
  expiresAtMs: number | null;
}

export interface NaiveQuery {
  status: NaiveJob['status'] | null;
  completed: boolean | null;
  after: { createdAtMs: number; id: string } | null;
  limit: number;
}

export interface NaivePage {
  ids: string[];
  marker: string | null;
}

export const meets = (job: NaiveJob, { status, completed }: Pick<NaiveQuery, 'status' | 'completed'>): boolean =>
  (status === null || job.status === status) && (completed === null || (job.status !== 'InProgress') === completed);

export const isGone = ({ expiresAtMs }: NaiveJob, nowMs: number): boolean =>
  expiresAtMs !== null && expiresAtMs <= nowMs;

/** The page at an instant, when no more than `lookedAtMax` jobs are looked at for it, those that are gone included. */
export function naivePage(
  jobs: readonly NaiveJob[],
  { limit, after, nowMs, lookedAtMax, ...filters }: NaiveQuery & { nowMs: number; lookedAtMax: number },
): NaivePage {
  const inOrder = jobs
    .filter((job) => meets(job, filters))
    .sort(newestFirst)
    .filter((job) => after === null || newestFirst(after, job) < 0);
  const lookedAt = inOrder.slice(0, lookedAtMax);
  const ids = lookedAt.filter((job) => !isGone(job, nowMs)).map(({ id }) => id);
  if (ids.length > limit) return { ids: ids.slice(0, limit), marker: ids[limit - 1] ?? null };
  return { ids, marker: lookedAt.length === lookedAtMax ? (lookedAt.at(-1)?.id ?? null) : null };
}

type Position = Pick<NaiveJob, 'createdAtMs' | 'id'>;

export function newestFirst(a: Position, b: Position): number {
  if (a.createdAtMs !== b.createdAtMs) return b.createdAtMs - a.createdAtMs;
  return a.id === b.id ? 0 : a.id < b.id ? 1 : -1;
}
