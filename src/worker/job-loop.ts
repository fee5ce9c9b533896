import type { Arrangement } from '../core/arrangement.ts';
import type { Job } from '../model/jobs.ts';
import { limits } from '../model/limits.ts';
import type { Log } from '../telemetry/log.ts';
import { retrieveArchive } from './archive-retrieval.ts';
import { retrieveInventory } from './inventory-retrieval.ts';
import { InventoryThread } from './inventory-thread.ts';
import { type ClaimedJob, claimDue, end, nextDueInMs, renew, retryOrFail, type WorkResult } from './leases.ts';
import { Pause } from './pause.ts';

/** Runs jobs as they become due, a few at a time. */
export class JobLoop implements AsyncDisposable {
  readonly #given: Arrangement;
  readonly #log: Log;
  readonly #running = new Set<Promise<void>>();
  readonly #inventories: InventoryThread;
  readonly #pause = new Pause();
  readonly #onEnded: () => void;
  #stopped = false;
  #ended: Promise<void> = Promise.resolve();

  /** `onEnded` is called after every job, which may have left messages behind. */
  constructor(given: Arrangement, log: Log, { onEnded }: { onEnded: () => void }) {
    this.#given = given;
    this.#log = log;
    this.#inventories = new InventoryThread(given.metadata.source);
    this.#onEnded = onEnded;
  }

  start(): void {
    this.#ended = this.#run();
  }

  /** A job may have become due. */
  nudge(): void {
    this.#pause.end();
  }

  /** Takes no new jobs and waits for those that run. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopped = true;
    this.#pause.end();
    await this.#ended;
    await Promise.all(this.#running);
    await this.#inventories[Symbol.asyncDispose]();
  }

  async #run(): Promise<void> {
    while (!this.#stopped) {
      try {
        const startedAny = await this.#step();
        if (!startedAny) await this.#pause.atMost(await this.#waitMs());
      } catch (error) {
        this.#log.error({ error }, 'the job loop failed; it goes on');
        await this.#pause.atMost(limits.jobRetryDelayMs);
      }
    }
  }

  /** Claims what there is room for; false when nothing was due or there is no room. */
  async #step(): Promise<boolean> {
    const room = limits.jobsRunningMax - this.#running.size;
    if (room === 0) return false;
    const claimed = await claimDue(this.#given, { limit: room });
    for (const job of claimed) {
      const running = this.#work(job).finally(() => {
        this.#running.delete(running);
        this.#pause.end();
        this.#onEnded();
      });
      this.#running.add(running);
    }
    return claimed.length > 0;
  }

  /** Without room only the end of a running job matters, which ends the pause by itself. */
  async #waitMs(): Promise<number> {
    if (this.#running.size >= limits.jobsRunningMax) return limits.jobLeaseMs;
    return Math.min((await nextDueInMs(this.#given)) ?? limits.jobLeaseMs, limits.jobLeaseMs);
  }

  async #work(claimed: ClaimedJob): Promise<void> {
    const renewal = setInterval(() => this.#renew(claimed), limits.jobLeaseMs / 3);
    try {
      await end(this.#given, claimed, await this.#carryOut(claimed.job));
    } catch (error) {
      this.#log.error({ error, jobId: claimed.job.id, attempts: claimed.job.attempts }, 'the job failed');
      // Should this fail too, the lease runs out and the job becomes due again.
      await retryOrFail(this.#given, claimed).catch(() => undefined);
    } finally {
      clearInterval(renewal);
    }
  }

  async #carryOut(job: Job): Promise<WorkResult> {
    // A job that takes the process down with it is never failed by the one that carries it out.
    if (job.attempts > limits.jobAttemptsMax) return { failure: 'The job was given up after too many attempts.' };
    if (job.kind === 'archive-retrieval') return retrieveArchive(this.#given, job);
    return retrieveInventory(this.#given, { job, thread: this.#inventories });
  }

  #renew({ job, lease }: ClaimedJob): void {
    renew(this.#given, lease).catch((error: unknown) =>
      this.#log.warn({ error, jobId: job.id }, 'the lease could not be renewed'),
    );
  }
}
