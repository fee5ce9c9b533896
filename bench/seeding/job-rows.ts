import { type NewJob, toNewRow } from '../../src/metadata/job-rows.ts';
import type { ArchiveRow } from '../../src/metadata/tables.ts';
import { type JobRequest, type JobStatus, TIERS } from '../../src/model/jobs.ts';
import { DAY_MS, KIB, MINUTE_MS } from '../../src/model/limits.ts';
import type { SeededJob, SeedPlan } from './plan.ts';

const TOPIC = 'arn:aws:sns:us-east-1:111122223333:archives';
/** No job becomes due and none expires while somebody measures. */
const FAR_MS = 2 * DAY_MS;
const INVENTORY_BYTES = 40 * KIB;
const MESSAGES: Record<JobStatus, string | null> = {
  InProgress: null,
  Succeeded: 'Succeeded',
  Failed: 'The archive cannot be retrieved: its stored bytes are missing or damaged.',
};
const NO_WINDOW = { startAtMs: null, endAtMs: null, limit: null, marker: null };

/** After so many jobs of a vault everything repeats but ids and instants. */
const SHAPES = 24;

type JobColumns = ReturnType<typeof toNewRow>;

/**
 * Makes the rows of jobs. A row is good until the next one is asked for: making each from nothing would take longer than
 * inserting it, so what several jobs have in common is made once.
 */
export class JobRows {
  readonly #plan: SeedPlan;
  readonly #shapes = new Map<number, JobColumns>();

  constructor(plan: SeedPlan) {
    this.#plan = plan;
  }

  /** The row of job number `ordinal` of its vault, which has `archives`. */
  of(job: SeededJob, { archives, ordinal }: { archives: readonly ArchiveRow[]; ordinal: number }): JobColumns {
    const archive = archives[ordinal % archives.length];
    if (archive === undefined) throw new Error('there is no archive for the jobs to retrieve');
    const number = archive.key * SHAPES + (ordinal % SHAPES);
    const row = this.#shapes.get(number) ?? this.#shape(archive, ordinal);
    this.#shapes.set(number, row);
    const { dueAtMs } = this.#plan;
    const ended = job.status !== 'InProgress';
    row.id = job.id;
    row.description = `nightly run ${ordinal}`;
    row.created_at = job.createdAtMs;
    row.status = job.status;
    row.completed = ended ? 1 : 0;
    row.status_message = ended ? MESSAGES[job.status] : null;
    row.due_at = ended ? null : (dueAtMs ?? job.createdAtMs + FAR_MS);
    row.attempts = ended ? 1 : 0;
    row.completed_at = ended ? job.createdAtMs + MINUTE_MS : null;
    row.expires_at = ended ? job.createdAtMs + FAR_MS : null;
    row.output_size_bytes = row.kind === 'inventory-retrieval' && job.status === 'Succeeded' ? INVENTORY_BYTES : null;
    return row;
  }

  /** Three of four jobs retrieve an archive; all, if they are to run. */
  #shape(archive: ArchiveRow, ordinal: number): JobColumns {
    const willRun = this.#plan.dueAtMs !== null;
    const job: NewJob = {
      ...(!willRun && ordinal % 4 === 3 ? inventoryOf(ordinal) : retrievalOf(archive, ordinal)),
      id: '',
      vaultKey: archive.vault_key,
      description: null,
      snsTopic: !willRun && ordinal % 2 === 0 ? TOPIC : null,
      createdAtMs: 0,
      readyAtMs: 0,
    };
    return toNewRow(job);
  }
}

function inventoryOf(ordinal: number): JobRequest {
  return { kind: 'inventory-retrieval', format: ordinal % 8 === 3 ? 'JSON' : 'CSV', ...NO_WINDOW };
}

function retrievalOf(archive: ArchiveRow, ordinal: number): JobRequest {
  return {
    kind: 'archive-retrieval',
    archiveKey: archive.key,
    archiveId: archive.id,
    archiveSizeBytes: archive.size_bytes,
    archiveTreeHash: archive.tree_hash,
    archiveDescription: archive.description,
    tier: TIERS[ordinal % TIERS.length] ?? 'Standard',
    range: { startByte: 0, endByte: archive.size_bytes - 1 },
    rangeAsked: ordinal % 3 === 0,
    treeHash: archive.tree_hash,
  };
}
