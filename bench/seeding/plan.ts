import type { JobStatus } from '../../src/model/jobs.ts';
import { DAY_MS, HOUR_MS } from '../../src/model/limits.ts';
import { checkJobId, IdGenerator } from './ids.ts';

/**
 * What is seeded. Everything about a job follows from the plan and its number, so that a benchmark can say which jobs a
 * page must hold. Jobs and archives go to the vaults in turn, so that neighbours in the tables belong to different vaults.
 */
export interface SeedPlan {
  vaults: number;
  /** The name of the only vault; several are called after it and their number. */
  vaultName: string;
  jobs: number;
  archives: number;
  /** Null: eight jobs of ten have succeeded, one has failed, one waits. An instant: all wait and become due at it. */
  dueAtMs: number | null;
  /** How many archives of each vault the jobs retrieve, at most. */
  retrieved: number;
  /** Another seed gives other ids. */
  seed: number;
  nowMs: number;
}

export interface SeededJob {
  id: string;
  createdAtMs: number;
  status: JobStatus;
}

/** Jobs were created over twenty hours, up to one hour ago; archives over a year. */
const JOBS_SPREAD_MS = 20 * HOUR_MS;
const ARCHIVES_SPREAD_MS = 365 * DAY_MS;
const STATUS_OF: readonly JobStatus[] = [...Array<JobStatus>(8).fill('Succeeded'), 'Failed', 'InProgress'];

export const seedPlan = (given: Partial<SeedPlan>): SeedPlan => ({
  vaults: 1,
  vaultName: 'bench',
  jobs: 0,
  archives: 0,
  dueAtMs: null,
  retrieved: 1,
  seed: 1,
  nowMs: Date.now(),
  ...given,
});

export function vaultNames({ vaults, vaultName }: SeedPlan): string[] {
  if (vaults === 1) return [vaultName];
  return Array.from({ length: vaults }, (_, index) => `${vaultName}-${String(index + 1).padStart(4, '0')}`);
}

/** How many of `total` things fall to one of the vaults. */
export const shareOf = ({ vaults }: SeedPlan, total: number, vaultIndex: number): number =>
  Math.floor(total / vaults) + (vaultIndex < total % vaults ? 1 : 0);

/** Which of a vault's jobs has which status: `ordinal` counts the jobs of one vault, the oldest is 0. */
export const statusOf = ({ dueAtMs }: SeedPlan, ordinal: number): JobStatus =>
  dueAtMs === null ? (STATUS_OF[ordinal % STATUS_OF.length] ?? 'Succeeded') : 'InProgress';

/** When thing number `index` of `total` was created. Archives are always older than jobs. */
export function jobCreatedAtMs({ nowMs, jobs }: SeedPlan, index: number): number {
  return nowMs - HOUR_MS - JOBS_SPREAD_MS + Math.floor((index * JOBS_SPREAD_MS) / jobs);
}

export function archiveCreatedAtMs({ nowMs, archives }: SeedPlan, index: number): number {
  return nowMs - DAY_MS - ARCHIVES_SPREAD_MS + Math.floor((index * ARCHIVES_SPREAD_MS) / archives);
}

/** The jobs of a plan one by one, whichever are wanted. */
export class SeededJobs {
  readonly #plan: SeedPlan;
  readonly #ids: IdGenerator;

  constructor(plan: SeedPlan) {
    this.#plan = plan;
    this.#ids = new IdGenerator(plan.seed);
  }

  /** Job number `index` of all, in order of creation. */
  at(index: number): SeededJob {
    const { jobs, vaults } = this.#plan;
    const createdAtMs = jobCreatedAtMs(this.#plan, index);
    const id = this.#ids.jobId({ index, count: jobs }, createdAtMs);
    if (index % CHECKED_EVERY === 0) checkJobId(id, createdAtMs);
    return { id, createdAtMs, status: statusOf(this.#plan, Math.floor(index / vaults)) };
  }

  /** A job of one vault. */
  ofVault(vaultIndex: number, ordinal: number): SeededJob {
    return this.at(ordinal * this.#plan.vaults + vaultIndex);
  }
}

const CHECKED_EVERY = 10_000;
