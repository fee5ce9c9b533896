import { type Kysely, sql, type Transaction } from 'kysely';
import type { BlobRef } from '../model/archives.ts';
import type { VaultIdentity } from '../model/lock-records.ts';
import { giveUpUpload } from './giving-up.ts';
import { isThere } from './going-vaults.ts';
import { listed } from './json-list.ts';
import { close } from './parts.ts';
import { inTransaction } from './prepared.ts';
import { mentioned } from './reclaim.ts';
import type { ArchiveRow, Tables, VaultRow } from './tables.ts';
import { newVaultRow } from './vaults.ts';

/** An archive as its bytes tell of it. */
export interface FoundArchive {
  archiveId: string;
  vault: VaultIdentity;
  description: string | null;
  createdAtMs: number;
  sizeBytes: number;
  treeHash: string;
  /** Its bytes, in order. */
  refs: BlobRef[];
  /** The blob that lists them, if there are several. */
  assemblyBlobId: string | null;
}

/** What became of a vault or an archive that was found: `other-vault` when another one has its vault's name. */
export type FindOutcome = 'added' | 'known' | 'deleted' | 'other-vault';

/** A row that refers to bytes. */
export interface RowWithBytes {
  archiveKey: number;
  startByte: number;
  blobId: string;
  archiveId: string;
  accountId: string;
  vaultName: string;
}

/**
 * The metadata made again from what is found beside the bytes. What is known stays as it is: an archive or a vault that the
 * metadata know as deleted does not come back.
 */
export class RebuildRecords {
  readonly #db: Kysely<Tables>;

  constructor(db: Kysely<Tables>) {
    this.#db = db;
  }

  /** Adds those of the vaults that are not known, and their accounts; outcomes in the order of the vaults. */
  async addVaults(vaults: readonly VaultIdentity[]): Promise<FindOutcome[]> {
    return inTransaction(this.#db, async (trx) => {
      const outcomes: FindOutcome[] = [];
      for (const vault of vaults) outcomes.push((await place(trx, vault)).outcome);
      return outcomes;
    });
  }

  /** Adds those of the archives that are not known, with their vaults; outcomes in the order of the archives. */
  async addArchives(found: readonly FoundArchive[]): Promise<{ outcomes: FindOutcome[]; vaultsAdded: number }> {
    return inTransaction(this.#db, async (trx) => {
      const known = await knownAmong(trx, found);
      const taken = await mentioned(trx, found.flatMap(blobIdsOf));
      const outcomes: FindOutcome[] = [];
      const added = new Map<number, FoundArchive[]>();
      let vaultsAdded = 0;
      for (const archive of found) {
        const before = known.get(archive.archiveId) ?? (isGivenUp(archive, taken) ? 'deleted' : undefined);
        const { outcome, vault } = before === undefined ? await place(trx, archive.vault) : { outcome: before };
        if (outcome === 'added') vaultsAdded += 1;
        if (vault === undefined) {
          outcomes.push(outcome);
          continue;
        }
        added.set(vault.key, [...(added.get(vault.key) ?? []), archive]);
        known.set(archive.archiveId, 'known');
        outcomes.push('added');
      }
      for (const [vaultKey, archives] of added) {
        await insert(trx, { vaultKey, archives });
        await count(trx, { vaultKey, archives });
      }
      return { outcomes, vaultsAdded };
    });
  }

  /** Remembers parts until the end of this connection, to tell which of them no archive has. */
  async noteParts(blobIds: readonly string[]): Promise<void> {
    await inTransaction(this.#db, async (trx) => {
      await sql`create temp table if not exists parts_found (blob_id text primary key) without rowid`.execute(trx);
      await sql`insert or ignore into parts_found select value from ${listed(blobIds)}`.execute(trx);
    });
  }

  /** How many of the parts that were noted belong neither to an archive nor to an upload, and were not given up. */
  async partsLeft(): Promise<number> {
    await this.noteParts([]);
    const { rows } = await sql<{ count: number }>`
      select count(*) as count from parts_found
      where blob_id not in (select blob_id from archive_blobs)
        and blob_id not in (select blob_id from parts)
        and blob_id not in (select blob_id from reclaimable_blobs)`.execute(this.#db);
    return Number(rows[0]?.count ?? 0);
  }

  /** The key of the newest archive; 0 when there is none. */
  async lastArchiveKey(): Promise<number> {
    const row = await this.#db
      .selectFrom('archives')
      .select((eb) => eb.fn.max('key').as('key'))
      .executeTakeFirst();
    return Number(row?.key ?? 0);
  }

  /** Where archives that are not deleted have their bytes, in order after a place, up to the archive with a key. */
  async rowsWithBytes(page: {
    after: { archiveKey: number; startByte: number };
    lastArchiveKey: number;
    limit: number;
  }): Promise<RowWithBytes[]> {
    const { archiveKey, startByte } = page.after;
    return this.#db
      .selectFrom('archive_blobs')
      .innerJoin('archives', 'archives.key', 'archive_blobs.archive_key')
      .innerJoin('vaults', 'vaults.key', 'archives.vault_key')
      .select(['archive_blobs.archive_key as archiveKey', 'archive_blobs.start_byte as startByte'])
      .select(['archive_blobs.blob_id as blobId', 'archives.id as archiveId'])
      .select(['vaults.account_id as accountId', 'vaults.name as vaultName'])
      .where((eb) =>
        eb(eb.refTuple('archive_blobs.archive_key', 'archive_blobs.start_byte'), '>', eb.tuple(archiveKey, startByte)),
      )
      .where('archive_blobs.archive_key', '<=', page.lastArchiveKey)
      .where('archives.deleted_at', 'is', null)
      .where((eb) => isThere(eb.ref('vaults.account_id')))
      .orderBy('archive_blobs.archive_key')
      .orderBy('archive_blobs.start_byte')
      .limit(page.limit)
      .execute();
  }
}

