import { expect } from 'vitest';
import type { Caller } from '../support/kept-connection.ts';
import { ACCOUNT_ID } from '../support/server.ts';

/** A job as DescribeJob and ListJobs tell it. */
export interface JobDocument {
  JobId: string;
  JobDescription: string;
  CreationDate: string;
  CompletionDate: string | null;
  StatusCode: string;
  [member: string]: unknown;
}

/** How the jobs of a test look, by the first word of their description. */
export type Shapes = Record<string, { parameters: Record<string, string>; document: Partial<JobDocument> }>;

const DESCRIBED_AGAIN = 200;
const COMPLAINTS_SHOWN = 5;
const INSTANT = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

/**
 * What clients know of the jobs of one vault: those that the server acknowledged, and requests without an answer, of which
 * each may have made one job or none.
 */
export class JobLedger {
  /** When they were created, by their ids; undefined until somebody saw it. */
  readonly jobs = new Map<string, string | undefined>();
  readonly #vault: string;
  readonly #shapes: Shapes;
  readonly #unanswered = new Map<string, number>();
  #fresh: string[] = [];

  constructor(vault: string, shapes: Shapes) {
    this.#vault = vault;
    this.#shapes = shapes;
  }

  get path(): string {
    return `/-/vaults/${this.#vault}/jobs`;
  }

  /** Starts a job and keeps what came of it. The answer is undefined when none came. */
  async start(call: Caller, { shape, note }: { shape: string; note: string }) {
    const description = `${shape} ${note}`;
    const body = JSON.stringify({ ...this.#shapes[shape]?.parameters, Description: description });
    const answer = await call({ method: 'POST', target: this.path, body }).catch(() => undefined);
    if (answer === undefined) this.#unanswered.set(description, (this.#unanswered.get(description) ?? 0) + 1);
    if (answer?.status === 202) this.#acknowledge(answer.header('x-amz-job-id'), answer.header('location'));
    return answer;
  }

  /** Whether an answer with an error may yet have made its job: after a failure of the disk it may. */
  mayHaveMade({ shape, note }: { shape: string; note: string }): void {
    const description = `${shape} ${note}`;
    this.#unanswered.set(description, (this.#unanswered.get(description) ?? 0) + 1);
  }

  #acknowledge(jobId: string | undefined, location: string | undefined): void {
    expect(jobId).toMatch(/^[A-Za-z0-9_][A-Za-z0-9_-]{91}$/);
    expect(location).toBe(`/${ACCOUNT_ID}/vaults/${this.#vault}/jobs/${jobId}`);
    expect(this.jobs.has(jobId ?? '')).toBe(false);
    this.jobs.set(jobId ?? '', undefined);
    this.#fresh.push(jobId ?? '');
  }

  /**
   * Goes through the whole list: every job that was acknowledged is there once and as it was, every other one is whole and
   * belongs to a request without an answer. From now on those count as acknowledged, and no more may appear.
   */
  async check(call: Caller): Promise<JobDocument[]> {
    const listed = await listAll(call, this.path);
    const byId = new Map(listed.map((job) => [job.JobId, job]));
    expect(byId.size).toBe(listed.length);
    expect(first([...this.jobs.keys()].filter((id) => !byId.has(id)))).toEqual([]);
    expect(first(listed.flatMap((job) => this.#complaint(job) ?? []))).toEqual([]);
    const dates = listed.map((job) => job.CreationDate);
    expect(dates.findIndex((date, index) => date > (dates[index - 1] ?? date))).toBe(-1);
    const old = [...this.jobs.keys()];
    const again = Array.from({ length: Math.min(DESCRIBED_AGAIN, old.length) }, (_, index) =>
      old.at(Math.floor((index * old.length) / DESCRIBED_AGAIN)),
    );
    for (const id of new Set([...this.#fresh, ...again])) {
      const answer = await call({ target: `${this.path}/${id}` });
      expect({ id, status: answer.status }).toEqual({ id, status: 200 });
      expect(withoutEnd(answer.json)).toEqual(withoutEnd(byId.get(id ?? '')));
    }
    this.#fresh = [];
    this.#unanswered.clear();
    return listed;
  }

  /** What is wrong with a listed job, or undefined. There are many of them, so this is plain code. */
  #complaint(job: JobDocument): string | undefined {
    const { JobId: id, JobDescription: description, CreationDate: createdAt } = job;
    const expected = this.#shapes[description.split(' ')[0] ?? '']?.document;
    if (expected === undefined) return `${id} is not of this test: ${description}`;
    const wrong = Object.keys(expected).find((name) => JSON.stringify(job[name]) !== JSON.stringify(expected[name]));
    if (wrong !== undefined) return `${id}, ${description}, has ${wrong} ${JSON.stringify(job[wrong])}`;
    if (!INSTANT.test(createdAt)) return `${id} has the CreationDate ${createdAt}`;
    if (!this.jobs.has(id)) {
      const left = (this.#unanswered.get(description) ?? 0) - 1;
      if (left < 0) return `${id}, ${description}, belongs to no request without an answer`;
      this.#unanswered.set(description, left);
      this.#fresh.push(id);
    }
    const before = this.jobs.get(id) ?? createdAt;
    if (before !== createdAt) return `${id} was created ${before}, and now ${createdAt}`;
    this.jobs.set(id, createdAt);
    return undefined;
  }
}

/** What is enough to look into. */
const first = (complaints: readonly string[]): string[] => [
  ...complaints.slice(0, COMPLAINTS_SHOWN),
  ...(complaints.length > COMPLAINTS_SHOWN ? [`and ${complaints.length - COMPLAINTS_SHOWN} more`] : []),
];

/** A job may end between two looks at it. */
function withoutEnd(job: JobDocument | undefined): object {
  const ofTheEnd = ['Completed', 'CompletionDate', 'StatusCode', 'StatusMessage', 'InventorySizeInBytes'];
  return Object.fromEntries(Object.entries(job ?? {}).filter(([name]) => !ofTheEnd.includes(name)));
}

/** Every page of ListJobs, to the end. */
export async function listAll(call: Caller, path: string, filter = ''): Promise<JobDocument[]> {
  const jobs: JobDocument[] = [];
  for (let marker = ''; ; ) {
    const page = await call({ target: `${path}?${filter}${marker === '' ? '' : `&marker=${marker}`}` });
    expect(page.status).toBe(200);
    const { JobList: list, Marker: next } = page.json as { JobList: JobDocument[]; Marker: string | null };
    jobs.push(...list);
    if (next === null) return jobs;
    expect(next).not.toBe(marker);
    marker = next;
  }
}
