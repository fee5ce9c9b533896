import { randomUUID } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';
import type { Arrangement } from '../core/arrangement.ts';
import { type Job, QUEUE_NAMES } from '../model/jobs.ts';
import { limits } from '../model/limits.ts';
import { orEndOf } from '../model/until.ts';
import type { Log } from '../telemetry/log.ts';
import { retrieveArchive } from './archive-retrieval.ts';
import { retrieveInventory } from './inventory-retrieval.ts';
import { InventoryThread } from './inventory-thread.ts';
import { Lane } from './lane.ts';
import {
  type ClaimedJob,
  claimDue,
  end,
  failUnreadable,
  giveBack,
  renew,
  retryOrFail,
  type WorkResult,
} from './leases.ts';
import { Pause } from './pause.ts';
import { runSelect, tellGivenUp } from './select.ts';
import { SelectThreads } from './select-threads.ts';

/**
 * Runs jobs as they become due. Each queue has a lane of its own: a bounded number of jobs at once, and a bounded number
 * claimed ahead. Whether anything is due is only read; what is due is claimed many at a time, and what many jobs write at
 * the same time shares its commits.
 */
export class JobLoop implements AsyncDisposable {
  readonly #given: Arrangement;
  readonly #log: Log;
  readonly #token = randomUUID();
  readonly #lanes = QUEUE_NAMES.map((queue) => new Lane(queue));
  /** What was claimed and has not come to its end yet. */
  readonly #held = new Set<number>();
  readonly #running = new Set<Promise<void>>();
  /** Breaks off what runs and can be: queries, which may run for hours. By the job. */
  readonly #breaks = new Map<number, AbortController>();
  readonly #inventories: InventoryThread;
  readonly #queries = new SelectThreads();
  readonly #pause = new Pause();
  /** After a failure, which nothing but the end of the loop cuts short. */
  readonly #rest = new Pause();
  readonly #onMessage: () => void;
  #waitsUntilMs = Number.POSITIVE_INFINITY;
  #renewal: NodeJS.Timeout | undefined;
  #stopped = false;
  #ended: Promise<void> = Promise.resolve();

  /** `onMessage` is called when the end of a job has left messages to deliver. */
  constructor(given: Arrangement, log: Log, { onMessage }: { onMessage: () => void }) {
    this.#given = given;
    this.#log = log;
    this.#onMessage = onMessage;
    this.#inventories = new InventoryThread(given.metadata.source);
  }

  start(): void {
    this.#renewal = setInterval(() => void this.#renew(), limits.jobLeaseMs / 3);
    this.#ended = this.#run();
  }

