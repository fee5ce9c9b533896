import type { JobListing } from '../metadata/job-listing.ts';
import type { Archive } from '../model/archives.ts';
import { type ByteRange, formatRange, sizeOf, wholeOf } from '../model/byte-range.ts';
import { type GlacierError, invalidParameter, notFound } from '../model/errors.ts';
import type { ListPosition } from '../model/ids.ts';
import {
  type ArchiveRetrieval,
  type ArchiveRetrievalJob,
  hasExpired,
  type InventoryRetrieval,
  type InventoryRetrievalJob,
  type Job,
  type JobStatus,
  type Tier,
} from '../model/jobs.ts';
import { parseInventoryMarker } from '../model/markers.ts';
import type { VaultName } from '../model/vaults.ts';
import { isMebibyteAligned, isTreeHashAligned } from '../tree-hash/alignment.ts';
import type { Arrangement } from './arrangement.ts';
import { type Reading, readRange, treeHashOfRange } from './outputs.ts';
import type { Taker } from './pieces.ts';
import type { JobNotes, Starting } from './starting.ts';
import type { Vaults } from './vaults.ts';

/** Names a job within a vault. */
export interface JobName {
  vault: VaultName;
  id: string;
}

/** A job's output, or a range of it, ready to be sent. */
export interface JobOutput {
  job: ArchiveRetrievalJob | InventoryRetrievalJob;
  /** The size of everything the job retrieved. */
  totalBytes: number;
  range: ByteRange;
  /** Of the bytes in `range`; null where the rules of alignment give none. */
  treeHash: string | null;
  /** The bytes, verified piece by piece; a piece is valid until the next one is asked for. */
  read(taker?: Taker): AsyncGenerator<Buffer, void, void>;
}

export class Jobs {
  readonly #given: Arrangement;
  readonly #vaults: Vaults;
  readonly #starting: Starting;

  constructor(given: Arrangement, vaults: Vaults, starting: Starting) {
    this.#given = given;
    this.#vaults = vaults;
    this.#starting = starting;
  }

