import { expect, test } from 'vitest';
import { Throttle } from './throttle.ts';

/** A clock that moves when somebody waits. */
function tested(burstBytes = 1000) {
  const clock = { ms: 0 };
  const throttle = new Throttle({
    burstBytes,
    nowMs: () => clock.ms,
    pause: async (durationMs) => {
      clock.ms += durationMs;
    },
  });
  return { clock, throttle };
}

test('a burst passes at once, and what follows at the rate', async () => {
  const { clock, throttle } = tested();
  throttle.bytesPerSecond = 100;
  await throttle.take(1000);
  expect(clock.ms).toBe(0);
  await throttle.take(50);
  expect(clock.ms).toBe(500);
  for (let count = 0; count < 100; count += 1) await throttle.take(10);
  expect(clock.ms).toBeCloseTo(10_500, 6);
});

test('a pause makes room for no more than a burst', async () => {
  const { clock, throttle } = tested();
  throttle.bytesPerSecond = 100;
  await throttle.take(1000);
  clock.ms += 1e9;
  await throttle.take(1000);
  const afterMs = clock.ms;
  await throttle.take(100);
  expect(clock.ms - afterMs).toBe(1000);
});

test('more than a burst at once is waited for, and a new rate counts from then on', async () => {
  const { clock, throttle } = tested();
  throttle.bytesPerSecond = 100;
  await throttle.take(3000);
  expect(clock.ms).toBe(20_000);
  throttle.bytesPerSecond = 1000;
  await throttle.take(1000);
  expect(clock.ms).toBe(21_000);
});
