import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { JobListing } from '../../src/metadata/job-listing.ts';
import { newJobId } from '../../src/model/ids.ts';
import { JOB_STATUSES } from '../../src/model/jobs.ts';
import { limits } from '../../src/model/limits.ts';
import type { Vault } from '../../src/model/vaults.ts';
import { isGone, meets, type NaiveJob, type NaiveQuery, naivePage, newestFirst } from '../support/naive-jobs.ts';
import {
  deleteVault,
  inventoryJob,
  jobEnd,
  type MetadataUnderTest,
  newVault,
  present,
  T0,
} from './metadata-fixtures.ts';

const RUNS = 150;
const RUNS_MS_MAX = 60_000;
const STEPS_MAX = 50;
const VAULTS = 2;
const { jobsLookedAtMax: lookedAtMax, pageJobsMax } = limits;

type Change =
  | { do: 'create'; vault: number; atMs: number }
  | { do: 'crowd'; vault: number; atMs: number; expiresAtMs: number }
  | { do: 'end'; vault: number; pick: number; status: 'Succeeded' | 'Failed'; expiresAtMs: number }
  | { do: 'sweep'; nowMs: number };
type Ask = Omit<NaiveQuery, 'after'> & { do: 'page'; vault: number; after: number | null; nowMs: number };

// Few instants, so that many jobs share one, and the clock may go back.
const instant = fc.integer({ min: T0, max: T0 + 6 });
const vault = fc.nat({ max: VAULTS - 1 });
const orNull = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: null });
const limit = fc.oneof(fc.integer({ min: 1, max: 7 }), fc.integer({ min: 1, max: pageJobsMax }));
const filters = { status: orNull(fc.constantFrom(...JOB_STATUSES)), completed: orNull(fc.boolean()) };
const change: fc.Arbitrary<Change> = fc.oneof(
  { weight: 8, arbitrary: fc.record({ do: fc.constant('create' as const), vault, atMs: instant }) },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('crowd' as const), vault, atMs: instant, expiresAtMs: instant }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('end' as const),
      vault,
      pick: fc.nat(),
      status: fc.constantFrom('Succeeded' as const, 'Failed' as const),
      expiresAtMs: instant,
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('sweep' as const), nowMs: instant }) },
);
const ask: fc.Arbitrary<Ask> = fc.record({
  do: fc.constant('page' as const),
  vault,
  ...filters,
  after: orNull(fc.nat()),
  limit,
  nowMs: instant,
});
const several = <T>(value: fc.Arbitrary<T>) => fc.array(value, { maxLength: STEPS_MAX, size: 'max' });

export function jobListContract(tested: () => MetadataUnderTest): void {
  const holds = (property: fc.IAsyncProperty<unknown>) => fc.assert(property, { numRuns: RUNS });

  describe('listing jobs', () => {
    test(
      'agrees with a naive list, whatever happens between the pages',
      () => {
        const steps = several(fc.oneof({ weight: 2, arbitrary: change }, { weight: 1, arbitrary: ask }));
        return holds(
          fc.asyncProperty(steps, async (script) => {
            await using world = await newWorld(tested());
            for (const step of script) {
              if (step.do !== 'page') await world.play(step);
              else expect(await world.page(step)).toEqual(world.naivePage(step));
            }
          }) as fc.IAsyncProperty<unknown>,
        );
      },
      RUNS_MS_MAX,
    );

    test(
      'page by page shows every job once that is there throughout, newest first, and none twice',
      () => {
        const between = fc.array(
          fc.record({ changes: fc.array(change, { maxLength: 4 }), laterMs: fc.nat({ max: 2 }) }),
        );
        const query = fc.record({ ...filters, limit: fc.integer({ min: 1, max: 7 }) });
        return holds(
          fc.asyncProperty(several(change), query, between, async (before, asked, meanwhile) => {
            await using world = await newWorld(tested());
            for (const step of before) await world.play(step);
            await traverse(world, { ...asked, meanwhile });
          }) as fc.IAsyncProperty<unknown>,
        );
      },
      RUNS_MS_MAX,
    );

    test('looks at no more than so many expired jobs; the next page goes on after them', async () => {
      await using world = await newWorld(tested());
      await world.play({ do: 'create', vault: 0, atMs: T0 });
      for (let made = 0; made <= lookedAtMax; made += CROWD) {
        await world.play({ do: 'crowd', vault: 0, atMs: T0 + 1, expiresAtMs: T0 });
      }
      const query = { status: null, completed: null, limit: 5, nowMs: T0 };
      const first = await world.list(0, { ...query, after: null });
      const looked = present([...world.known(0)].sort(newestFirst)[lookedAtMax - 1]);
      expect(first).toEqual({ ids: [], marker: looked.id });
      const second = await world.list(0, { ...query, after: looked });
      expect(second.ids).toHaveLength(1);
      expect(second.marker).toBeNull();
    });
  });
}

type World = Awaited<ReturnType<typeof newWorld>>;

