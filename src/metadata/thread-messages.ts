import type { Call } from './records.ts';
import type { Outcome } from './writer.ts';

/**
 * What the main thread tells the writer's: to open the database at a path, calls with numbers of their own, or that no more
 * will come.
 */
export type ToWriter = { open: string } | { calls: (Call & { id: number })[] } | { close: true };

/** What it hears: that the database is open, how calls ended, or that the database's files have failed. */
export type FromWriter = { open: true } | { settled: Settled[] } | { fatal: SentError };

export type Settled = { id: number } & ({ value: unknown } | { error: SentError });

/** An error loses what it carries beside its message on the way to another thread; SQLite's code must not be lost. */
export interface SentError {
  error: unknown;
  errcode?: number;
}

export function packError(error: unknown): SentError {
  const errcode = error instanceof Error && 'errcode' in error ? error.errcode : undefined;
  return typeof errcode === 'number' ? { error, errcode } : { error };
}

export function unpackError({ error, errcode }: SentError): unknown {
  return error instanceof Error && errcode !== undefined ? Object.assign(error, { errcode }) : error;
}

export const packOutcome = (id: number, outcome: Outcome): Settled =>
  'error' in outcome ? { id, error: packError(outcome.error) } : { id, value: outcome.value };
