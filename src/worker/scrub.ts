import type { Arrangement } from '../core/arrangement.ts';
import { putOnRecord, tellHealth, tellScrub, type Verified } from '../core/fixity.ts';
import { verifyArchive } from '../core/verification.ts';
import { isDamage, type ScrubPass, type StoredArchive } from '../model/fixity.ts';
import { limits } from '../model/limits.ts';
import type { Swept } from './sweep.ts';
import { Throttle } from './throttle.ts';

export interface ScrubOptions {
  /** Waits a while, or throws what `signal` does. */
  pause: (durationMs: number) => Promise<void>;
  signal: AbortSignal;
  /** Of a clock that never jumps. */
  monotonicMs: () => number;
  /** From 0 up to 1. */
  random: () => number;
}

type Given = Pick<
  Arrangement,
  'metadata' | 'blobs' | 'clock' | 'downloads' | 'health' | 'fixityLog' | 'onDamage' | 'scrubEveryMs'
>;

/**
 * Reads every archive again and again, so that bytes which rot are found while there still is another copy of them. A pass
 * holds the archives that were there when it began, the least recently verified first, and takes most of the time that it is
 * given: it reads slowly, one blob at a time. It goes on where it was after a restart. Passes begin at a random moment, so
 * that servers which were started together do not read together.
 */
export class Scrub {
  readonly #given: Given;
  readonly #options: ScrubOptions;
  readonly #throttle: Throttle;
  #verified: Verified[] = [];
  #notedAtMs: number;
  #isHealthTold = false;

  constructor(given: Given, options: ScrubOptions) {
    this.#given = given;
    this.#options = options;
    const { monotonicMs: nowMs, pause } = options;
    this.#throttle = new Throttle({ burstBytes: limits.scrubBurstBytes, nowMs, pause });
    this.#notedAtMs = nowMs();
  }

  /** Verifies some archives of the pass that runs, or begins and ends one. */
  async step(): Promise<Swept> {
    const everyMs = this.#given.scrubEveryMs;
    if (everyMs === null || this.#options.signal.aborted) return { done: 0, more: false };
    if (!this.#isHealthTold) await tellHealth(this.#given);
    this.#isHealthTold = true;
    const pass = await this.#passNow(everyMs);
    await tellScrub(this.#given);
    if (pass === null) return { done: 0, more: false };
    this.#throttle.bytesPerSecond = rateOf(pass, { everyMs, nowMs: this.#given.clock.nowMs() });
    const archives = await this.#next(pass);
    if (archives.length === 0) return this.#finish(pass, everyMs);
    try {
      for (const archive of archives) await this.#verify(archive, pass);
    } catch (error) {
      // The server stops. What is verified is verified, and the place in a large archive is kept.
      if (!this.#options.signal.aborted) throw error;
    } finally {
      await this.#note();
    }
    return { done: archives.length, more: true };
  }

  /** The pass that runs, begun if it is time. */
  async #passNow(everyMs: number): Promise<ScrubPass | null> {
    const { metadata, clock } = this.#given;
    const state = await metadata.scrub.find();
    if (state?.pass) return state.pass;
    const nowMs = clock.nowMs();
    // Further ahead than any plan is what a clock that was wrong has written, or another setting.
    if (state === undefined || state.beginsAtMs > nowMs + everyMs) {
      const withinMs = Math.min(everyMs, limits.scrubFirstPauseMs);
      await metadata.scrub.plan({ beginsAtMs: nowMs + Math.floor(this.#options.random() * withinMs) });
      return null;
    }
    if (state.beginsAtMs > nowMs) return null;
    await metadata.scrub.begin({ nowMs });
    return (await metadata.scrub.find())?.pass ?? null;
  }

  /** The archive that was begun first. */
  async #next({ place, startedAtMs, lastKey }: ScrubPass): Promise<StoredArchive[]> {
    const { metadata } = this.#given;
    if (place !== null) {
      const begun = await metadata.fixity.find(place.archiveKey);
      if (begun !== undefined) return [begun];
      await metadata.scrub.leavePlace();
    }
    return metadata.fixity.toVerify({ startedAtMs, lastKey, limit: limits.scrubBatchMax });
  }

  async #verify(archive: StoredArchive, { place }: ScrubPass): Promise<void> {
    const { metadata } = this.#given;
    const { signal, pause, monotonicMs } = this.#options;
    let placedAtMs = monotonicMs();
    const pace = (bytes: number) => this.#pace(bytes);
    // A small archive costs the disk more than its bytes.
    await pace(limits.archiveOverheadBytes);
    const fixity = await verifyArchive(this.#given, archive, {
      ...{ signal, pause, pace },
      place: place?.archiveKey === archive.key ? place : null,
      onPlace: async (reached) => {
        if (monotonicMs() - placedAtMs < limits.scrubNoteMs && !signal.aborted) return;
        await metadata.scrub.keepPlace(reached);
        placedAtMs = monotonicMs();
      },
    });
    // Bytes of an archive that was deleted meanwhile may be gone, which is no damage.
    if (isDamage(fixity.state) && (await metadata.fixity.find(archive.key)) === undefined) return;
    this.#verified.push({ archive, fixity });
    if (isDamage(fixity.state) || monotonicMs() - this.#notedAtMs >= limits.scrubNoteMs) await this.#note();
  }

  /** Waits for its turn, and a while for downloads where there are many. */
  async #pace(bytes: number): Promise<void> {
    const { signal, pause } = this.#options;
    signal.throwIfAborted();
    if (this.#given.downloads.count >= limits.scrubYieldDownloads) await pause(limits.scrubYieldMs);
    await this.#throttle.take(bytes);
  }

  async #note(): Promise<void> {
    const verified = this.#verified;
    this.#verified = [];
    this.#notedAtMs = this.#options.monotonicMs();
    await putOnRecord(this.#given, { verified, by: 'scrub' });
  }

  async #finish(pass: ScrubPass, everyMs: number): Promise<Swept> {
    const { metadata, clock } = this.#given;
    const nowMs = clock.nowMs();
    const restMs = everyMs * (limits.scrubTimeShare + (1 - limits.scrubTimeShare) * this.#options.random());
    await metadata.scrub.finish({ nowMs, beginsAtMs: Math.floor(Math.min(pass.startedAtMs, nowMs) + restMs) });
    await tellScrub(this.#given);
    const { archives, damaged } = pass;
    return {
      done: 0,
      more: false,
      news: `the scrub is through: ${archives} archives were read, ${damaged} are damaged`,
    };
  }
}

/** Bytes a second with which the pass is through in time. */
export function rateOf(
  { totalBytes, doneBytes, startedAtMs }: Pick<ScrubPass, 'totalBytes' | 'doneBytes' | 'startedAtMs'>,
  { everyMs, nowMs }: { everyMs: number; nowMs: number },
): number {
  const wantedMs = everyMs * limits.scrubTimeShare;
  const leftMs = Math.min(wantedMs, Math.max(startedAtMs + wantedMs - nowMs, everyMs * limits.scrubHurryShare));
  return Math.max(limits.scrubBytesPerSecondMin, (Math.max(0, totalBytes - doneBytes) / leftMs) * 1000);
}