/** Vaults in the database, and what a naive list knows of their jobs. */
async function newWorld({ metadata, change }: MetadataUnderTest) {
  const vaults: Vault[] = [];
  for (let index = 0; index < VAULTS; index += 1) vaults.push(await newVault(metadata));
  const jobs: NaiveJob[][] = vaults.map(() => []);
  const keyOf = (index: number) => present(vaults[index]).key;
  const known = (index: number) => present(jobs[index]);
  /** Jobs that are gone may be positions still, those of the other vault too. */
  const positions: NaiveJob[] = [];
  const add = (index: number, job: NaiveJob) => positions.push(job) && known(index).push(job);

  async function play(step: Change): Promise<void> {
    if (step.do === 'create') {
      const job = { ...inventoryJob({ vaultKey: keyOf(step.vault), nowMs: step.atMs }), readyAtMs: 0 };
      await metadata.jobs.create(job);
      add(step.vault, { id: job.id, createdAtMs: step.atMs, status: 'InProgress', expiresAtMs: null });
    } else if (step.do === 'crowd') {
      const crowd = crowdOf(step);
      await change(insertionOf(crowd, keyOf(step.vault)));
      for (const job of crowd) add(step.vault, job);
    } else if (step.do === 'end') {
      await end(step);
    } else {
      // An operation removes as many as it can in a short time.
      while ((await metadata.jobs.expire({ nowMs: step.nowMs, limit: 1e6 })) > 0);
      for (const index of jobs.keys()) jobs[index] = known(index).filter((job) => !isGone(job, step.nowMs));
    }
  }

  async function end({ vault, pick, status, expiresAtMs }: Extract<Change, { do: 'end' }>): Promise<void> {
    const running = known(vault).filter((job) => job.status === 'InProgress');
    const job = running[pick % (running.length || 1)];
    if (job === undefined) return;
    const { key: jobKey } = present(await metadata.jobs.find({ vaultKey: keyOf(vault), id: job.id }));
    await metadata.jobQueue.claimDue({ nowMs: 0, leaseUntilMs: 0, token: job.id, limit: 1e6 });
    const ended = { ...jobEnd({ jobKey, token: job.id }), status, expiresAtMs };
    expect(await metadata.jobQueue.end(ended)).toBeDefined();
    Object.assign(job, { status, expiresAtMs });
  }

  const queryOf = ({ after, ...query }: Omit<Ask, 'do'>): NaiveQuery & { nowMs: number } => ({
    ...query,
    after: after === null ? null : (positions[after % (positions.length || 1)] ?? null),
  });
  return {
    known,
    play,
    list: async (index: number, query: NaiveQuery & { nowMs: number }) =>
      shownOf(await metadata.jobs.list({ ...query, vaultKey: keyOf(index) })),
    page: async (step: Omit<Ask, 'do'>) =>
      shownOf(await metadata.jobs.list({ ...queryOf(step), vaultKey: keyOf(step.vault) })),
    naivePage: (step: Ask) => naivePage(known(step.vault), { ...queryOf(step), lookedAtMax }),
    positionOf: (id: string) => present(positions.find((job) => job.id === id)),
    [Symbol.asyncDispose]: async () => {
      for (const vault of vaults) await deleteVault(metadata, vault);
    },
  };
}

const shownOf = ({ jobs, marker }: JobListing) => ({ ids: jobs.map(({ id }) => id), marker });

interface Traversal extends Omit<NaiveQuery, 'after'> {
  /** What happens after each page, and how much later it is then. */
  meanwhile: { changes: Change[]; laterMs: number }[];
}

async function traverse(world: World, { meanwhile, ...query }: Traversal): Promise<void> {
  let nowMs = T0;
  const before = new Map(world.known(0).map((job) => [job.id, { ...job }]));
  const seen: NaiveJob[] = [];
  let after: NaiveJob | null = null;
  for (const pages = [...meanwhile]; ; ) {
    const { ids, marker } = await world.list(0, { ...query, after, nowMs });
    for (const id of ids) {
      const job = world.positionOf(id);
      expect(meets(job, query) && !isGone(job, nowMs)).toBe(true);
      seen.push({ ...job });
    }
    if (marker === null) break;
    after = world.positionOf(marker);
    const between = pages.shift();
    nowMs += between?.laterMs ?? 0;
    for (const change of between?.changes ?? []) await world.play(change);
  }
  expect(new Set(seen.map(({ id }) => id)).size).toBe(seen.length);
  expect(seen).toEqual([...seen].sort(newestFirst));
  const throughout = world.known(0).filter((job) => {
    const was = before.get(job.id);
    return was !== undefined && meets(was, query) && meets(job, query) && !isGone(job, nowMs);
  });
  expect(seen.map(({ id }) => id)).toEqual(expect.arrayContaining(throughout.map(({ id }) => id)));
}

/** Enough that looking at several crowds goes beyond what is looked at for one page. */
const CROWD = 130;

const crowdOf = ({ atMs, expiresAtMs }: { atMs: number; expiresAtMs: number }): NaiveJob[] =>
  Array.from({ length: CROWD }, () => ({ id: newJobId(atMs), createdAtMs: atMs, status: 'Succeeded', expiresAtMs }));

function insertionOf(jobs: readonly NaiveJob[], vaultKey: number): string {
  const rows = jobs.map(
    ({ id, createdAtMs, status, expiresAtMs }) =>
      `('${id}', ${vaultKey}, 'inventory-retrieval', 'JSON', '${status}', 1, ${createdAtMs}, ${expiresAtMs}, 1)`,
  );
  const columns = 'id, vault_key, kind, inventory_format, status, completed, created_at, expires_at, attempts';
  return `insert into jobs (${columns}) values ${rows.join(', ')}`;
}
