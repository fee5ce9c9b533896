import type { Delivery } from '../model/notices.ts';

/** A way to a kind of receiver. */
export interface Notifier {
  /**
   * Resolves when the receiver has taken the message. Rejects with an error whose message says why it has not, which may
   * be unknown: then the message is delivered again, under the same id. It ends soon after `signal` does.
   */
  deliver(delivery: Delivery, signal: AbortSignal): Promise<void>;
}

/** Takes nothing: what waits for it goes on waiting, as for any receiver that is away. */
export const noNotifier = (reason: string): Notifier => ({ deliver: () => Promise.reject(new Error(reason)) });

/** A receiver of many topics refuses what goes to this one; what goes to the others it may well take. */
export class TopicRefusal extends Error {}
