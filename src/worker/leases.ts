import { randomUUID } from 'node:crypto';
import type { Arrangement } from '../core/arrangement.ts';
import { renderJob } from '../core/job-document.ts';
import { record } from '../core/receive.ts';
import type { Announcement } from '../metadata/publications.ts';
import type { Job, Lease } from '../model/jobs.ts';
import { limits } from '../model/limits.ts';
import { vaultArn } from '../model/vaults.ts';

/** A job that this worker may work on until its lease ends. */
export interface ClaimedJob {
  job: Job;
  lease: Lease;
}

/** What a finished piece of work says of its job. */
export type WorkResult =
  | { output: { blobId: string; sizeBytes: number } | null; marker: string | null }
  | { failure: string };

/** Claims jobs that are due; nobody else gets them until their lease ends. */
export async function claimDue({ metadata, clock }: Arrangement, { limit }: { limit: number }): Promise<ClaimedJob[]> {
  const nowMs = clock.nowMs();
  const token = randomUUID();
  const jobs = await metadata.jobQueue.claimDue({ nowMs, leaseUntilMs: nowMs + limits.jobLeaseMs, token, limit });
  return jobs.map((job) => ({ job, lease: { jobKey: job.key, token } }));
}

/** Milliseconds until a job becomes due, or null when none is waiting. */
export async function nextDueInMs({ metadata, clock }: Arrangement): Promise<number | null> {
  const dueAtMs = await metadata.jobQueue.nextDueAtMs();
  return dueAtMs === null ? null : Math.max(0, dueAtMs - clock.nowMs());
}

/** Keeps a claimed job for longer; false when another worker has it. */
export function renew({ metadata, clock }: Arrangement, lease: Lease): Promise<boolean> {
  return metadata.jobQueue.renew({ lease, leaseUntilMs: clock.nowMs() + limits.jobLeaseMs });
}

/** Ends a job with its result, and tells whom it concerns. When the lease was lost, nothing is written and the output is given up. */
export async function end(
  { metadata, blobs, clock, jobRetentionMs, region, notices }: Arrangement,
  { lease }: ClaimedJob,
  result: WorkResult,
): Promise<void> {
  const nowMs = clock.nowMs();
  const announcement: Announcement = {
    message: (job, vault) => JSON.stringify(renderJob(job, vaultArn({ region, ...vault }))),
    throughSns: notices.throughSns,
  };
  const when = { lease, nowMs, expiresAtMs: nowMs + jobRetentionMs, announcement };
  if ('failure' in result) {
    await metadata.jobQueue.end({
      ...when,
      status: 'Failed',
      statusMessage: result.failure,
      output: null,
      marker: null,
    });
    return;
  }
  const succeed = () => metadata.jobQueue.end({ ...when, status: 'Succeeded', statusMessage: 'Succeeded', ...result });
  if (result.output === null) await succeed();
  else await record({ metadata, blobs }, result.output.blobId, succeed);
}

/** After an unexpected failure: tries again later, a few times, then the job fails. */
export async function retryOrFail(given: Arrangement, claimed: ClaimedJob): Promise<void> {
  const { attempts } = claimed.job;
  if (attempts >= limits.jobAttemptsMax) {
    await end(given, claimed, { failure: `The job failed after ${attempts} attempts.` });
    return;
  }
  const dueAtMs = given.clock.nowMs() + limits.jobRetryDelayMs * attempts;
  await given.metadata.jobQueue.release({ lease: claimed.lease, dueAtMs });
}
