import type { ShownJob } from '../model/jobs.ts';
import { present } from './job-rows.ts';
import type { JobRow } from './tables.ts';

/** What a listing reads of each job: what is shown, and when it expires. */
export const SHOWN_COLUMNS = [
  'id',
  'kind',
  'description',
  'sns_topic',
  'status',
  'status_message',
  'created_at',
  'completed_at',
  'expires_at',
  'output_size_bytes',
  'archive_id',
  'archive_size_bytes',
  'archive_tree_hash',
  'tier',
  'range_start_byte',
  'range_end_byte',
  'range_asked',
  'range_tree_hash',
  'inventory_format',
  'inventory_start_at',
  'inventory_end_at',
  'inventory_limit',
  'inventory_marker',
  'select_parameters',
  'output_location',
  'output_path',
] as const;

type ValuesOf<Columns extends readonly (keyof JobRow)[]> = {
  -readonly [Index in keyof Columns]: JobRow[Columns[Index]];
};

/** The values of these columns, in their order. */
export type ShownValues = ValuesOf<typeof SHOWN_COLUMNS>;

/** All kinds are written out in full: spreading what they have in common takes longer than all the rest. */
export function toShownJob([
  id,
  kind,
  description,
  snsTopic,
  status,
  statusMessage,
  createdAtMs,
  completedAtMs,
  expiresAtMs,
  outputSizeBytes,
  archiveId,
  archiveSizeBytes,
  archiveTreeHash,
  tier,
  rangeStartByte,
  rangeEndByte,
  rangeAsked,
  rangeTreeHash,
  format,
  startAtMs,
  endAtMs,
  limit,
  marker,
  selectParameters,
  outputLocation,
  outputPath,
]: ShownValues): { job: ShownJob; expiresAtMs: number | null } {
  if (kind === 'inventory-retrieval') {
    const job: ShownJob = {
      kind,
      id,
      description,
      snsTopic,
      status,
      statusMessage,
      createdAtMs,
      completedAtMs,
      outputSizeBytes,
      format: present(format),
      startAtMs,
      endAtMs,
      limit,
      marker,
    };
    return { job, expiresAtMs };
  }
  if (kind === 'select') {
    const job: ShownJob = {
      kind,
      id,
      description,
      snsTopic,
      status,
      statusMessage,
      createdAtMs,
      completedAtMs,
      outputSizeBytes,
      archiveId: present(archiveId),
      tier: present(tier),
      outputPath: present(outputPath),
      sent: { selectParameters: present(selectParameters), outputLocation: present(outputLocation) },
    };
    return { job, expiresAtMs };
  }
  const job: ShownJob = {
    kind,
    id,
    description,
    snsTopic,
    status,
    statusMessage,
    createdAtMs,
    completedAtMs,
    outputSizeBytes,
    archiveId: present(archiveId),
    archiveSizeBytes: present(archiveSizeBytes),
    archiveTreeHash: present(archiveTreeHash),
    tier: present(tier),
    range: { startByte: present(rangeStartByte), endByte: present(rangeEndByte) },
    rangeAsked: rangeAsked === 1,
    treeHash: rangeTreeHash,
  };
  return { job, expiresAtMs };
}
