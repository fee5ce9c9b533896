import { limits } from '../model/limits.ts';

/**
 * How long to wait after so many failures in a row: a second, doubled each time up to five minutes. A random half of it is
 * left out, so that what failed together is not tried together for ever.
 */
export function backOffMs(failures: number): number {
  const longestMs = Math.min(limits.deliveryRetryMinMs * 2 ** Math.min(failures - 1, 30), limits.deliveryRetryMaxMs);
  return Math.round(longestMs * (1 - Math.random() / 2));
}

/** What a receiver is known by: the key of its subscription, null for the SNS endpoint. */
export type ReceiverKey = number | null;

/**
 * Receivers that did not take their last message are left alone for a while, whatever else waits for them. Instants are
 * those of the monotonic clock: what the wall clock does makes no rest longer.
 */
export class Rests {
  readonly #resting = new Map<ReceiverKey, { failures: number; untilMs: number }>();
  readonly #well = new Set<ReceiverKey>();

  /** When a receiver may be tried again; 0 when it is well. */
  untilMs(receiver: ReceiverKey): number {
    return this.#resting.get(receiver)?.untilMs ?? 0;
  }

  /** Whether it took its last message, or said of which topic it takes none. */
  isWell(receiver: ReceiverKey): boolean {
    return this.#well.has(receiver);
  }

  failed(receiver: ReceiverKey, nowMs: number): void {
    this.#well.delete(receiver);
    const before = this.#resting.get(receiver);
    // Of messages that were sent side by side, one failure is news.
    if (before !== undefined && before.untilMs > nowMs) return;
    const failures = (before?.failures ?? 0) + 1;
    this.#resting.set(receiver, { failures, untilMs: nowMs + backOffMs(failures) });
  }

  took(receiver: ReceiverKey): void {
    this.#resting.delete(receiver);
    this.#well.add(receiver);
  }

  /** Forgets receivers that no message waits for. */
  keepOnly(waiting: ReadonlySet<ReceiverKey>): void {
    for (const known of [this.#resting, this.#well]) {
      for (const receiver of known.keys()) if (!waiting.has(receiver)) known.delete(receiver);
    }
  }
}
