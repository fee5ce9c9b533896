import type { Clock } from '../model/clock.ts';
import { limits } from '../model/limits.ts';
import { isDenied, type Notes } from './audit.ts';
import { sourceOf } from './failures.ts';
import { MinuteCounts } from './minute-counts.ts';

/**
 * Keeps requests that were turned away from filling the audit log, so that they cannot push what was done out of it. Those
 * that were not authentic count by where they came from and by the key that they named, if there is such a key: names that
 * are made up share one count, or there would be no end of them. Those that were denied count by their key.
 */
export class AuditNoise {
  readonly #failures: MinuteCounts;
  readonly #denials: MinuteCounts;

  constructor(clock: Clock) {
    this.#failures = new MinuteCounts(clock, limits.failuresPerMinuteMax);
    this.#denials = new MinuteCounts(clock, limits.auditDenialsPerMinuteMax);
  }

  /** Counts a request that has been answered: `last` for the last one of its kind that this minute tells of. */
  weigh(notes: Notes): 'told' | 'last' | 'untold' {
    const { caller, knownKeyId, arrival } = notes;
    if (caller === undefined) {
      return weightOf(this.#failures.add(`${sourceOf(arrival.circumstances.sourceIp)} ${knownKeyId ?? ''}`));
    }
    return isDenied(notes) ? weightOf(this.#denials.add(caller.accessKeyId)) : 'told';
  }
}

const weightOf = (excess: number) => (excess === 0 ? 'told' : excess === 1 ? 'last' : 'untold');
