import type { Clock } from '../model/clock.ts';
import { limits } from '../model/limits.ts';
import { parseAddress } from '../policy/addresses.ts';
import { MinuteCounts } from './minute-counts.ts';

/**
 * Counts the requests of each source that failed to say who they are. The answers to a source that fails too often no
 * longer say why. That does not hold anybody up who tries keys: whoever finds the right one is let in like anybody, so that
 * nobody can lock those out who share an address, and it is the length of secrets that keeps them from being found.
 */
export class Failures {
  readonly #counts: MinuteCounts;

  constructor(clock: Clock) {
    this.#counts = new MinuteCounts(clock, limits.failuresPerMinuteMax);
  }

  /** Counts one more failure and returns how many too many this minute has had: 0 while there are few. */
  add(sourceIp: string | undefined): number {
    return this.#counts.add(sourceOf(sourceIp));
  }

  /** How many sources are remembered. */
  get size(): number {
    return this.#counts.size;
  }
}

/** Whoever has one IPv6 address has all of its network. */
export function sourceOf(sourceIp = ''): string {
  const network = sourceIp.includes(':') ? parseAddress(sourceIp)?.slice(0, NETWORK_GROUPS) : undefined;
  return network?.join(':') ?? sourceIp;
}

const NETWORK_GROUPS = 4;
