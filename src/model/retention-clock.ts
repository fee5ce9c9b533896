import { DAY_MS, limits } from './limits.ts';

/**
 * The time that retention goes by: trusted time. It never stops or goes back when the wall clock does, and the wall clock
 * cannot hurry it: what running time does not prove is believed up to a tolerance, which fills again at the pace of a
 * week a year. Beyond that nothing is believed until an operator has looked. The pattern is that of compliance clocks
 * ("set once, corrected slowly").
 */
export interface RetentionState {
  /** Trusted time, the high-water mark. */
  highWaterAtMs: number;
  /** How much of it rests on the word of the wall clock alone. */
  unprovenMs: number;
  /** The trusted time at which the wall clock lost its credit; null while it has it. */
  suspectAtMs: number | null;
}

/** One look at the clocks. */
export interface ClockReading {
  wallAtMs: number;
  /** By the monotonic clock, since the last look of this process; 0 for its first. */
  elapsedMs: number;
  /** How much may be unproven. */
  toleranceMs: number;
}

export function advance(state: RetentionState, { wallAtMs, elapsedMs, toleranceMs }: ClockReading): RetentionState {
  const provenAtMs = state.highWaterAtMs + elapsedMs;
  const leftMs = Math.max(0, state.unprovenMs - elapsedMs * limits.clockCorrectionRatio);
  const jumpMs = wallAtMs - provenAtMs;
  const { suspectAtMs } = state;
  // Once suspect, a wall clock that comes back proves nothing: it may have been moved both times.
  if (suspectAtMs !== null || jumpMs <= 0) return { highWaterAtMs: provenAtMs, unprovenMs: leftMs, suspectAtMs };
  const unprovenMs = leftMs + jumpMs;
  if (unprovenMs > toleranceMs) return { highWaterAtMs: provenAtMs, unprovenMs: leftMs, suspectAtMs: provenAtMs };
  return { highWaterAtMs: wallAtMs, unprovenMs, suspectAtMs };
}

/** Whole days that an archive is old. Never negative: a clock may have been ahead when it was made. */
export const ageInDays = ({ createdAtMs, nowMs }: { createdAtMs: number; nowMs: number }): number =>
  Math.max(0, Math.floor((nowMs - createdAtMs) / DAY_MS));
