import { randomInt } from 'node:crypto';
import type { Archive } from '../model/archives.ts';
import { GlacierError } from '../model/errors.ts';
import { newJobId } from '../model/ids.ts';
import type { JobRequest } from '../model/jobs.ts';
import type { RetrievalRefusal } from '../model/retrieval-limits.ts';
import type { Delay } from '../model/retrieval-times.ts';
import type { Vault, VaultName } from '../model/vaults.ts';
import { archiveNotFound } from './archives.ts';
import type { Arrangement } from './arrangement.ts';
import type { Vaults } from './vaults.ts';

/** What every job may carry. */
export interface JobNotes {
  vault: VaultName;
  description: string | null;
  snsTopic: string | null;
}

/** A job that does not exist yet: how it will be called and when it will have begun. */
export interface JobBirth {
  id: string;
  createdAtMs: number;
}

export interface Start {
  vault: Vault;
  notes: JobNotes;
  delay: Delay;
  request: JobRequest;
  birth?: JobBirth;
}

/** Starts jobs, whatever they do. */
export class Starting {
  readonly #given: Arrangement;
  readonly #vaults: Vaults;
  /** Told when a job has been started, and when it becomes due, so that a worker need not poll. */
  readonly #onStarted: (dueAtMs: number) => void;

  constructor(given: Arrangement, vaults: Vaults, onStarted: (dueAtMs: number) => void) {
    this.#given = given;
    this.#vaults = vaults;
    this.#onStarted = onStarted;
  }

  /** An id for a job that starts now. */
  nextBirth(): JobBirth {
    const createdAtMs = this.#given.clock.nowMs();
    return { id: newJobId(createdAtMs), createdAtMs };
  }

  /** Inserts the job; returns its id. */
  async start({ vault, notes, delay, request, birth = this.nextBirth() }: Start): Promise<string> {
    const { description, snsTopic } = notes;
    const readyAtMs = birth.createdAtMs + randomInt(delay.minMs, delay.maxMs + 1);
    const job = { ...request, ...birth, vaultKey: vault.key, description, snsTopic, readyAtMs };
    const outcome = await this.#given.metadata.jobs.create(job, this.#given.retrievalLimits);
    if (outcome === 'vault-gone') throw this.#vaults.notFound(vault);
    if (outcome === 'archive-gone') {
      throw archiveNotFound(request.kind === 'inventory-retrieval' ? '' : request.archiveId);
    }
    if (outcome !== 'created') throw refusalFor(outcome);
    this.#onStarted(readyAtMs);
    return birth.id;
  }

  /** An archive that is in this vault, or ResourceNotFoundException. */
  async requireArchive(vault: Vault, id: string): Promise<Archive> {
    const archive = await this.#given.metadata.archives.find({ accountId: vault.accountId, id });
    if (archive === undefined || archive.vaultKey !== vault.key || archive.deletedAtMs !== null) {
      throw archiveNotFound(id);
    }
    return archive;
  }
}

function refusalFor(refusal: RetrievalRefusal): GlacierError {
  if (refusal === 'policy-enforced') {
    const message = 'InitiateJob request denied by current data retrieval policy.';
    return new GlacierError('PolicyEnforcedException', message);
  }
  return new GlacierError(
    'InsufficientCapacityException',
    'There is no capacity for this Expedited retrieval now. Try again later, ask for Standard or Bulk, ' +
      'or purchase provisioned capacity.',
  );
}
