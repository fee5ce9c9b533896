import type { ByteRange } from './byte-range.ts';
import type { OutputLocation, SelectQuery } from './select.ts';

export const TIERS = ['Expedited', 'Standard', 'Bulk'] as const;
export type Tier = (typeof TIERS)[number];

export const JOB_STATUSES = ['InProgress', 'Succeeded', 'Failed'] as const;
export type JobStatus = (typeof JOB_STATUSES)[number];

export const INVENTORY_FORMATS = ['CSV', 'JSON'] as const;
export type InventoryFormat = (typeof INVENTORY_FORMATS)[number];

/**
 * Jobs that wait are parted into queues: each has its own jobs that run at once, so that none waits for another. The order
 * is that in which they are looked at. Queries run long, so that they have queues of their own. A job that has seen the
 * process end more than once runs alone, for it may be the cause.
 */
export const QUEUE_NAMES = [
  ...(['expedited', 'standard', 'bulk', 'inventory'] as const),
  ...(['select-expedited', 'select', 'alone'] as const),
] as const;
export type QueueName = (typeof QUEUE_NAMES)[number];

/** What an archive retrieval asks for. The archive's facts are copied, for the job outlives the archive. */
export interface ArchiveRetrieval {
  kind: 'archive-retrieval';
  archiveKey: number;
  archiveId: string;
  archiveSizeBytes: number;
  archiveTreeHash: string;
  archiveDescription: string | null;
  tier: Tier;
  range: ByteRange;
  /** Whether the request named the range; a job that did, and asked for everything, shows its hash only when done. */
  rangeAsked: boolean;
  /** Tree hash of the range, null when the range is not tree-hash aligned. */
  treeHash: string | null;
}

/** What an inventory retrieval asks for: archives created from `start` (inclusive) to `end` (exclusive). */
export interface InventoryRetrieval {
  kind: 'inventory-retrieval';
  format: InventoryFormat;
  startAtMs: number | null;
  endAtMs: number | null;
  limit: number | null;
  /** The marker asked for; once the job has succeeded, the one to go on with, or null at the end. */
  marker: string | null;
}

/** What a query on an archive asks for. Of the archive too the facts are copied. */
export interface ArchiveSelect {
  kind: 'select';
  archiveKey: number;
  archiveId: string;
  archiveSizeBytes: number;
  tier: Tier;
  query: SelectQuery;
  output: OutputLocation;
  /** Below which key its output is; it ends with `/`. */
  outputPath: string;
  /** Two documents, as they were sent: JSON objects without members that are null or unknown. */
  sent: { selectParameters: string; outputLocation: string };
}

export type JobRequest = ArchiveRetrieval | InventoryRetrieval | ArchiveSelect;

/** Where a new job waits. */
export function queueOf(request: JobRequest): QueueName {
  if (request.kind === 'inventory-retrieval') return 'inventory';
  if (request.kind === 'select') return request.tier === 'Expedited' ? 'select-expedited' : 'select';
  return request.tier.toLowerCase() as Lowercase<Tier>;
}

/** What is told of every job, whatever it was asked. */
interface JobFacts {
  id: string;
  description: string | null;
  snsTopic: string | null;
  status: JobStatus;
  statusMessage: string | null;
  createdAtMs: number;
  completedAtMs: number | null;
  /** Of an output that the job wrote itself (inventories). */
  outputSizeBytes: number | null;
}

/** As much of a job as its document shows. */
export type ShownJob = (
  | Omit<ArchiveRetrieval, 'archiveKey' | 'archiveDescription'>
  | InventoryRetrieval
  | Pick<ArchiveSelect, 'kind' | 'archiveId' | 'tier' | 'outputPath' | 'sent'>
) &
  JobFacts;

/** A job: what was asked and how far it is. */
export type Job = JobRequest &
  JobFacts & {
    key: number;
    vaultKey: number;
    /** The instant from which on the job is gone; null while it is in progress. */
    expiresAtMs: number | null;
    /** The blob of an output that the job wrote itself. */
    outputBlobId: string | null;
    /** How often a worker has claimed the job. */
    attempts: number;
  };

export type ArchiveRetrievalJob = Extract<Job, { kind: 'archive-retrieval' }>;
export type InventoryRetrievalJob = Extract<Job, { kind: 'inventory-retrieval' }>;
export type SelectJob = Extract<Job, { kind: 'select' }>;

/** Whether a job is gone for its clients, though its row may wait for the sweep that deletes it. */
export const hasExpired = ({ expiresAtMs }: Pick<Job, 'expiresAtMs'>, nowMs: number): boolean =>
  expiresAtMs !== null && expiresAtMs <= nowMs;

/** Proof that a worker holds a job until an instant; writing the job's end needs it. */
export interface Lease {
  jobKey: number;
  token: string;
}
