import type { QueueName } from '../model/jobs.ts';
import { limits } from '../model/limits.ts';
import type { ClaimedJob } from './leases.ts';

/**
 * What a worker has of one queue: the jobs that it has claimed and not begun, and how many it runs. Both are bounded, so
 * that a queue that is long makes neither memory grow nor the other queues wait.
 */
export class Lane {
  readonly queue: QueueName;
  readonly #runningMax: number;
  readonly #waitingMax: number;
  #waiting: ClaimedJob[] = [];
  #running = 0;
  /** Whether jobs were due when there was no room for them. */
  isLeftBehind = false;

  constructor(queue: QueueName) {
    this.queue = queue;
    this.#runningMax = limits.jobsRunningMax[queue];
    this.#waitingMax = limits.jobsWaitingMax[queue];
  }

  /** How many jobs to claim now. None while many are waiting, so that a claim is worth its commit. */
  get room(): number {
    if (this.#waiting.length * 2 > this.#waitingMax) return 0;
    return this.#runningMax - this.#running + this.#waitingMax - this.#waiting.length;
  }

  add(claimed: readonly ClaimedJob[]): void {
    this.#waiting.push(...claimed);
  }

  /** Takes those away that are not to be begun any more, and returns their keys. */
  drop(isLost: (jobKey: number) => boolean): number[] {
    const keys = this.#waiting.map(({ job }) => job.key).filter(isLost);
    const lost = new Set(keys);
    this.#waiting = this.#waiting.filter(({ job }) => !lost.has(job.key));
    return keys;
  }

  /** The next job, if it may begin; it runs until `done` is called. */
  begin(): ClaimedJob | undefined {
    if (this.#running >= this.#runningMax) return undefined;
    const next = this.#waiting.shift();
    if (next !== undefined) this.#running += 1;
    return next;
  }

  done(): void {
    this.#running -= 1;
  }
}
