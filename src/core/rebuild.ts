import type { BlobStore, Surveyed } from '../blobs/blob-store.ts';
import type { VaultRecordStore } from '../blobs/vault-record-store.ts';
import type { Metadata } from '../metadata/metadata.ts';
import type { FoundArchive } from '../metadata/rebuilding.ts';
import type { ArchiveAbout, AssemblyAbout } from '../model/blob-about.ts';
import { formatInstant } from '../model/instants.ts';
import { limits } from '../model/limits.ts';
import { identityOf, type VaultIdentity } from '../model/lock-records.ts';
import type { LockBook } from './lock-book.ts';
import { reinstateLocks } from './lock-findings.ts';
import { archiveOfParts, inParallel } from './rebuild-assemblies.ts';
import { countArchive, emptyReport, type RebuildProblem, type RebuildReport } from './rebuild-report.ts';

/** What the metadata are made again from, and where. */
export interface RebuildSources {
  metadata: Metadata;
  blobs: BlobStore;
  lockBook: LockBook;
  vaultRecords: VaultRecordStore;
}

export interface RebuildListeners {
  /** Called after every step with what was found so far. */
  onProgress: (report: RebuildReport) => void;
  onProblem: (problem: RebuildProblem) => void;
}

type FoundBlob = Exclude<Surveyed, { place: string }>;

/** Blobs that were found and wait for others to be looked up with. */
interface Waiting {
  archives: FoundArchive[];
  parts: string[];
  outputs: string[];
  undescribed: string[];
}

/**
 * Makes the metadata again from what stands beside the bytes: vaults from their records and from what archives say, archives
 * from what their bytes say, locks from their records. It adds what is not known and changes nothing else, so it can be run
 * again at any time, also after it was cut off.
 */
export class Rebuild {
  readonly #sources: RebuildSources;
  readonly #listeners: RebuildListeners;
  readonly #report = emptyReport();
  readonly #waiting: Waiting = { archives: [], parts: [], outputs: [], undescribed: [] };

  constructor(sources: RebuildSources, listeners: RebuildListeners) {
    this.#sources = sources;
    this.#listeners = listeners;
  }

  async run(): Promise<RebuildReport> {
    const { metadata, lockBook } = this.#sources;
    const lastArchiveKey = await metadata.rebuild.lastArchiveKey();
    await this.#vaultsOfRecords();
    await this.#survey();
    this.#report.left.parts = await metadata.rebuild.partsLeft();
    this.#report.locks.recorded = lockBook.locked().length;
    this.#report.locks.restored = await reinstateLocks(this.#sources);
    for (const { number, fault } of lockBook.faults) this.#blame('damaged', `lock record ${number} ${fault}`);
    await this.#findMissing(lastArchiveKey);
    return this.#report;
  }

