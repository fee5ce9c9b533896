import type { Arrangement } from '../core/arrangement.ts';
import { limits } from '../model/limits.ts';
import type { Log } from '../telemetry/log.ts';
import { expireJobs, expireUploads } from './expire.ts';
import { Pause } from './pause.ts';
import { publishInventories } from './publish-inventories.ts';
import { giveUpOrphans, reclaim } from './reclaim.ts';

/** A sweep does one bounded piece of work and says how much there was; it rests between pieces when it found little. */
interface Sweep {
  name: string;
  step: () => Promise<number>;
  pauseMs: number;
}

/** Runs the sweeps side by side until disposed. A sweep that fails is logged and tried again after its pause. */
export class Sweeper implements AsyncDisposable {
  readonly #log: Log;
  readonly #sweeps: Sweep[];
  readonly #pauses: Pause[] = [];
  #stopped = false;
  #ended: Promise<unknown> = Promise.resolve();

  constructor(given: Arrangement, log: Log) {
    this.#log = log;
    const pauseMs = limits.sweepPauseMs;
    this.#sweeps = [
      { name: 'expire jobs', step: () => expireJobs(given), pauseMs },
      { name: 'expire uploads', step: () => expireUploads(given), pauseMs },
      { name: 'reclaim', step: () => reclaim(given), pauseMs },
      { name: 'publish inventories', step: () => publishInventories(given), pauseMs },
      {
        name: 'give up orphans',
        step: () => giveUpOrphans(given, () => this.#stopped),
        pauseMs: limits.orphanScanPauseMs,
      },
    ];
  }

  start(): void {
    this.#ended = Promise.all(this.#sweeps.map((sweep) => this.#run(sweep)));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopped = true;
    for (const pause of this.#pauses) pause.end();
    await this.#ended;
  }

  async #run(sweep: Sweep): Promise<void> {
    const pause = new Pause();
    this.#pauses.push(pause);
    while (!this.#stopped) {
      const done = await this.#step(sweep);
      if (done < limits.sweepRowsMax) await pause.atMost(sweep.pauseMs);
    }
  }

  async #step({ name, step }: Sweep): Promise<number> {
    try {
      const done = await step();
      if (done > 0) this.#log.debug({ sweep: name, done }, 'swept');
      return done;
    } catch (error) {
      this.#log.error({ error, sweep: name }, 'the sweep failed');
      return 0;
    }
  }
}
