import { randomUUID } from 'node:crypto';
import type { Arrangement } from '../core/arrangement.ts';
import { limits } from '../model/limits.ts';
import type { Delivery, DeliveryLease } from '../model/notices.ts';
import { type Notifier, TopicRefusal } from '../notify/notifier.ts';
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
  readonly #monotonicMs: () => number;
  readonly #running = new Map<ReceiverKey, Set<Promise<void>>>();
  readonly #rests = new Rests();
  /** Who has been offered messages in vain for as long as any is kept, and has taken none since. */
  readonly #givenUp = new Set<string>();
  readonly #pause = new Pause();
  readonly #stop = new AbortController();
  #stopped = false;
  #ended: Promise<void> = Promise.resolve();

  constructor(given: Arrangement, log: Log, monotonicMs = () => performance.now()) {
    this.#given = given;
    this.#log = log;
    this.#monotonicMs = monotonicMs;
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
   * Starts what there is room for, and returns how long to rest if nothing happens. A receiver gets its next messages when
   * it has dealt with all that it was given.
   */
  async #step(notifiers: Notifiers): Promise<number> {
    const waiting = await this.#given.metadata.deliveries.receivers();
    this.#rests.keepOnly(new Set(waiting.map(({ subscriptionKey }) => subscriptionKey)));
    const free = waiting.filter(({ subscriptionKey }) => !this.#running.has(subscriptionKey));
    let pauseMs: number = limits.deliveryRetryMaxMs;
    for (const { subscriptionKey: receiver, dueAtMs } of free.sort((a, b) => a.dueAtMs - b.dueAtMs)) {
      if (this.#stopped) break;
      const restMs = this.#rests.untilMs(receiver) - this.#monotonicMs();
      const waitMs = Math.max(restMs, this.#untilDueMs(dueAtMs));
      const notifier = receiver === null ? notifiers.sns : notifiers.webhook;
      pauseMs = Math.min(pauseMs, waitMs > 0 ? waitMs : await this.#begin({ receiver, notifier }));
    }
    return pauseMs;
  }

  /** Nothing is put off for long but by a clock that was ahead. */
  #untilDueMs(dueAtMs: number): number {
    const aheadMs = dueAtMs - this.#given.clock.nowMs();
    return aheadMs > limits.deliveryAheadMs ? 0 : aheadMs;
  }

  /** Returns after how long there is something to begin for this receiver, should nothing happen before. */
  async #begin({ receiver, notifier }: Beginning): Promise<number> {
    const { deliveries: records } = this.#given.metadata;
    const nowMs = this.#given.clock.nowMs();
    const token = randomUUID();
    const leaseUntilMs = nowMs + limits.deliveryLeaseMs;
    const limit = this.#roomFor(receiver);
    const claimed = await records.claim({ subscriptionKey: receiver, nowMs, leaseUntilMs, token, limit });
    if (claimed.length === 0) {
      // What is due waits for an earlier message whose lease has been left behind.
      const nextAtMs = await records.nextDueAtMs({ subscriptionKey: receiver, afterMs: nowMs });
      return nextAtMs === undefined ? limits.deliveryRetryMaxMs : nextAtMs - nowMs;
    }
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
    return limits.deliveryRetryMaxMs;
  }

  /** There is room for one to each receiver, so that none waits for those that hang; for more, if it is well. */
  #roomFor(receiver: ReceiverKey): number {
    if (!this.#rests.isWell(receiver)) return 1;
    let room = limits.deliveriesBesideMax;
    for (const deliveries of this.#running.values()) room -= deliveries.size - 1;
    return Math.min(1 + Math.max(room, 0), limits.deliveriesPerReceiverMax);
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
        for (const topic of [null, delivery.topic]) this.#givenUp.delete(`${receiver} ${topic}`);
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
    const receiver = delivery.subscription?.key ?? null;
    const isOfTopic = failure instanceof TopicRefusal;
    if (isOfTopic) this.#rests.took(receiver);
    else this.#rests.failed(receiver, this.#monotonicMs());
    // The message alone: what else an error carries may hold a URL, and with it a secret of the receiver.
    const why = { reason: failure instanceof Error ? failure.message : String(failure), ...namesOf(delivery) };
    const topic = isOfTopic ? delivery.topic : null;
    if (nowMs - delivery.createdAtMs >= limits.deliveryKeepMs && (await this.#hasTried({ receiver, topic }))) {
      this.#log.error(why, 'a message was given up');
      await metadata.deliveries.end(lease);
      return;
    }
    this.#log.warn(why, 'a message was not taken; it is tried again');
    const again = { lease, dueAtMs: nowMs + backOffMs(delivery.attempts) };
    await (isOfTopic ? metadata.deliveries.releaseTopic(again) : metadata.deliveries.release(again));
  }

  /** The wall clock alone does not say that two weeks have passed. */
  async #hasTried({ receiver, topic }: { receiver: ReceiverKey; topic: string | null }): Promise<boolean> {
    const name = `${receiver} ${topic}`;
    if (this.#givenUp.has(name)) return true;
    const attempts = await this.#given.metadata.deliveries.attempts({ subscriptionKey: receiver, topic });
    if (attempts < limits.deliveryAttemptsMin) return false;
    this.#givenUp.add(name);
    return true;
  }
}

const namesOf = ({ messageId, topic, jobId, attempts, subscription }: Delivery) => ({
  messageId,
  topic,
  jobId,
  attempts,
  receiver: subscription?.arn ?? 'SNS',
});
