import type { Arrangement } from '../core/arrangement.ts';
import { limits } from '../model/limits.ts';
import type { Swept } from './sweep.ts';

/** Deletes finished jobs whose retention is over, and gives up their outputs. */
export async function expireJobs({ metadata, clock }: Arrangement): Promise<Swept> {
  const limit = limits.rowsRemovedAtOnceMax;
  const done = await metadata.jobs.expire({ nowMs: clock.nowMs(), limit });
  return { done, more: done > 0 };
}

/** Removes what is left of vaults that were deleted. */
export async function removeVaults({ metadata }: Arrangement): Promise<Swept> {
  const done = await metadata.goingVaults.removeSome({ limit: limits.rowsRemovedAtOnceMax });
  return { done, more: done > 0 };
}

/** Deletes temporary keys some time after they expired; until then their users are told that they have. */
export async function expireKeys({ metadata, clock }: Arrangement): Promise<Swept> {
  const limit = limits.sweepRowsMax;
  const done = await metadata.keys.deleteExpired({ beforeMs: clock.nowMs() - limits.expiredKeyMs, limit });
  return { done, more: done === limit };
}

/**
 * Gives up uploads that nobody touched for a day, and forgets those that ended a day ago. Signs of life are noted up to
 * `uploadTouchMs` late, so that much more has to pass before a day without any is certain.
 */
export async function expireUploads({ metadata, clock }: Arrangement): Promise<Swept> {
  const nowMs = clock.nowMs();
  const { idleUploadsAtOnceMax, sweepRowsMax } = limits;
  const idleBeforeMs = nowMs - limits.uploadIdleMs - limits.uploadTouchMs;
  const idle = await metadata.uploads.abortIdle({ beforeMs: idleBeforeMs, nowMs, limit: idleUploadsAtOnceMax });
  const closedBeforeMs = nowMs - limits.uploadRepeatMs;
  const closed = await metadata.uploads.forgetClosed({ beforeMs: closedBeforeMs, limit: sweepRowsMax });
  return { done: idle + closed, more: idle === idleUploadsAtOnceMax || closed >= sweepRowsMax };
}

/** Ends subscriptions that nobody confirmed in time, so that a URL that does not want them is not asked for ever. */
export async function expireSubscriptions({ metadata, clock }: Arrangement): Promise<Swept> {
  const beforeMs = clock.nowMs() - limits.subscriptionConfirmMs;
  return { done: await metadata.subscriptions.deleteUnconfirmed({ beforeMs }), more: false };
}
