import { setTimeout as sleep } from 'node:timers/promises';
import type { Arrangement } from '../core/arrangement.ts';
import { HOUR_MS, limits, MINUTE_MS } from '../model/limits.ts';
import type { Log } from '../telemetry/log.ts';
import { compact } from './compact.ts';
import { expireJobs, expireKeys, expireSubscriptions, expireUploads, removeVaults } from './expire.ts';
import { keepTime } from './keep-time.ts';
import { lookAtDisks } from './look-at-disks.ts';
import { Pause } from './pause.ts';
import { publishInventories } from './publish-inventories.ts';
import { giveUpOrphans, type ReclaimPlace, reclaim } from './reclaim.ts';
import { Scrub } from './scrub.ts';
import type { Sweep } from './sweep.ts';

/** Runs the sweeps side by side until disposed. A sweep that fails is logged and tried again after a pause. */
export class Sweeper implements AsyncDisposable {
  readonly #log: Log;
  readonly #sweeps: Sweep[];
  readonly #pauses: Pause[] = [];
  readonly #stopping = new AbortController();
  #ended: Promise<unknown> = Promise.resolve();

  constructor(given: Arrangement, log: Log) {
    this.#log = log;
    const pauseMs = limits.sweepPauseMs;
    const { signal } = this.#stopping;
    const slowly = {
      signal,
      pause: (durationMs: number) => sleep(durationMs, undefined, { signal, ref: false }),
      monotonicMs: () => performance.now(),
    };
    const scrub = new Scrub(given, { ...slowly, random: Math.random });
    const place: ReclaimPlace = { afterBlobId: '' };
    this.#sweeps = [
      { name: 'expire jobs', step: () => expireJobs(given), pauseMs },
      { name: 'remove vaults', step: () => removeVaults(given), pauseMs },
      { name: 'expire uploads', step: () => expireUploads(given), pauseMs },
      { name: 'expire subscriptions', step: () => expireSubscriptions(given), pauseMs: MINUTE_MS },
      { name: 'expire keys', step: () => expireKeys(given), pauseMs: limits.keySweepPauseMs },
      { name: 'reclaim', step: () => reclaim(given, place), pauseMs },
      { name: 'compact', step: compact(given, slowly), pauseMs: limits.compactionPauseMs },
      { name: 'keep the time', step: () => keepTime(given), pauseMs: limits.retentionClockPauseMs },
      { name: 'look at the disks', step: () => lookAtDisks(given), pauseMs: limits.spaceLookPauseMs },
      { name: 'publish inventories', step: publishInventories(given), pauseMs: limits.inventoryDuePauseMs },
      {
        name: 'give up orphans',
        step: () => giveUpOrphans(given, () => signal.aborted),
        pauseMs: limits.orphanScanPauseMs,
        firstPauseMs: limits.orphanScanFirstPauseMs,
      },
      {
        name: 'scrub',
        step: () => scrub.step(),
        pauseMs: Math.min(limits.scrubPauseMs, given.scrubEveryMs ?? HOUR_MS),
      },
    ];
  }

  start(): void {
    this.#ended = Promise.all(this.#sweeps.map((sweep) => this.#run(sweep)));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopping.abort();
    for (const pause of this.#pauses) pause.end();
    await this.#ended;
  }

  async #run(sweep: Sweep): Promise<void> {
    const pause = new Pause();
    this.#pauses.push(pause);
    if (sweep.firstPauseMs !== undefined) await pause.atMost(sweep.firstPauseMs);
    while (!this.#stopping.signal.aborted) {
      await pause.atMost(await this.#step(sweep));
    }
  }

  /** Does one piece of work and returns how long to rest after it. */
  async #step({ name, step, pauseMs }: Sweep): Promise<number> {
    try {
      const { done, more, notice, news } = await step();
      if (done > 0) this.#log.debug({ sweep: name, done }, 'swept');
      if (news !== undefined) this.#log.info({ sweep: name }, news);
      if (notice !== undefined) this.#log.warn({ sweep: name }, notice);
      // Each piece is short and others may come before the next one, so a sweep with much to do need not rest.
      return more ? 0 : pauseMs;
    } catch (error) {
      this.#log.error({ error, sweep: name }, 'the sweep failed');
      return Math.max(pauseMs, limits.sweepRetryPauseMs);
    }
  }
}
