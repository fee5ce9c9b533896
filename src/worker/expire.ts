import type { Arrangement } from '../core/arrangement.ts';
import { limits } from '../model/limits.ts';

/** Deletes finished jobs whose retention is over, with their outputs. Returns how many. */
export function expireJobs({ metadata, clock }: Arrangement): Promise<number> {
  return metadata.jobs.expire({ nowMs: clock.nowMs(), limit: limits.sweepRowsMax });
}

/** Gives up uploads that nobody touched for a day, and forgets those that ended a day ago. Returns how many. */
export async function expireUploads({ metadata, clock }: Arrangement): Promise<number> {
  const nowMs = clock.nowMs();
  const limit = limits.sweepRowsMax;
  const idle = await metadata.uploads.abortIdle({ beforeMs: nowMs - limits.uploadIdleMs, nowMs, limit });
  const closed = await metadata.uploads.forgetClosed({ beforeMs: nowMs - limits.uploadRepeatMs, limit });
  return idle + closed;
}
