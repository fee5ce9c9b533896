import type { SeededJob } from './seed-jobs.ts';

/** The pages of ListJobs that are measured: at the start, in the middle and at the end, of all jobs and through filters. */
export interface ListedPage {
  name: string;
  /** The query string with its `?`, or nothing. */
  query: string;
  /** What the page must hold. */
  ids: string[];
  isLast: boolean;
  /** Whether it goes through a filter. */
  filtered: boolean;
}

const PAGE_JOBS = 50;

const FILTERS: { query: Record<string, string>; keep: (job: SeededJob) => boolean }[] = [
  { query: {}, keep: () => true },
  { query: { completed: 'true' }, keep: (job) => job.status !== 'InProgress' },
  { query: { statuscode: 'Failed' }, keep: (job) => job.status === 'Failed' },
];

/** `jobs` are the vault's, newest first. */
export function pagesToList(jobs: readonly SeededJob[]): ListedPage[] {
  return FILTERS.flatMap(({ query, keep }) => {
    const kept = jobs.filter(keep).map((job) => job.id);
    const places = { first: 0, middle: Math.floor(kept.length / 2), last: kept.length - PAGE_JOBS };
    const suffix = new URLSearchParams(query).toString();
    return Object.entries(places).map(([place, start]) => {
      const marker = kept[start - 1];
      const text = new URLSearchParams({ ...query, ...(marker && { marker }) }).toString();
      return {
        name: `${place} page${suffix && `, ${suffix}`}`,
        query: text && `?${text}`,
        ids: kept.slice(start, start + PAGE_JOBS),
        isLast: start + PAGE_JOBS >= kept.length,
        filtered: suffix !== '',
      };
    });
  });
}

/** Throws unless the answer is the page: figures of wrong answers are worth nothing. */
export function checkPage(page: ListedPage, text: string): void {
  const { JobList: list, Marker: marker } = JSON.parse(text) as { JobList: { JobId: string }[]; Marker: string | null };
  const ids = list.map((job) => job.JobId);
  const expectedMarker = page.isLast ? null : page.ids.at(-1);
  if (ids.join() !== page.ids.join() || marker !== expectedMarker) throw new Error(`${page.name}: not the right jobs`);
}
