import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { DAY_MS, HOUR_MS, limits, MINUTE_MS } from './limits.ts';
import { advance, ageInDays, type RetentionState } from './retention-clock.ts';

const T0 = Date.parse('2031-05-06T07:08:09.123Z');
const YEAR_MS = 365 * DAY_MS;
const toleranceMs = 7 * DAY_MS;
const fresh: RetentionState = { highWaterAtMs: T0, unprovenMs: 0, suspectAtMs: null };
const look = (state: RetentionState, wallAtMs: number, elapsedMs: number) =>
  advance(state, { wallAtMs, elapsedMs, toleranceMs });

describe('trusted time', () => {
  test('goes with the wall clock, and nothing is unproven as long as both clocks go alike', () => {
    expect(look(fresh, T0 + MINUTE_MS, MINUTE_MS)).toEqual({ ...fresh, highWaterAtMs: T0 + MINUTE_MS });
  });

  test.each([2 * YEAR_MS, HOUR_MS, 1])('S-62 F-19 goes on when the wall clock goes back by %i ms', (backMs) => {
    const once = look(fresh, T0 - backMs, 0);
    expect(once).toEqual(fresh);
    const later = look(once, T0 - backMs + DAY_MS, DAY_MS);
    expect(later).toEqual({ ...fresh, highWaterAtMs: T0 + DAY_MS });
  });

  test('believes a jump within the tolerance, and counts it as unproven', () => {
    const jumped = look(fresh, T0 + 3 * DAY_MS, 0);
    expect(jumped).toEqual({ highWaterAtMs: T0 + 3 * DAY_MS, unprovenMs: 3 * DAY_MS, suspectAtMs: null });
    expect(look(fresh, T0 + toleranceMs, 0).suspectAtMs).toBeNull();
  });

  test('S-62 does not follow a jump beyond the tolerance, and stays suspect when the clock comes back', () => {
    const jumped = look(fresh, T0 + 2 * YEAR_MS, MINUTE_MS);
    expect(jumped).toEqual({ highWaterAtMs: T0 + MINUTE_MS, unprovenMs: 0, suspectAtMs: T0 + MINUTE_MS });
    expect(look(fresh, T0 + toleranceMs + 1, 0)).toMatchObject({ highWaterAtMs: T0, suspectAtMs: T0 });
    const back = look(jumped, T0 + 2 * MINUTE_MS, MINUTE_MS);
    expect(back).toEqual({ ...jumped, highWaterAtMs: T0 + 2 * MINUTE_MS });
    // Running time is proven, also while the wall clock is not believed.
    expect(look(back, T0 + 2 * YEAR_MS, DAY_MS).highWaterAtMs).toBe(T0 + 2 * MINUTE_MS + DAY_MS);
  });

  test('S-62 adds small jumps up', () => {
    let state = fresh;
    let wallAtMs = T0;
    for (const _ of Array.from({ length: 7 })) {
      wallAtMs += DAY_MS;
      state = look(state, wallAtMs, 0);
    }
    expect(state).toEqual({ highWaterAtMs: T0 + 7 * DAY_MS, unprovenMs: 7 * DAY_MS, suspectAtMs: null });
    wallAtMs += DAY_MS;
    expect(look(state, wallAtMs, 0)).toMatchObject({ highWaterAtMs: T0 + 7 * DAY_MS, suspectAtMs: T0 + 7 * DAY_MS });
  });

  test('proves a week in about a year of running', () => {
    const jumped = look(fresh, T0 + toleranceMs, 0);
    const year = look(jumped, T0 + toleranceMs + 350 * DAY_MS, 350 * DAY_MS);
    expect(year.unprovenMs).toBeCloseTo(0, 0);
    expect(look(jumped, T0 + toleranceMs + 175 * DAY_MS, 175 * DAY_MS).unprovenMs).toBeCloseTo(toleranceMs / 2, 0);
  });

  test('S-62 never goes back, and is never ahead of true time by more than the tolerance and what was proven', () => {
    const step = fc.record({ elapsedMs: fc.nat(90 * DAY_MS), offByMs: fc.integer({ min: -YEAR_MS, max: YEAR_MS }) });
    const history = fc.array(step, { maxLength: 60 });
    fc.assert(
      fc.property(history, (steps) => {
        let state = fresh;
        let trueAtMs = T0;
        for (const { elapsedMs, offByMs } of steps) {
          trueAtMs += elapsedMs;
          const next = look(state, trueAtMs + offByMs, elapsedMs);
          expect(next.highWaterAtMs).toBeGreaterThanOrEqual(state.highWaterAtMs + elapsedMs);
          expect(next.unprovenMs).toBeLessThanOrEqual(toleranceMs);
          state = next;
        }
        const earnedMs = (trueAtMs - T0) * limits.clockCorrectionRatio;
        expect(state.highWaterAtMs).toBeLessThanOrEqual(trueAtMs + toleranceMs + earnedMs + 1);
      }),
    );
  });
});

test('ages are whole days, and never negative', () => {
  const age = (agoMs: number) => ageInDays({ createdAtMs: T0, nowMs: T0 + agoMs });
  expect([age(0), age(DAY_MS - 1), age(DAY_MS), age(365 * DAY_MS - 1), age(365 * DAY_MS)]).toEqual([0, 0, 1, 364, 365]);
  expect(age(-5 * DAY_MS)).toBe(0);
});
