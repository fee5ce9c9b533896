import type { JobStatus } from '../../src/model/jobs.ts';
import { type SeededJob, SeededJobs, type SeedPlan, shareOf, statusOf } from '../seeding/plan.ts';

/** The pages of ListJobs that are measured: at the start, in the middle and at the end, through each filter. */
export interface ListedPage {
  name: string;
  /** The query string with its `?`, or nothing. */
  query: string;
  /** The same for the bare server, which is spared reading a marker. */
  bareQuery: string;
  /** What the page must hold. */
  ids: string[];
  isLast: boolean;
  /** The job before the page. */
  after: SeededJob | undefined;
  filter: Filter;
}

export interface Filter {
  completed?: 'true' | 'false';
  statuscode?: JobStatus;
}

const PAGE_JOBS = 50;

const FILTERS: readonly Filter[] = [
  {},
  { completed: 'true' },
  { completed: 'false' },
  { statuscode: 'InProgress' },
  { statuscode: 'Succeeded' },
  { statuscode: 'Failed' },
  { completed: 'true', statuscode: 'Failed' },
];

/** The pages of one vault of a plan. */
export function pagesToList(plan: SeedPlan, vaultIndex: number): ListedPage[] {
  const jobs = new SeededJobs(plan);
  return FILTERS.flatMap((filter) => {
    const kept = keptOrdinals(plan, vaultIndex, filter);
    const places = { first: 0, middle: Math.floor(kept.length / 2), last: kept.length - PAGE_JOBS };
    return Object.entries(places).map(([place, start]) => {
      const ids = [...kept.subarray(start, start + PAGE_JOBS)].map((ordinal) => jobs.ofVault(vaultIndex, ordinal).id);
      const before = kept[start - 1];
      const after = before === undefined ? undefined : jobs.ofVault(vaultIndex, before);
      return pageOf({ place, filter, ids, after, isLast: start + PAGE_JOBS >= kept.length });
    });
  });
}

/** The jobs that a filter keeps, newest first. */
function keptOrdinals(plan: SeedPlan, vaultIndex: number, { completed, statuscode }: Filter): Uint32Array {
  const total = shareOf(plan, plan.jobs, vaultIndex);
  const kept = new Uint32Array(total);
  let count = 0;
  for (let ordinal = total - 1; ordinal >= 0; ordinal -= 1) {
    const status = statusOf(plan, ordinal);
    if (statuscode !== undefined && status !== statuscode) continue;
    if (completed !== undefined && (completed === 'true') !== (status !== 'InProgress')) continue;
    kept[count] = ordinal;
    count += 1;
  }
  return kept.slice(0, count);
}

type PageParts = Pick<ListedPage, 'filter' | 'ids' | 'after' | 'isLast'> & { place: string };

function pageOf({ place, ...page }: PageParts): ListedPage {
  const { filter, after } = page;
  const filterText = new URLSearchParams({ ...filter }).toString();
  const text = new URLSearchParams({ ...filter, ...(after && { marker: after.id }) }).toString();
  const bare = new URLSearchParams({ ...filter, ...(after && { at: String(after.createdAtMs), id: after.id }) });
  return {
    ...page,
    name: `${place} page${filterText && `, ${filterText}`}`,
    query: text && `?${text}`,
    bareQuery: `?${bare}`,
  };
}

/** Throws unless the answer is the page: figures of wrong answers are worth nothing. */
export function checkPage(page: ListedPage, text: string): void {
  const { JobList: list, Marker: marker } = JSON.parse(text) as { JobList: { JobId: string }[]; Marker: string | null };
  const ids = list.map((job) => job.JobId);
  const expectedMarker = page.isLast ? null : page.ids.at(-1);
  if (ids.join() !== page.ids.join() || marker !== expectedMarker) throw new Error(`${page.name}: not the right jobs`);
}
