import type { Arrangement } from '../core/arrangement.ts';
import { record } from '../core/receive.ts';
import type { JobEnd } from '../metadata/job-queue.ts';
import type { Job, Lease, QueueName } from '../model/jobs.ts';
import { limits } from '../model/limits.ts';

/** A job that this worker may work on until its lease ends. */
export interface ClaimedJob {
  job: Job;
  lease: Lease;
}

/** What one worker holds: the same token for all of it, so that it is renewed and given back together. */
export interface Held {
  token: string;
  jobKeys: readonly number[];
}

/** What a finished piece of work says of its job. */
export type WorkResult =
  | { output: { blobId: string; sizeBytes: number } | null; marker: string | null }
  | { failure: string };

/** What a worker asks of one queue. */
interface Asked {
  token: string;
  queue: QueueName;
  limit: number;
}

/** Claims jobs of one queue that are due; nobody else gets them until their lease ends. */
export async function claimDue(given: Arrangement, asked: Asked): Promise<ClaimedJob[]> {
  const jobs = await given.metadata.jobQueue.claimDue(claimOf(given, asked));
  return jobs.map((job) => ({ job, lease: { jobKey: job.key, token: asked.token } }));
}

/** Fails the jobs that a claim would meet and that cannot be read; returns their ids. */
export async function failUnreadable(given: Arrangement, asked: Asked): Promise<string[]> {
  const claim = claimOf(given, asked);
  return given.metadata.jobQueue.failUnreadable({ claim, expiresAtMs: claim.nowMs + given.jobRetentionMs });
}

function claimOf({ clock }: Arrangement, { token, queue, limit }: Asked) {
  const nowMs = clock.nowMs();
  return { nowMs, leaseUntilMs: nowMs + limits.jobLeaseMs, token, queues: [queue], limit };
}

/** Keeps claimed jobs for longer; returns those that no other worker has. */
export async function renew({ metadata, clock }: Arrangement, held: Held): Promise<Set<number>> {
  return new Set(await metadata.jobQueue.renew({ ...held, leaseUntilMs: clock.nowMs() + limits.jobLeaseMs }));
}

/** Gives claimed jobs back that were not begun. */
export async function giveBack({ metadata }: Arrangement, held: Held): Promise<void> {
  await metadata.jobQueue.giveBack(held);
}

/**
 * Ends a job with its result, and tells whom it concerns; returns how many messages there are to deliver. When the lease
 * was lost, nothing is written and the output is given up.
 */
export async function end(given: Arrangement, { lease }: ClaimedJob, result: WorkResult): Promise<number> {
  const { metadata, clock, jobRetentionMs, region, notices } = given;
  const nowMs = clock.nowMs();
  const announcement = { region, throughSns: notices.throughSns };
  const when = { lease, nowMs, expiresAtMs: nowMs + jobRetentionMs, announcement };
  let messages = 0;
  const write = async (how: Pick<JobEnd, 'status' | 'statusMessage' | 'output' | 'marker'>): Promise<boolean> => {
    const ended = await metadata.jobQueue.end({ ...when, ...how });
    messages = ended?.messages ?? 0;
    return ended !== undefined;
  };
  if ('failure' in result) {
    await write({ status: 'Failed', statusMessage: result.failure, output: null, marker: null });
    return messages;
  }
  const succeed = () => write({ status: 'Succeeded', statusMessage: 'Succeeded', ...result });
  if (result.output === null) await succeed();
  else await record(given, result.output.blobId, succeed);
  return messages;
}

/**
 * After an unexpected failure: tries again later, a few times, then the job fails. Returns how many messages there are to
 * deliver.
 */
export async function retryOrFail(given: Arrangement, claimed: ClaimedJob): Promise<number> {
  const { attempts } = claimed.job;
  if (attempts >= limits.jobAttemptsMax) {
    return end(given, claimed, { failure: `The job failed after ${attempts} attempts.` });
  }
  await given.metadata.jobQueue.release({
    lease: claimed.lease,
    dueAtMs: given.clock.nowMs() + retryPauseMs(attempts),
  });
  return 0;
}

/** How long a job rests that has failed so often. */
export const retryPauseMs = (attempts: number): number =>
  limits.jobRetryPauseMs * limits.jobRetryPauseFactor ** (attempts - 1);