  async #vaultsOfRecords(): Promise<void> {
    const { vaultRecords, lockBook } = this.#sources;
    const locked = new Map(lockBook.locked().map(({ vault }) => [nameOf(vault), identityOf(vault)]));
    let vaults: VaultIdentity[] = [...locked.values()];
    for await (const record of vaultRecords.list()) {
      if (!('vault' in record)) {
        this.#blame('damaged', `${record.place} ${record.fault}`);
        continue;
      }
      // That a locked vault was deleted is on record before it is, and stays.
      if (lockBook.recordOf(record.vault)?.lock === null || locked.has(nameOf(record.vault))) continue;
      vaults.push(record.vault);
      if (vaults.length < limits.rebuildRowsMax) continue;
      await this.#addVaults(vaults);
      vaults = [];
    }
    await this.#addVaults(vaults);
  }

  async #addVaults(vaults: readonly VaultIdentity[]): Promise<void> {
    const outcomes = await this.#sources.metadata.rebuild.addVaults(vaults);
    for (const [index, outcome] of outcomes.entries()) {
      const vault = vaults[index];
      if (outcome === 'added') this.#report.vaults.restored += 1;
      if (outcome === 'known') this.#report.vaults.known += 1;
      if (outcome !== 'other-vault' || vault === undefined) continue;
      this.#blame(
        'conflicts',
        `${nameOf(vault)} is not added: the metadata have one of that name, made at another time`,
      );
    }
  }

  async #survey(): Promise<void> {
    for await (const found of this.#sources.blobs.survey()) {
      this.#report.blobs += 1;
      if ('place' in found) this.#blame('damaged', `${found.place}: ${found.fault}`);
      else await this.#take(found);
      for (const blobs of Object.values(this.#waiting)) {
        if (blobs.length >= limits.rebuildRowsMax) await this.#settle();
      }
    }
    await this.#settle();
  }

  async #take(found: FoundBlob): Promise<void> {
    const { about, blobId } = found;
    if (about === null) this.#waiting.undescribed.push(blobId);
    else if (about.kind === 'part') this.#waiting.parts.push(blobId);
    else if (about.kind === 'output') this.#waiting.outputs.push(blobId);
    else if (about.kind === 'archive') this.#waiting.archives.push(archiveOf(about, found));
    else await this.#addArchiveOfParts(about, blobId);
  }

  /** One that is known need not be looked at; those of a store are few beside the archives of one blob. */
  async #addArchiveOfParts(about: AssemblyAbout, blobId: string): Promise<void> {
    const { metadata, blobs } = this.#sources;
    const { accountId } = about.vault;
    const known = await metadata.archives.find({ accountId, id: about.archiveId });
    if (known !== undefined) {
      countArchive(this.#report, known.deletedAtMs === null ? 'known' : 'deleted', about.sizeBytes);
      return;
    }
    const found = await archiveOfParts(blobs, { about, blobId });
    if ('fault' in found) return this.#blame('damaged', `the list of the parts of ${shownOf(about)} ${found.fault}`);
    if (found.missing.length === found.archive.refs.length) {
      this.#report.left.lists += 1;
      return;
    }
    await this.#addArchives([found.archive]);
    for (const { startByte } of found.missing) {
      this.#blame('missing', `${shownOf(about)} lacks the part that starts at byte ${startByte}`);
    }
  }

  async #settle(): Promise<void> {
    const { metadata } = this.#sources;
    const { archives, parts, outputs, undescribed } = this.#waiting;
    await this.#addArchives(archives.splice(0));
    await metadata.rebuild.noteParts(parts.splice(0));
    this.#report.left.outputs += await metadata.reclaim.countUnknown(outputs.splice(0));
    this.#report.left.undescribed += await metadata.reclaim.countUnknown(undescribed.splice(0));
    this.#listeners.onProgress(this.#report);
  }

  async #addArchives(archives: readonly FoundArchive[]): Promise<void> {
    if (archives.length === 0) return;
    const { outcomes, vaultsAdded } = await this.#sources.metadata.rebuild.addArchives(archives);
    this.#report.vaults.restored += vaultsAdded;
    for (const [index, outcome] of outcomes.entries()) {
      const archive = archives[index];
      if (archive === undefined) continue;
      countArchive(this.#report, outcome, archive.sizeBytes);
      if (outcome !== 'other-vault') continue;
      this.#blame('conflicts', `${shownOf(archive)} is not added: there is another vault of that name now`);
    }
  }

  /** Of the rows that were there before; those that were added have been made of what is there. */
  async #findMissing(lastArchiveKey: number): Promise<void> {
    const { metadata, blobs } = this.#sources;
    let after = { archiveKey: 0, startByte: -1 };
    for (;;) {
      const rows = await metadata.rebuild.rowsWithBytes({ after, lastArchiveKey, limit: limits.rebuildRowsMax });
      await inParallel(rows, async (row) => {
        // What is there and damaged was told by the survey.
        const isMissing = (await blobs.stat(row.blobId).catch(() => null)) === undefined;
        const vault = `${row.accountId}:${row.vaultName}`;
        if (isMissing) this.#blame('missing', `the archive ${row.archiveId} of the vault ${vault} has no bytes`);
      });
      const last = rows.at(-1);
      if (last === undefined || rows.length < limits.rebuildRowsMax) return;
      after = { archiveKey: last.archiveKey, startByte: last.startByte };
    }
  }

  #blame(kind: RebuildProblem['kind'], text: string): void {
    this.#report.problems[kind] += 1;
    this.#listeners.onProblem({ kind, text });
  }
}

const archiveOf = (about: ArchiveAbout, { blobId, sizeBytes, treeHash }: FoundBlob): FoundArchive => ({
  archiveId: about.archiveId,
  vault: about.vault,
  description: about.description,
  createdAtMs: about.createdAtMs,
  sizeBytes,
  treeHash,
  refs: [{ blobId, startByte: 0, sizeBytes, treeHash }],
  assemblyBlobId: null,
});

const nameOf = ({ accountId, name, createdAtMs }: VaultIdentity): string =>
  `the vault ${accountId}:${name} of ${formatInstant(createdAtMs)}`;

const shownOf = ({ archiveId, vault }: Pick<FoundArchive, 'archiveId' | 'vault'>): string =>
  `the archive ${archiveId} of ${nameOf(vault)}`;
