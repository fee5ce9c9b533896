import { randomUUID } from 'node:crypto';
import type { Arrangement } from '../core/arrangement.ts';
import { limits } from '../model/limits.ts';
import type { Delivery, DeliveryLease } from '../model/notices.ts';
import type { Notifier } from '../notify/notifier.ts';
import type { Log } from '../telemetry/log.ts';
import { Pause } from './pause.ts';
import { backOffMs, type ReceiverKey, Rests } from './rests.ts';

/** The ways to the two kinds of receivers. */
export interface Notifiers {
  sns: Notifier;
  webhook: Notifier;
}

interface Beginning {
  receiver: ReceiverKey;
  limit: number;
  notifier: Notifier;
}

interface Attempt {
  delivery: Delivery;
  notifier: Notifier;
  lease: DeliveryLease;
}

/**
 * Brings messages to their receivers as they become due, a few at a time to each. A message stays in its row until it is
 * taken, so that it is delivered at least once whatever happens to the process, and no job waits for anybody.
 */
export class DeliveryLoop implements AsyncDisposable {
  readonly #given: Arrangement;
  readonly #log: Log;
  readonly #running = new Map<ReceiverKey, Set<Promise<void>>>();
  readonly #rests = new Rests();
  readonly #pause = new Pause();
  readonly #stop = new AbortController();
  #stopped = false;
  #ended: Promise<void> = Promise.resolve();

  constructor(given: Arrangement, log: Log) {
    this.#given = given;
    this.#log = log;
  }

  start(notifiers: Notifiers): void {
    this.#ended = this.#run(notifiers);
  }

  /** A message may have become due. Said before the start, it is not forgotten. */
  nudge(): void {
    this.#pause.end();
  }

  /** Takes no new messages; those on their way are given a moment to arrive, and are left for the next start then. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopped = true;
    this.#pause.end();
    const timer = setTimeout(() => this.#stop.abort(new Error('the server stops')), limits.deliveryStopMs);
    await this.#ended;
    await Promise.all([...this.#running.values()].flatMap((deliveries) => [...deliveries]));
    clearTimeout(timer);
  }

  async #run(notifiers: Notifiers): Promise<void> {
    while (!this.#stopped) {
      try {
        await this.#pause.atMost(await this.#step(notifiers));
      } catch (error) {
        this.#log.error({ error }, 'the delivery loop failed; it goes on');
        await this.#pause.atMost(limits.deliveryRetryMinMs);
      }
    }
  }

  /**
   * Starts what there is room for, the receiver that has waited longest first, and returns how long to rest if nothing
   * happens. A receiver gets its next messages when it has dealt with all that it was given.
   */
  async #step(notifiers: Notifiers): Promise<number> {
    const nowMs = this.#given.clock.nowMs();
    const waiting = await this.#given.metadata.deliveries.receivers();
    this.#rests.keepOnly(new Set(waiting.map(({ subscriptionKey }) => subscriptionKey)));
    const free = waiting
      .filter(({ subscriptionKey }) => !this.#running.has(subscriptionKey))
      .map(({ subscriptionKey: receiver, dueAtMs }) => ({
        receiver,
        readyAtMs: Math.max(dueAtMs, this.#rests.untilMs(receiver)),
      }))
      .sort((a, b) => a.readyAtMs - b.readyAtMs);
    for (const { receiver, readyAtMs } of free) {
      if (readyAtMs > nowMs) return Math.min(readyAtMs - nowMs, limits.deliveryRetryMaxMs);
      const room = limits.deliveriesRunningMax - this.#runningCount();
      // With no room left, the end of a delivery ends the pause.
      if (room === 0 || this.#stopped) break;
      const limit = Math.min(room, limits.deliveriesPerReceiverMax);
      await this.#begin({ receiver, limit, notifier: receiver === null ? notifiers.sns : notifiers.webhook });
    }
    return limits.deliveryRetryMaxMs;
  }

  async #begin({ receiver, limit, notifier }: Beginning): Promise<void> {
    const nowMs = this.#given.clock.nowMs();
    const token = randomUUID();
    const leaseUntilMs = nowMs + limits.deliveryLeaseMs;
    const claim = { subscriptionKey: receiver, nowMs, leaseUntilMs, token, limit };
    const claimed = await this.#given.metadata.deliveries.claim(claim);
    if (claimed.length === 0) return;
    const deliveries = new Set<Promise<void>>();
    this.#running.set(receiver, deliveries);
    for (const delivery of claimed) {
      const running = this.#deliver({ delivery, notifier, lease: { deliveryKey: delivery.key, token } }).finally(() => {
        deliveries.delete(running);
        if (deliveries.size > 0) return;
        this.#running.delete(receiver);
        this.#pause.end();
      });
      deliveries.add(running);
    }
  }

  async #deliver({ delivery, notifier, lease }: Attempt): Promise<void> {
    const { metadata } = this.#given;
    const receiver = delivery.subscription?.key ?? null;
    try {
      const signal = AbortSignal.any([AbortSignal.timeout(limits.deliveryTimeoutMs), this.#stop.signal]);
      const failure = await notifier.deliver(delivery, signal).then(
        () => undefined,
        (error: unknown) => error,
      );
      if (failure === undefined) {
        await metadata.deliveries.end(lease);
        this.#rests.took(receiver);
      } else await this.#retryOrGiveUp({ delivery, lease, failure });
    } catch (error) {
      // The lease runs out, and the message becomes due again.
      this.#log.error({ error, ...namesOf(delivery) }, 'what became of a message could not be written');
    }
  }

  async #retryOrGiveUp(failed: { delivery: Delivery; lease: DeliveryLease; failure: unknown }): Promise<void> {
    const { delivery, lease, failure } = failed;
    const { metadata, clock } = this.#given;
    const nowMs = clock.nowMs();
    if (this.#stop.signal.aborted) {
      await metadata.deliveries.release({ lease, dueAtMs: nowMs });
      return;
    }
    this.#rests.failed(delivery.subscription?.key ?? null, nowMs);
    // The message alone: what else an error carries may hold a URL, and with it a secret of the receiver.
    const why = { reason: failure instanceof Error ? failure.message : String(failure), ...namesOf(delivery) };
    if (nowMs - delivery.createdAtMs >= limits.deliveryKeepMs) {
      this.#log.error(why, 'a message was given up');
      await metadata.deliveries.end(lease);
      return;
    }
    this.#log.warn(why, 'a message was not taken; it is tried again');
    await metadata.deliveries.release({ lease, dueAtMs: nowMs + backOffMs(delivery.attempts) });
  }

  #runningCount(): number {
    let count = 0;
    for (const deliveries of this.#running.values()) count += deliveries.size;
    return count;
  }
}

const namesOf = ({ messageId, topic, jobId, attempts, subscription }: Delivery) => ({
  messageId,
  topic,
  jobId,
  attempts,
  receiver: subscription?.arn ?? 'SNS',
});
