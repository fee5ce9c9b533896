import type { Clock } from '../model/clock.ts';
import { limits, MINUTE_MS } from '../model/limits.ts';

interface Count {
  minute: number;
  times: number;
}

/** Counts, for each of many names, what happens within a minute. Of too many names the ones counted last are remembered. */
export class MinuteCounts {
  readonly #clock: Clock;
  readonly #timesMax: number;
  readonly #counts = new Map<string, Count>();

  constructor(clock: Clock, timesMax: number) {
    this.#clock = clock;
    this.#timesMax = timesMax;
  }

  /** Counts once more and returns how many too many this minute has had: 0 while there are few. */
  add(name: string): number {
    const minute = Math.floor(this.#clock.nowMs() / MINUTE_MS);
    const found = this.#counts.get(name);
    const count = found?.minute === minute ? found : { minute, times: 0 };
    count.times += 1;
    // A Map keeps the order of insertion: the name that was counted longest ago comes first.
    this.#counts.delete(name);
    this.#counts.set(name, count);
    if (this.#counts.size > limits.failingSourcesMax) this.#dropOldest();
    return Math.max(0, count.times - this.#timesMax);
  }

  /** How many names are remembered. */
  get size(): number {
    return this.#counts.size;
  }

  #dropOldest(): void {
    const [oldest] = this.#counts.keys();
    if (oldest !== undefined) this.#counts.delete(oldest);
  }
}
