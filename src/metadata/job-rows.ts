import type { Insertable } from 'kysely';
import { type ArchiveSelect, type Job, type JobRequest, queueOf } from '../model/jobs.ts';
import type { OutputLocation, SelectQuery } from '../model/select.ts';
import type { JobRow, Tables } from './tables.ts';

/** A job as it is started. */
export type NewJob = JobRequest & {
  id: string;
  vaultKey: number;
  description: string | null;
  snsTopic: string | null;
  createdAtMs: number;
  readyAtMs: number;
};

const NO_ARCHIVE = {
  archive_key: null,
  archive_id: null,
  archive_size_bytes: null,
  archive_tree_hash: null,
  archive_description: null,
  tier: null,
  range_start_byte: null,
  range_end_byte: null,
  range_asked: null,
  range_tree_hash: null,
};

const NO_INVENTORY = {
  inventory_format: null,
  inventory_start_at: null,
  inventory_end_at: null,
  inventory_limit: null,
  inventory_marker: null,
};

const NO_SELECT = {
  select_parameters: null,
  output_location: null,
  output_path: null,
  select_query: null,
  select_output: null,
};

/** All jobs have the same columns; this one stands for them where a statement is put together. */
export const ANY_JOB: NewJob = {
  kind: 'inventory-retrieval',
  format: 'JSON',
  startAtMs: null,
  endAtMs: null,
  limit: null,
  marker: null,
  id: '',
  vaultKey: 0,
  description: null,
  snsTopic: null,
  createdAtMs: 0,
  readyAtMs: 0,
};

export function toNewRow(job: NewJob): Insertable<Tables['jobs']> {
  return {
    id: job.id,
    vault_key: job.vaultKey,
    kind: job.kind,
    description: job.description,
    sns_topic: job.snsTopic,
    ...requestColumns(job),
    status: 'InProgress',
    completed: 0,
    status_message: null,
    created_at: job.createdAtMs,
    completed_at: null,
    queue: queueOf(job),
    due_at: job.readyAtMs,
    expires_at: null,
    lease_token: null,
    attempts: 0,
    output_blob_id: null,
    output_size_bytes: null,
  };
}

function requestColumns(job: JobRequest) {
  if (job.kind === 'inventory-retrieval') {
    return {
      ...NO_ARCHIVE,
      ...NO_SELECT,
      inventory_format: job.format,
      inventory_start_at: job.startAtMs,
      inventory_end_at: job.endAtMs,
      inventory_limit: job.limit,
      inventory_marker: job.marker,
    };
  }
  if (job.kind === 'select') return selectColumns(job);
  return {
    ...NO_INVENTORY,
    ...NO_SELECT,
    archive_key: job.archiveKey,
    archive_id: job.archiveId,
    archive_size_bytes: job.archiveSizeBytes,
    archive_tree_hash: job.archiveTreeHash,
    archive_description: job.archiveDescription,
    tier: job.tier,
    range_start_byte: job.range.startByte,
    range_end_byte: job.range.endByte,
    range_asked: job.rangeAsked ? 1 : 0,
    range_tree_hash: job.treeHash,
  };
}

/** It has no range: what Standard retrievals read is reckoned from theirs, and a query is none. */
function selectColumns(job: ArchiveSelect) {
  return {
    ...NO_ARCHIVE,
    ...NO_INVENTORY,
    archive_key: job.archiveKey,
    archive_id: job.archiveId,
    archive_size_bytes: job.archiveSizeBytes,
    tier: job.tier,
    select_parameters: job.sent.selectParameters,
    output_location: job.sent.outputLocation,
    output_path: job.outputPath,
    select_query: JSON.stringify(job.query),
    select_output: JSON.stringify(job.output),
  };
}

export function toJob(row: JobRow): Job {
  return {
    ...toRequest(row),
    key: row.key,
    id: row.id,
    vaultKey: row.vault_key,
    description: row.description,
    snsTopic: row.sns_topic,
    status: row.status,
    statusMessage: row.status_message,
    createdAtMs: row.created_at,
    completedAtMs: row.completed_at,
    expiresAtMs: row.expires_at,
    outputBlobId: row.output_blob_id,
    outputSizeBytes: row.output_size_bytes,
    attempts: row.attempts,
  };
}

function toRequest(row: JobRow): JobRequest {
  if (row.kind === 'inventory-retrieval') {
    return {
      kind: row.kind,
      format: present(row.inventory_format),
      startAtMs: row.inventory_start_at,
      endAtMs: row.inventory_end_at,
      limit: row.inventory_limit,
      marker: row.inventory_marker,
    };
  }
  if (row.kind === 'select') return { kind: row.kind, ...toSelect(row) };
  return {
    kind: row.kind,
    archiveKey: present(row.archive_key),
    archiveId: present(row.archive_id),
    archiveSizeBytes: present(row.archive_size_bytes),
    archiveTreeHash: present(row.archive_tree_hash),
    archiveDescription: row.archive_description,
    tier: present(row.tier),
    range: { startByte: present(row.range_start_byte), endByte: present(row.range_end_byte) },
    rangeAsked: row.range_asked === 1,
    treeHash: row.range_tree_hash,
  };
}

function toSelect(row: JobRow): Omit<ArchiveSelect, 'kind'> {
  return {
    archiveKey: present(row.archive_key),
    archiveId: present(row.archive_id),
    archiveSizeBytes: present(row.archive_size_bytes),
    tier: present(row.tier),
    query: JSON.parse(present(row.select_query)) as SelectQuery,
    output: JSON.parse(present(row.select_output)) as OutputLocation,
    outputPath: present(row.output_path),
    sent: {
      selectParameters: present(row.select_parameters),
      outputLocation: present(row.output_location),
    },
  };
}

/** A column that every job of this kind fills. */
export function present<T>(value: T | null): T {
  if (value === null) throw new Error('a job row lacks a column of its kind');
  return value;
}
