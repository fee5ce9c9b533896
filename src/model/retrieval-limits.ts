import { daysInMonthOf } from './calendar.ts';
import { limits } from './limits.ts';

/**
 * Whether an archive retrieval may start, as far as the account's data retrieval policy (which binds Standard ones) and the
 * capacity for Expedited ones have a say. Bulk ones always may. Sums of sizes can be larger than a number is exact for.
 */
export interface RetrievalLimits {
  /** What the FreeTier strategy leaves an account in a month. */
  freeBytesPerMonth: number;
  /** How many Expedited jobs run at once on the server; null where any number may. */
  expeditedSlots: number | null;
}

export const NO_RETRIEVAL_LIMITS: RetrievalLimits = {
  freeBytesPerMonth: Number.MAX_SAFE_INTEGER,
  expeditedSlots: null,
};

export type RetrievalRefusal = 'policy-enforced' | 'capacity-exhausted';

/** The policy of an account, with what must be known of its other Standard retrievals to keep it. */
export type StandardLoad =
  | { strategy: 'BytesPerHour'; bytesPerHour: bigint; runningBytes: bigint }
  | { strategy: 'FreeTier'; dayBytes: bigint }
  | { strategy: 'None' };

/**
 * Whether a Standard retrieval of this size keeps the policy. Amazon has not published its formulas. BytesPerHour: the bytes
 * of every running job are thought to be read evenly over four hours. FreeTier: a day gets its share of the month.
 */
export function keepsPolicy(
  load: StandardLoad,
  { sizeBytes, atMs, freeBytesPerMonth }: { sizeBytes: number; atMs: number; freeBytesPerMonth: number },
): boolean {
  switch (load.strategy) {
    case 'BytesPerHour':
      return load.runningBytes + BigInt(sizeBytes) <= load.bytesPerHour * BigInt(limits.standardRetrievalHours);
    case 'FreeTier':
      return (load.dayBytes + BigInt(sizeBytes)) * BigInt(daysInMonthOf(atMs)) <= BigInt(freeBytesPerMonth);
    case 'None':
      return true;
  }
}

/** What runs, and what the account may count on. */
export interface ExpeditedLoad {
  /** Expedited jobs in progress on the server. */
  running: number;
  /** Active capacity units of the account. */
  units: number;
  /** Expedited jobs that the account has started in the last `capacityPeriodMs`. */
  recent: number;
}

/**
 * Whether an Expedited retrieval may start: while there are slots, and without any as long as the account has not started
 * what its units promise it (developer guide, "Provisioned Capacity": at least three jobs every five minutes for each).
 */
export function hasCapacity({ running, units, recent }: ExpeditedLoad, slots: number): boolean {
  return running < slots || recent < units * limits.retrievalsPerCapacityUnit;
}
