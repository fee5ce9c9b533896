import type { Clock } from '../model/clock.ts';
import { limits, MINUTE_MS } from '../model/limits.ts';
import { parseAddress } from '../policy/addresses.ts';

/**
 * Counts the requests of each source that failed to say who they are. A source that fails too often is told so little that
 * it cannot try keys at speed, and its failures no longer fill the audit log. Requests that succeed are never held up, so
 * nobody can lock anybody out who shares an address.
 */
export class Failures {
  readonly #clock: Clock;
  readonly #counts = new Map<string, Count>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Counts one more failure and returns how many too many this minute has had: 0 while there are few. */
  add(sourceIp: string | undefined): number {
    const source = sourceOf(sourceIp);
    const minute = Math.floor(this.#clock.nowMs() / MINUTE_MS);
    const found = this.#counts.get(source);
    const count = found?.minute === minute ? found : { minute, failures: 0 };
    count.failures += 1;
    // A Map keeps the order of insertion: the source that failed longest ago comes first.
    this.#counts.delete(source);
    this.#counts.set(source, count);
    if (this.#counts.size > limits.failingSourcesMax) this.#dropOldest();
    return Math.max(0, count.failures - limits.failuresPerMinuteMax);
  }

  /** How many sources are remembered. */
  get size(): number {
    return this.#counts.size;
  }

  #dropOldest(): void {
    const [oldest] = this.#counts.keys();
    if (oldest !== undefined) this.#counts.delete(oldest);
  }
}

interface Count {
  minute: number;
  failures: number;
}

/** Whoever has one IPv6 address has all of its network. */
function sourceOf(sourceIp = ''): string {
  const network = sourceIp.includes(':') ? parseAddress(sourceIp)?.slice(0, NETWORK_GROUPS) : undefined;
  return network?.join(':') ?? sourceIp;
}

const NETWORK_GROUPS = 4;
