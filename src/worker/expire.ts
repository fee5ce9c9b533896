import type { Arrangement } from '../core/arrangement.ts';
import { limits } from '../model/limits.ts';
import type { Swept } from './sweep.ts';

/** Deletes finished jobs whose retention is over, with their outputs. */
export async function expireJobs({ metadata, clock }: Arrangement): Promise<Swept> {
  const limit = limits.jobsExpiredAtOnceMax;
  const done = await metadata.jobs.expire({ nowMs: clock.nowMs(), limit });
  return { done, more: done === limit };
}

/** Gives up uploads that nobody touched for a day, and forgets those that ended a day ago. */
export async function expireUploads({ metadata, clock }: Arrangement): Promise<Swept> {
  const nowMs = clock.nowMs();
  const { idleUploadsAtOnceMax, sweepRowsMax } = limits;
  const idleBeforeMs = nowMs - limits.uploadIdleMs;
  const idle = await metadata.uploads.abortIdle({ beforeMs: idleBeforeMs, nowMs, limit: idleUploadsAtOnceMax });
  const closedBeforeMs = nowMs - limits.uploadRepeatMs;
  const closed = await metadata.uploads.forgetClosed({ beforeMs: closedBeforeMs, limit: sweepRowsMax });
  return { done: idle + closed, more: idle === idleUploadsAtOnceMax || closed >= sweepRowsMax };
}
