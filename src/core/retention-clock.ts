import type { Operations } from '../metadata/records.ts';
import type { Clock } from '../model/clock.ts';
import { AdminError } from '../model/errors.ts';
import { formatInstant } from '../model/instants.ts';
import { advance, ageInDays, type RetentionState } from '../model/retention-clock.ts';
import { UNKNOWN } from '../policy/context.ts';

export interface RetentionClockOptions {
  records: Operations['retentionClock'];
  clock: Clock;
  /** A clock that nobody can set, in milliseconds from anywhere. */
  monotonicMs: () => number;
  /** How much of the time may rest on the wall clock's word alone. */
  toleranceMs: number;
  /** Whether a vault was ever locked: then a time must have been kept, and it matters. */
  wasLocked: () => boolean;
  /** Told once when the wall clock loses its credit, at every start until it has it again, and when somebody gives it back. */
  onAlarm: (alarm: ClockAlarm) => void;
}

export interface ClockAlarm {
  level: 'warn' | 'error';
  text: string;
  facts: object;
}

/** The time that retention goes by (`model/retention-clock.ts`), for ages of archives and the expiry of locks. */
export class RetentionClock implements AsyncDisposable {
  readonly #options: RetentionClockOptions;
  #state: RetentionState;
  #lookedAtMs: number;

  private constructor(options: RetentionClockOptions, state: RetentionState) {
    this.#options = options;
    this.#state = state;
    this.#lookedAtMs = options.monotonicMs();
  }

  /** Goes on where the last run stopped; what has passed since then is the wall clock's word. */
  static async open(options: RetentionClockOptions): Promise<RetentionClock> {
    const kept = await options.records.find();
    const opened = new RetentionClock(options, kept ?? (await firstState(options)));
    if (opened.#state.suspectAtMs === null) opened.#look();
    else opened.#alarm();
    return opened;
  }

  /** Trusted time. */
  nowMs(): number {
    return Math.floor(this.#look().highWaterAtMs);
  }

  /** Whether the wall clock has lost its credit. Nothing that time would allow is allowed then. */
  get isSuspect(): boolean {
    return this.#look().suspectAtMs !== null;
  }

  /** When something happens that ages from now on: with a clock that is behind, it would look older than it is. */
  stampMs(): number {
    return Math.max(this.#options.clock.nowMs(), this.nowMs());
  }

  /** Trusted time as policies are told of it. */
  policyTimeMs(): number | typeof UNKNOWN {
    return this.isSuspect ? UNKNOWN : this.nowMs();
  }

  /** The age of an archive as policies are told of it. */
  ageInDays(createdAtMs: number): number | typeof UNKNOWN {
    return this.isSuspect ? UNKNOWN : ageInDays({ createdAtMs, nowMs: this.nowMs() });
  }

  /** Keeps the time durably. */
  async save(): Promise<void> {
    await this.#options.records.save(this.#look());
  }

  /** What the clock stands at, for the operator. */
  show() {
    const { highWaterAtMs, unprovenMs, suspectAtMs } = this.#look();
    return {
      trustedAt: formatInstant(highWaterAtMs),
      wallClockAt: formatInstant(this.#options.clock.nowMs()),
      unprovenMs: Math.ceil(unprovenMs),
      toleranceMs: this.#options.toleranceMs,
      suspectSince: suspectAtMs === null ? null : formatInstant(suspectAtMs),
    };
  }

  /**
   * The operator has looked at the wall clock, and it is right. Whoever may say so can end retention before its time, so it
   * leaves a trace, and there is nothing to say while the clock is believed.
   */
  async confirm(): Promise<ReturnType<RetentionClock['show']>> {
    const { highWaterAtMs, suspectAtMs } = this.#look();
    if (suspectAtMs === null) throw new AdminError('the wall clock is believed: there is nothing to confirm');
    const state = { highWaterAtMs: this.#options.clock.nowMs(), unprovenMs: 0, suspectAtMs: null };
    await this.#options.records.save(state);
    this.#state = state;
    this.#lookedAtMs = this.#options.monotonicMs();
    this.#options.onAlarm({
      level: 'error',
      text: 'an operator has confirmed the wall clock: ages of archives go by it from now on',
      facts: { trustedWasAt: formatInstant(highWaterAtMs), trustedAt: formatInstant(state.highWaterAtMs) },
    });
    return this.show();
  }

  /** A time that cannot be kept at the end is lost to the next run, which has to believe so much more. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.save().catch(() => undefined);
  }

  #look(): RetentionState {
    const { clock, monotonicMs, toleranceMs } = this.#options;
    const atMs = monotonicMs();
    const elapsedMs = Math.max(0, atMs - this.#lookedAtMs);
    this.#lookedAtMs = atMs;
    const wasSuspect = this.#state.suspectAtMs !== null;
    this.#state = advance(this.#state, { wallAtMs: clock.nowMs(), elapsedMs, toleranceMs });
    if (!wasSuspect && this.#state.suspectAtMs !== null) this.#alarm();
    return this.#state;
  }

  #alarm(): void {
    const { onAlarm, clock, wasLocked } = this.#options;
    onAlarm({
      // Where no vault was ever locked hardly anything goes by ages.
      level: wasLocked() ? 'error' : 'warn',
      text: 'the wall clock is not believed: nothing is allowed because of the age of an archive until `moraine clock confirm`',
      facts: { trustedAt: formatInstant(this.#state.highWaterAtMs), wallClockAt: formatInstant(clock.nowMs()) },
    });
  }
}

/**
 * A server that never kept the time begins with the wall clock, unless it kept locks: then somebody took the time away. A
 * write far in the future was dated by a wall clock that was wrong, then or now, which only an operator can tell.
 */
async function firstState({ records, clock, wasLocked, toleranceMs }: RetentionClockOptions): Promise<RetentionState> {
  const wallAtMs = clock.nowMs();
  const newestAtMs = await records.newestWriteAtMs();
  if (wasLocked()) {
    const highWaterAtMs = newestAtMs ?? wallAtMs;
    return { highWaterAtMs, unprovenMs: 0, suspectAtMs: highWaterAtMs };
  }
  if (newestAtMs !== undefined && newestAtMs - wallAtMs > toleranceMs) {
    return { highWaterAtMs: wallAtMs, unprovenMs: 0, suspectAtMs: wallAtMs };
  }
  return { highWaterAtMs: Math.max(wallAtMs, newestAtMs ?? wallAtMs), unprovenMs: 0, suspectAtMs: null };
}
