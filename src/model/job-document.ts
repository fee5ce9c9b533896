import { formatRange, sizeOf } from './byte-range.ts';
import { formatInstant, formatInstantSeconds } from './instants.ts';
import type { InventoryRetrieval, ShownJob } from './jobs.ts';

/**
 * A job as the outside sees it, in DescribeJob and ListJobs and in the message that tells of its end: 18 members whatever
 * its kind, in alphabetical order, null where they do not apply; and three more that only select jobs have.
 */
export function renderJob(job: ShownJob, vaultArn: string) {
  return job.kind === 'select' ? renderSelect(job, vaultArn) : renderRetrieval(job, vaultArn);
}

function renderSelect(job: Extract<ShownJob, { kind: 'select' }>, vaultArn: string) {
  return {
    Action: 'Select',
    ArchiveId: job.archiveId,
    ArchiveSHA256TreeHash: null,
    ArchiveSizeInBytes: null,
    Completed: job.status !== 'InProgress',
    CompletionDate: job.completedAtMs === null ? null : formatInstant(job.completedAtMs),
    CreationDate: formatInstant(job.createdAtMs),
    InventoryRetrievalParameters: null,
    InventorySizeInBytes: null,
    JobDescription: job.description,
    JobId: job.id,
    JobOutputPath: job.outputPath,
    OutputLocation: JSON.parse(job.sent.outputLocation) as object,
    RetrievalByteRange: null,
    SelectParameters: JSON.parse(job.sent.selectParameters) as object,
    SHA256TreeHash: null,
    SNSTopic: job.snsTopic,
    StatusCode: job.status,
    StatusMessage: job.statusMessage,
    Tier: job.tier,
    VaultARN: vaultArn,
  };
}

function renderRetrieval(job: Exclude<ShownJob, { kind: 'select' }>, vaultArn: string) {
  const archive = job.kind === 'archive-retrieval' ? job : null;
  const inventory = job.kind === 'inventory-retrieval' ? job : null;
  return {
    Action: archive === null ? 'InventoryRetrieval' : 'ArchiveRetrieval',
    ArchiveId: archive?.archiveId ?? null,
    ArchiveSHA256TreeHash: archive?.archiveTreeHash ?? null,
    ArchiveSizeInBytes: archive?.archiveSizeBytes ?? null,
    Completed: job.status !== 'InProgress',
    CompletionDate: job.completedAtMs === null ? null : formatInstant(job.completedAtMs),
    CreationDate: formatInstant(job.createdAtMs),
    InventoryRetrievalParameters: inventory === null ? null : renderInventoryParameters(inventory),
    InventorySizeInBytes: inventory?.outputSizeBytes ?? null,
    JobDescription: job.description,
    JobId: job.id,
    RetrievalByteRange: archive === null ? null : formatRange(archive.range),
    SHA256TreeHash: archive === null ? null : shownTreeHash(archive),
    SNSTopic: job.snsTopic,
    StatusCode: job.status,
    StatusMessage: job.statusMessage,
    Tier: archive?.tier ?? null,
    VaultARN: vaultArn,
  };
}

function renderInventoryParameters(job: InventoryRetrieval) {
  return {
    EndDate: job.endAtMs === null ? null : formatInstantSeconds(job.endAtMs),
    Format: job.format,
    Limit: job.limit === null ? null : String(job.limit),
    Marker: job.marker,
    StartDate: job.startAtMs === null ? null : formatInstantSeconds(job.startAtMs),
  };
}

/** A job that asked for a range, and for all of the archive in it, shows the hash only when it has ended. */
function shownTreeHash(job: Extract<ShownJob, { kind: 'archive-retrieval' }>): string | null {
  const askedForAll = job.rangeAsked && sizeOf(job.range) === job.archiveSizeBytes;
  return askedForAll && job.status === 'InProgress' ? null : job.treeHash;
}
