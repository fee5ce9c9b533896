/**
 * How much of the crash tests runs. `npm test` runs a part of each that takes seconds; `npm run test:faults` runs the whole,
 * which takes many minutes: hundreds of kills, a hundred thousand jobs. Properties of unit tests have the same two tiers.
 */
export const isWhole: boolean = process.env.MORAINE_TEST_FAULTS === 'whole';

export const byTier = <T>({ short, whole }: { short: T; whole: T }): T => (isWhole ? whole : short);

/** Longer than any test of the tier takes on a machine that is busy with other things. */
export const TIER_MS_MAX = byTier({ short: 300_000, whole: 3 * 3_600_000 });

/** `MORAINE_TEST_SEED` repeats a run's decisions. */
export const SEED = Number(process.env.MORAINE_TEST_SEED ?? Date.now() % 1e6);

/** Says the seed at once, so that it is known also when the test fails or hangs. */
export function saySeed(test: string): void {
  process.stderr.write(`${test}: MORAINE_TEST_SEED=${SEED}\n`);
}

/** Park and Miller's generator: a run can be told by its seed. */
export function seeded(seed: number, lane: number): () => number {
  let state = (seed * 31 + lane) % 2_147_483_647 || 1;
  return () => {
    state = (state * 48_271) % 2_147_483_647;
    return state / 2_147_483_647;
  };
}

export const between = (random: () => number, { min, max }: { min: number; max: number }): number =>
  min + random() * (max - min);

/** One of `items`, of which there is at least one. */
export const oneOf = <T>(random: () => number, items: readonly T[]): T => items[Math.floor(random() * items.length)]!;

/** In the short tier one of each of `count` stretches of the way, which the seed chooses; else all. */
export function someOf<T>(items: readonly T[], count: number): readonly T[] {
  if (isWhole || items.length <= count) return items;
  const random = seeded(SEED, items.length);
  const stretch = items.length / count;
  return Array.from({ length: count }, (_, at) => items[Math.floor((at + random()) * stretch)]!);
}

/** How many times something is done, unless a variable says another number. */
export const cyclesFrom = (variable: string, usual: number): number => Number(process.env[variable] ?? usual);