  /** Starts retrieving an archive, or a range of it; returns the job's id. */
  async retrieveArchive(asked: JobNotes & { archiveId: string; range: ByteRange | null; tier: Tier }): Promise<string> {
    const vault = await this.#vaults.require(asked.vault);
    const archive = await this.#starting.requireArchive(vault, asked.archiveId);
    const range = asked.range ?? wholeOf(archive.sizeBytes);
    checkRange(range, archive);
    const tier = asked.tier.toLowerCase() as Lowercase<Tier>;
    const request: ArchiveRetrieval = {
      kind: 'archive-retrieval',
      archiveKey: archive.key,
      archiveId: archive.id,
      archiveSizeBytes: archive.sizeBytes,
      archiveTreeHash: archive.treeHash,
      archiveDescription: archive.description,
      tier: asked.tier,
      range,
      rangeAsked: asked.range !== null,
      treeHash: await this.#treeHashOf(archive, range).catch(async (error: unknown) => {
        // Deleted meanwhile, the archive has no bytes any more: that is the client's news, and not the failure.
        await this.#starting.requireArchive(vault, archive.id);
        throw error;
      }),
    };
    return this.#starting.start({ vault, notes: asked, delay: this.#given.retrievalTimes[tier], request });
  }

  /** Starts listing the archives of a vault; returns the job's id. */
  async retrieveInventory(asked: JobNotes & Omit<InventoryRetrieval, 'kind'>): Promise<string> {
    const vault = await this.#vaults.require(asked.vault);
    if (asked.marker !== null && parseInventoryMarker(asked.marker) === undefined) {
      throw invalidParameter(`The marker is not valid: ${asked.marker}`);
    }
    if (this.#given.inventory === 'daily' && vault.inventoryAtMs === null) {
      throw notFound(
        `Inventory retrieval jobs for vault ${this.#vaults.arn(vault)} cannot be initiated yet, ` +
          'as Amazon Glacier has not yet generated an initial inventory for this vault.',
      );
    }
    const { format, startAtMs, endAtMs, limit, marker } = asked;
    const request: InventoryRetrieval = { kind: 'inventory-retrieval', format, startAtMs, endAtMs, limit, marker };
    return this.#starting.start({ vault, notes: asked, delay: this.#given.retrievalTimes.inventory, request });
  }

  async describe({ vault, id }: JobName): Promise<Job> {
    const { key: vaultKey } = await this.#vaults.require(vault);
    const job = await this.#given.metadata.jobs.find({ vaultKey, id });
    if (job === undefined || hasExpired(job, this.#given.clock.nowMs())) throw jobNotFound(id);
    return job;
  }

  /** A page of the vault's jobs, newest first; null filters let everything through. A marker stands for a position only. */
  async list(page: {
    vault: VaultName;
    status: JobStatus | null;
    completed: boolean | null;
    after: ListPosition | null;
    limit: number;
  }): Promise<JobListing> {
    const { key: vaultKey } = await this.#vaults.require(page.vault);
    return this.#given.metadata.jobs.list({ ...page, vaultKey, nowMs: this.#given.clock.nowMs() });
  }

  /**
   * Opens a finished job's output. `choose` picks the range once the size is known; it may refuse by throwing.
   */
  async output({ name, choose }: { name: JobName; choose: (totalBytes: number) => ByteRange }): Promise<JobOutput> {
    const job = await this.describe(name);
    if (job.kind === 'select') {
      throw invalidParameter(`The job is a select job, whose output is where it was asked to go: ${name.id}`);
    }
    if (job.status !== 'Succeeded') {
      throw invalidParameter(`The job is not currently available for download: ${name.id}`);
    }
    return job.kind === 'archive-retrieval' ? this.#archiveOutput({ name, job, choose }) : this.#ownOutput(job, choose);
  }

  async #archiveOutput({
    name,
    job,
    choose,
  }: {
    name: JobName;
    job: ArchiveRetrievalJob;
    choose: (totalBytes: number) => ByteRange;
  }): Promise<JobOutput> {
    const totalBytes = sizeOf(job.range);
    const range = choose(totalBytes);
    const offset = job.range.startByte;
    const inArchive = { startByte: offset + range.startByte, endByte: offset + range.endByte };
    const refs = await this.#given.metadata.archives.blobs({ archiveKey: job.archiveKey, range: inArchive });
    const whole = sizeOf(range) === totalBytes;
    const aligned = job.treeHash !== null && isTreeHashAligned({ ...inArchive, sizeBytes: job.archiveSizeBytes });
    const ofRange = () =>
      treeHashOfRange(this.#given, { refs, range: inArchive }).catch(async (error: unknown) => {
        // When the job has just expired, a deleted archive's bytes have gone with it: then the job is what is not found.
        await this.describe(name);
        throw error;
      });
    return {
      job,
      totalBytes,
      range,
      treeHash: whole ? job.treeHash : aligned ? await ofRange() : null,
      read: (taker) => this.#read(job, { refs, range: inArchive, taker }),
    };
  }

  async #ownOutput(job: InventoryRetrievalJob, choose: (totalBytes: number) => ByteRange): Promise<JobOutput> {
    const { outputBlobId: blobId, outputSizeBytes: sizeBytes } = job;
    if (blobId === null || sizeBytes === null) throw new Error(`the job ${job.id} succeeded without an output`);
    const range = choose(sizeBytes);
    const refs = [{ blobId, startByte: 0, sizeBytes, treeHash: '' }];
    return {
      job,
      totalBytes: sizeBytes,
      range,
      treeHash: null,
      read: (taker) => this.#read(job, { refs, range, taker }),
    };
  }

  /**
   * From the first piece on the download goes on to its end. Since the blobs were looked up, they may have been given up with
   * the job; whatever its row still refers to now that they are kept stays.
   */
  async *#read({ vaultKey, id }: Job, what: Reading): AsyncGenerator<Buffer, void, void> {
    using _ = this.#given.downloads.keep(what.refs.map(({ blobId }) => blobId));
    if ((await this.#given.metadata.jobs.find({ vaultKey, id })) === undefined) throw jobNotFound(id);
    yield* readRange(this.#given, what);
  }

  async #treeHashOf(archive: Archive, range: ByteRange): Promise<string | null> {
    if (sizeOf(range) === archive.sizeBytes) return archive.treeHash;
    if (!isTreeHashAligned({ ...range, sizeBytes: archive.sizeBytes })) return null;
    const refs = await this.#given.metadata.archives.blobs({ archiveKey: archive.key, range });
    return treeHashOfRange(this.#given, { refs, range });
  }
}

export const jobNotFound = (id: string): GlacierError => notFound(`The job ID was not found: ${id}`);

/** A retrieved range lies inside the archive and is aligned to MiB (developer guide, "InitiateJob"). */
function checkRange(range: ByteRange, { sizeBytes }: Archive): void {
  if (range.endByte >= sizeBytes) {
    throw invalidParameter(
      `Invalid RetrievalByteRange: ${formatRange(range)} goes past the end of the archive, which has ${sizeBytes} bytes.`,
    );
  }
  if (!isMebibyteAligned({ ...range, sizeBytes })) {
    throw invalidParameter(
      `Invalid RetrievalByteRange: ${formatRange(range)} is not megabyte aligned: the start must be divisible by ` +
        '1048576, and the end plus one must be divisible by 1048576 or be the size of the archive.',
    );
  }
}
