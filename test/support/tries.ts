import { byTier } from '../crash/tiers.ts';

/** With how many random cases a property is tried: as many as take a moment, and thirty times as many where the whole is run. */
export const tries = (few: number): number => byTier({ short: few, whole: 30 * few });
