import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { newJobId } from '../../src/model/ids.ts';
import { JOB_STATUSES, type JobStatus } from '../../src/model/jobs.ts';
import { inventoryJob, jobEnd, type MetadataUnderTest, newVault, present, T0 } from './metadata-fixtures.ts';

const RUNS = 200;
const RUNS_MS_MAX = 30_000;
const STEPS_MAX = 60;

interface Known {
  id: string;
  createdAtMs: number;
  status: JobStatus;
  expiresAtMs: number | null;
  present: boolean;
}

type Step =
  | { do: 'create'; laterMs: number }
  | { do: 'end'; pick: number; status: 'Succeeded' | 'Failed'; expiresInMs: number }
  | { do: 'expire'; inMs: number }
  | { do: 'page'; status: JobStatus | null; completed: boolean | null; after: number | null; limit: number };

// Few instants, so that many jobs share one, and the clock may go back.
const instant = fc.integer({ min: 0, max: 6 });
const orNull = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: null });
const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    { weight: 4, arbitrary: fc.record({ do: fc.constant('create' as const), laterMs: instant }) },
    {
      weight: 3,
      arbitrary: fc.record({
        do: fc.constant('end' as const),
        pick: fc.nat(),
        status: fc.constantFrom('Succeeded' as const, 'Failed' as const),
        expiresInMs: instant,
      }),
    },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('expire' as const), inMs: instant }) },
    {
      weight: 4,
      arbitrary: fc.record({
        do: fc.constant('page' as const),
        status: orNull(fc.constantFrom(...JOB_STATUSES)),
        completed: orNull(fc.boolean()),
        after: orNull(fc.nat()),
        limit: fc.integer({ min: 1, max: 7 }),
      }),
    },
  ),
  { maxLength: STEPS_MAX, size: 'max' },
);

export function jobListContract(tested: () => MetadataUnderTest): void {
  describe('listing jobs', () => {
    test(
      'agrees with a naive list, whatever happens between the pages',
      async () => {
        await fc.assert(
          fc.asyncProperty(steps, async (script) => {
            const { metadata } = tested();
            const vault = await newVault(metadata);
            const known: Known[] = [];
            for (const step of script) await play(step, { vaultKey: vault.key, known });
            await metadata.vaults.delete({ ...vault, inventory: 'live' });
          }),
          { numRuns: RUNS },
        );
      },
      RUNS_MS_MAX,
    );

    test('newest first, page by page, without gap or repetition while jobs come and go', async () => {
      const { metadata } = tested();
      const { key: vaultKey } = await newVault(metadata);
      const ids: string[] = [];
      for (let index = 0; index < 124; index += 1) {
        const job = inventoryJob({ vaultKey, nowMs: T0 + Math.floor(index / 10) });
        ids.push(job.id);
        await metadata.jobs.create(job);
      }
      const seen: string[] = [];
      for (let after = null as { createdAtMs: number; id: string } | null; ; ) {
        const page = await metadata.jobs.list({ vaultKey, status: null, completed: null, after, limit: 50 });
        seen.push(...page.map(({ id }) => id));
        after = page.at(-1) ?? null;
        if (after === null) break;
        await metadata.jobs.create(inventoryJob({ vaultKey, nowMs: T0 + 100 }));
      }
      expect(seen).toHaveLength(124);
      expect(new Set(seen)).toEqual(new Set(ids));
    });
  });

  async function play(step: Step, { vaultKey, known }: { vaultKey: number; known: Known[] }): Promise<void> {
    const { metadata } = tested();
    if (step.do === 'create') {
      const createdAtMs = T0 + step.laterMs;
      const job = { ...inventoryJob({ vaultKey }), id: newJobId(createdAtMs), createdAtMs, readyAtMs: 0 };
      await metadata.jobs.create(job);
      known.push({ id: job.id, createdAtMs, status: 'InProgress', expiresAtMs: null, present: true });
    } else if (step.do === 'end') {
      await end(step, { vaultKey, known });
    } else if (step.do === 'expire') {
      const nowMs = T0 + step.inMs;
      await metadata.jobs.expire({ nowMs, limit: 1e6 });
      for (const job of known) job.present &&= job.expiresAtMs === null || job.expiresAtMs > nowMs;
    } else {
      // A marker may stand for a job that has expired.
      const after = step.after === null ? null : (known[step.after % (known.length || 1)] ?? null);
      const page = await metadata.jobs.list({ vaultKey, ...step, after });
      expect(page.map(({ id }) => id)).toEqual(naivePage(known, { ...step, after }));
    }
  }

  async function end(
    step: Extract<Step, { do: 'end' }>,
    { vaultKey, known }: { vaultKey: number; known: Known[] },
  ): Promise<void> {
    const { metadata } = tested();
    const running = known.filter((job) => job.present && job.status === 'InProgress');
    const job = running[step.pick % (running.length || 1)];
    if (job === undefined) return;
    const { key: jobKey } = present(await metadata.jobs.find({ vaultKey, id: job.id }));
    const claimed = await metadata.jobQueue.claimDue({ nowMs: 0, leaseUntilMs: 0, token: job.id, limit: 1e6 });
    expect(claimed.map(({ id }) => id)).toContain(job.id);
    const expiresAtMs = T0 + step.expiresInMs;
    const ended = { ...jobEnd({ jobKey, token: job.id }), status: step.status, expiresAtMs };
    expect(await metadata.jobQueue.end(ended)).toBe(true);
    Object.assign(job, { status: step.status, expiresAtMs });
  }
}

type Page = { status: JobStatus | null; completed: boolean | null; after: Known | null; limit: number };

/** Filter, sort, cut: as the documentation says it, with nothing clever in it. */
function naivePage(known: readonly Known[], { status, completed, after, limit }: Page): string[] {
  return known
    .filter((job) => job.present)
    .filter((job) => status === null || job.status === status)
    .filter((job) => completed === null || (job.status !== 'InProgress') === completed)
    .sort(newestFirst)
    .filter((job) => after === null || newestFirst(after, job) < 0)
    .slice(0, limit)
    .map(({ id }) => id);
}

function newestFirst(a: Known, b: Known): number {
  if (a.createdAtMs !== b.createdAtMs) return b.createdAtMs - a.createdAtMs;
  return a.id === b.id ? 0 : a.id < b.id ? 1 : -1;
}