const blobIdsOf = ({ refs, assemblyBlobId }: FoundArchive): string[] => [
  ...refs.map(({ blobId }) => blobId),
  ...(assemblyBlobId === null ? [] : [assemblyBlobId]),
];

/** Parts may be those of an upload that the metadata know as open; what says what the archive is may not be known at all. */
const isGivenUp = ({ refs, assemblyBlobId }: FoundArchive, taken: ReadonlySet<string>): boolean =>
  taken.has(assemblyBlobId ?? refs[0]?.blobId ?? '');

async function knownAmong(trx: Transaction<Tables>, found: readonly FoundArchive[]): Promise<Map<string, FindOutcome>> {
  const rows: Pick<ArchiveRow, 'id' | 'deleted_at'>[] = await trx
    .selectFrom('archives')
    .select(['id', 'deleted_at'])
    .where('id', 'in', listed(found.map(({ archiveId }) => archiveId)))
    .execute();
  return new Map(rows.map((row) => [row.id, row.deleted_at === null ? 'known' : 'deleted']));
}

/** The vault with this identity, added if there is none of its name; without a `vault` nothing may be put into it. */
async function place(
  trx: Transaction<Tables>,
  { accountId, name, createdAtMs }: VaultIdentity,
): Promise<{ outcome: FindOutcome; vault?: Pick<VaultRow, 'key'> }> {
  const row = await trx
    .selectFrom('vaults')
    .select(['key', 'created_at'])
    .where('account_id', '=', accountId)
    .where('name', '=', name)
    .executeTakeFirst();
  if (row !== undefined) return row.created_at === createdAtMs ? { outcome: 'known', vault: row } : OTHER_VAULT;
  const former = trx.selectFrom('former_accounts').select('id').where('id', '=', accountId);
  if ((await former.executeTakeFirst()) !== undefined) return { outcome: 'deleted' };
  await trx
    .insertInto('accounts')
    .values({ id: accountId, name: null, created_at: createdAtMs, disabled_at: null })
    .onConflict((conflict) => conflict.column('id').doNothing())
    .execute();
  const vault = await trx
    .insertInto('vaults')
    .values(newVaultRow({ accountId, name, nowMs: createdAtMs }))
    .returning('key')
    .executeTakeFirstOrThrow();
  return { outcome: 'added', vault };
}

/** A statement may have 32,766 parameters. */
const REFS_AT_ONCE_MAX = 1000;

const OTHER_VAULT = { outcome: 'other-vault' } as const;

/** Many rows to a statement, because putting statements together takes longer than running them. */
async function insert(
  trx: Transaction<Tables>,
  { vaultKey, archives }: { vaultKey: number; archives: readonly FoundArchive[] },
): Promise<void> {
  const rows = archives.map((archive) => ({
    id: archive.archiveId,
    vault_key: vaultKey,
    description: archive.description,
    size_bytes: archive.sizeBytes,
    tree_hash: archive.treeHash,
    created_at: archive.createdAtMs,
    deleted_at: null,
    assembly_blob_id: archive.assemblyBlobId,
  }));
  const inserted = await trx.insertInto('archives').values(rows).returning(['id', 'key']).execute();
  const keys = new Map(inserted.map(({ id, key }) => [id, key]));
  for (const archive of archives) if (archive.assemblyBlobId !== null) await endUploads(trx, archive);
  const refs = archives.flatMap((archive) =>
    archive.refs.map((ref) => ({
      archive_key: keys.get(archive.archiveId) ?? 0,
      blob_id: ref.blobId,
      start_byte: ref.startByte,
      size_bytes: ref.sizeBytes,
      tree_hash: ref.treeHash,
    })),
  );
  for (let first = 0; first < refs.length; first += REFS_AT_ONCE_MAX) {
    await trx
      .insertInto('archive_blobs')
      .values(refs.slice(first, first + REFS_AT_ONCE_MAX))
      .execute();
  }
}

/** An upload that the metadata know as open was completed since; parts that the archive does not have were replaced. */
async function endUploads(trx: Transaction<Tables>, { archiveId, createdAtMs, refs }: FoundArchive): Promise<void> {
  const rows = await trx
    .deleteFrom('parts')
    .where('blob_id', 'in', listed(refs.map(({ blobId }) => blobId)))
    .returning('upload_key')
    .execute();
  for (const uploadKey of new Set(rows.map((row) => row.upload_key))) {
    await close(trx, { uploadKey, state: 'completed', archiveId, nowMs: createdAtMs });
    await giveUpUpload(trx, uploadKey);
  }
}

/** A vault was last written to when the newest of its archives came, and after whatever snapshot shows none of them. */
async function count(
  trx: Transaction<Tables>,
  { vaultKey, archives }: { vaultKey: number; archives: readonly FoundArchive[] },
): Promise<void> {
  const row = await trx
    .selectFrom('vaults')
    .select(['written_at', 'snapshot_at', 'archive_count', 'archive_bytes'])
    .where('key', '=', vaultKey)
    .executeTakeFirstOrThrow();
  const afterSnapshot = row.snapshot_at === null ? 0 : row.snapshot_at + 1;
  const newest = archives.reduce((latest, { createdAtMs }) => Math.max(latest, createdAtMs), 0);
  await trx
    .updateTable('vaults')
    .set({
      written_at: Math.max(row.written_at ?? 0, afterSnapshot, newest),
      archive_count: row.archive_count + archives.length,
      archive_bytes: archives.reduce((sum, { sizeBytes }) => sum + sizeBytes, row.archive_bytes),
    })
    .where('key', '=', vaultKey)
    .execute();
}
