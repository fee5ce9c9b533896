import type { RetentionClockRecords } from '../metadata/retention-clock.ts';
import type { Clock } from '../model/clock.ts';
import { formatInstant } from '../model/instants.ts';
import { advance, ageInDays, type RetentionState } from '../model/retention-clock.ts';
import { UNKNOWN } from '../policy/context.ts';

export interface RetentionClockOptions {
  records: RetentionClockRecords;
  clock: Clock;
  /** A clock that nobody can set, in milliseconds from anywhere. */
  monotonicMs: () => number;
  /** How much of the time may rest on the wall clock's word alone. */
  toleranceMs: number;
  /** Vaults were locked before, so a time must have been kept. */
  isOld: boolean;
  /** Told once when the wall clock loses its credit, and at every start until it has it again. */
  onAlarm: (text: string, facts: object) => void;
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

  /** The operator has looked at the wall clock, and it is right. */
  async confirm(): Promise<ReturnType<RetentionClock['show']>> {
    const state = { highWaterAtMs: this.#options.clock.nowMs(), unprovenMs: 0, suspectAtMs: null };
    await this.#options.records.save(state);
    this.#state = state;
    this.#lookedAtMs = this.#options.monotonicMs();
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
    const { onAlarm, clock } = this.#options;
    onAlarm(
      'the wall clock is not believed: nothing is allowed because of the age of an archive until `moraine clock confirm`',
      { trustedAt: formatInstant(this.#state.highWaterAtMs), wallClockAt: formatInstant(clock.nowMs()) },
    );
  }
}

/** A server that never kept the time begins with the wall clock, unless it kept locks: then somebody took the time away. */
async function firstState({ records, clock, isOld }: RetentionClockOptions): Promise<RetentionState> {
  const newestAtMs = (await records.newestWriteAtMs()) ?? Number.NEGATIVE_INFINITY;
  if (isOld && newestAtMs > Number.NEGATIVE_INFINITY) {
    return { highWaterAtMs: newestAtMs, unprovenMs: 0, suspectAtMs: newestAtMs };
  }
  const highWaterAtMs = Math.max(clock.nowMs(), newestAtMs);
  return { highWaterAtMs, unprovenMs: 0, suspectAtMs: isOld ? highWaterAtMs : null };
}