  /** A job becomes due at this instant, which the loop may not know yet. */
  nudge(dueAtMs: number): void {
    if (dueAtMs < this.#waitsUntilMs) this.#pause.end();
  }

  /** Takes no new jobs, gives back those that have not begun and queries that run, and waits for all others that run. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopped = true;
    this.#pause.end();
    this.#rest.end();
    await this.#ended;
    await this.#giveBack(this.#lanes.flatMap((lane) => lane.drop(() => true)));
    for (const controller of this.#breaks.values()) controller.abort(new Error('the server stops'));
    await Promise.all(this.#running);
    clearInterval(this.#renewal);
    await this.#inventories[Symbol.asyncDispose]();
    await this.#queries[Symbol.asyncDispose]();
  }

  async #run(): Promise<void> {
    while (!this.#stopped) {
      try {
        const nextAtMs = await this.#step();
        // Requests have their turn even where nothing that was awaited has left the event loop.
        await (nextAtMs === null ? setImmediate() : this.#waitUntil(nextAtMs));
      } catch (error) {
        this.#log.error({ error }, 'the job loop failed; it goes on');
        await this.#rest.atMost(limits.jobClaimPauseMs);
      }
    }
  }

  /** Not for long, whatever there is to wait for: the wall clock may be moved. */
  async #waitUntil(instantMs: number): Promise<void> {
    const durationMs = Math.min(instantMs - this.#given.clock.nowMs(), limits.jobLeaseMs);
    this.#waitsUntilMs = instantMs;
    await this.#pause.atMost(Math.max(durationMs, 0));
    // What is started from now on may be missed by a look that has begun.
    this.#waitsUntilMs = Number.POSITIVE_INFINITY;
  }

  /** Claims what is due and has room. Returns when to look again, or null if there may be more at once. */
  async #step(): Promise<number | null> {
    const dueAtMs = await this.#given.metadata.jobQueue.nextDueAtMs();
    const nowMs = this.#given.clock.nowMs();
    const isDue = ({ queue }: Lane) => (dueAtMs[queue] ?? Number.POSITIVE_INFINITY) <= nowMs;
    for (const lane of this.#lanes) lane.isLeftBehind = isDue(lane) && lane.room === 0;
    const claiming = this.#lanes.filter((lane) => isDue(lane) && lane.room > 0);
    // All are waited for, so that nothing is claimed behind the back of a loop that has stopped.
    const outcomes = await Promise.allSettled(claiming.map((lane) => this.#claim(lane)));
    for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason;
    if (claiming.length > 0) return null;
    const later = this.#lanes.filter((lane) => !isDue(lane)).map(({ queue }) => dueAtMs[queue]);
    return Math.min(...later.map((instantMs) => instantMs ?? Number.POSITIVE_INFINITY), nowMs + limits.jobLeaseMs);
  }

  async #claim(lane: Lane): Promise<void> {
    const asked = { token: this.#token, queue: lane.queue, limit: lane.room };
    const claimed = await claimDue(this.#given, asked).catch(async (error: unknown) => {
      const jobIds = await failUnreadable(this.#given, asked);
      if (jobIds.length === 0) throw error;
      this.#log.error({ error, jobIds }, 'jobs that cannot be read have failed');
      return [];
    });
    // Where time has jumped, leases end that are held: claiming such a job again has renewed its lease, and no more.
    const others = claimed.filter(({ job }) => !this.#held.has(job.key));
    for (const { job } of others) this.#held.add(job.key);
    lane.add(others);
    this.#begin(lane);
  }

  #begin(lane: Lane): void {
    if (this.#stopped) return;
    for (let next = lane.begin(); next !== undefined; next = lane.begin()) {
      const claimed = next;
      const running = this.#work(claimed).finally(() => {
        this.#running.delete(running);
        this.#held.delete(claimed.job.key);
        lane.done();
        this.#begin(lane);
        if (lane.isLeftBehind && lane.room > 0) this.#pause.end();
      });
      this.#running.add(running);
    }
  }

  async #work(claimed: ClaimedJob): Promise<void> {
    const { key: jobKey } = claimed.job;
    const controller = new AbortController();
    this.#breaks.set(jobKey, controller);
    let messages = 0;
    try {
      messages = await end(this.#given, claimed, await this.#carryOut(claimed.job, controller.signal));
    } catch (error) {
      if (controller.signal.aborted) {
        await this.#giveBack([jobKey]);
        return;
      }
      this.#log.error({ error, jobId: claimed.job.id, attempts: claimed.job.attempts }, 'the job failed');
      // Should this fail too, the lease runs out and the job becomes due again.
      messages = await retryOrFail(this.#given, claimed).catch(() => 0);
      // When it is due again is sooner than the loop knows.
      this.#pause.end();
    } finally {
      this.#breaks.delete(jobKey);
    }
    if (messages > 0) this.#onMessage();
  }

  async #renew(): Promise<void> {
    const jobKeys = [...this.#held];
    if (jobKeys.length === 0) return;
    try {
      const kept = await renew(this.#given, { token: this.#token, jobKeys });
      const asked = new Set(jobKeys);
      this.#drop((jobKey) => asked.has(jobKey) && !kept.has(jobKey));
    } catch (error) {
      this.#log.warn({ error, jobs: jobKeys.length }, 'the leases of jobs could not be renewed');
    }
  }

  /** A job that another worker has, or whose vault is gone, is not begun. One that runs is broken off, or finds out at its end. */
  #drop(isLost: (jobKey: number) => boolean): void {
    for (const lane of this.#lanes) for (const jobKey of lane.drop(isLost)) this.#held.delete(jobKey);
    for (const [jobKey, controller] of this.#breaks)
      if (isLost(jobKey)) controller.abort(new Error('the lease was lost'));
  }

  /** Does nothing about jobs that were lost. */
  async #giveBack(jobKeys: readonly number[]): Promise<void> {
    try {
      if (jobKeys.length > 0) await giveBack(this.#given, { token: this.#token, jobKeys });
    } catch (error) {
      // The next start lets them go.
      this.#log.warn({ error, jobs: jobKeys.length }, 'jobs that were claimed could not be given back');
    }
  }

  async #carryOut(job: Job, signal: AbortSignal): Promise<WorkResult> {
    // A job that takes the process down with it is never failed by the one that carries it out.
    if (job.attempts > limits.jobAttemptsMax) {
      this.#log.error({ jobId: job.id, attempts: job.attempts }, 'the job was given up after too many attempts');
      if (job.kind === 'select') {
        const told = orEndOf(signal, tellGivenUp(this.#given, job));
        await told.catch((error: unknown) => {
          if (signal.aborted) throw error;
          this.#log.warn({ error, jobId: job.id }, 'nothing tells of it in its bucket');
        });
      }
      return { failure: 'The job was given up after too many attempts.' };
    }
    if (job.kind === 'archive-retrieval') return retrieveArchive(this.#given, job);
    if (job.kind === 'select') return runSelect(this.#given, { job, threads: this.#queries, signal });
    return retrieveInventory(this.#given, { job, thread: this.#inventories });
  }
}
