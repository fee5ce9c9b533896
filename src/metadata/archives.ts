import type { ExpressionBuilder, Kysely, Transaction } from 'kysely';
import type { Archive, BlobRef } from '../model/archives.ts';
import type { ByteRange } from '../model/byte-range.ts';
import { giveUpArchives } from './giving-up.ts';
import { isThere } from './going-vaults.ts';
import { inTransaction, Prepared } from './prepared.ts';
import { refuseGivenUp } from './reclaim.ts';
import type { ArchiveRow, BlobRefColumns, Tables } from './tables.ts';

/** The facts of an archive about to be recorded. */
export interface NewArchive {
  id: string;
  vaultKey: number;
  description: string | null;
  sizeBytes: number;
  treeHash: string;
  nowMs: number;
  /** The blob that lists its parts, if it has any. */
  assemblyBlobId?: string;
}

/** Which blobs of an archive to show. */
export interface BlobsOfRange {
  archiveKey: number;
  range: ByteRange;
  limit?: number;
}

/** More than any archive has. */
const BLOBS_MAX = Number.MAX_SAFE_INTEGER;

export class ArchiveRecords {
  readonly #db: Kysely<Tables>;
  readonly #find: Prepared<ArchiveRow>;
  readonly #blobs: Prepared<BlobRefColumns>;

  constructor(db: Kysely<Tables>) {
    this.#db = db;
    this.#find = new Prepared(db, findQuery(db));
    this.#blobs = new Prepared(db, blobsQuery(db));
  }

  /** Records an archive whose bytes are one durable blob; false when the vault is gone. */
  async add(archive: NewArchive & { blob: BlobRef }): Promise<boolean> {
    return inTransaction(this.#db, async (trx) => {
      await refuseGivenUp(trx, archive.blob.blobId);
      const archiveKey = await insertArchive(trx, archive);
      if (archiveKey === undefined) return false;
      await trx
        .insertInto('archive_blobs')
        .values({
          archive_key: archiveKey,
          blob_id: archive.blob.blobId,
          start_byte: archive.blob.startByte,
          size_bytes: archive.blob.sizeBytes,
          tree_hash: archive.blob.treeHash,
        })
        .execute();
      return true;
    });
  }

  /** An archive of this account by its id, in whatever vault it is, deleted ones included. */
  async find({ accountId, id }: { accountId: string; id: string }): Promise<Archive | undefined> {
    const row = await this.#find.first([id, accountId]);
    return row === undefined ? undefined : toArchive(row);
  }

  /** The blobs that hold a range of an archive, in order; none when its bytes have been given up. */
  async blobs({ archiveKey, range, limit = BLOBS_MAX }: BlobsOfRange): Promise<BlobRef[]> {
    const { startByte, endByte } = range;
    return (await this.#blobs.rows([archiveKey, archiveKey, startByte, endByte, limit])).map(toBlobRef);
  }

  /**
   * Marks an archive deleted. Its bytes are given up unless a job still refers to them. False when it was deleted
   * before.
   */
  async delete({ archiveKey, nowMs }: { archiveKey: number; nowMs: number }): Promise<boolean> {
    return inTransaction(this.#db, async (trx) => {
      const archive = await trx
        .updateTable('archives')
        .set((eb) => ({
          deleted_at: eb
            .selectFrom('vaults')
            .select((of) => afterSnapshot(of, nowMs).as('at'))
            .whereRef('vaults.key', '=', 'archives.vault_key'),
        }))
        .where('key', '=', archiveKey)
        .where('deleted_at', 'is', null)
        .returning(['vault_key', 'size_bytes'])
        .executeTakeFirst();
      if (archive === undefined) return false;
      await trx
        .updateTable('vaults')
        .set((eb) => ({
          written_at: laterWrite(eb, nowMs),
          archive_count: eb('archive_count', '-', 1),
          archive_bytes: eb('archive_bytes', '-', archive.size_bytes),
        }))
        .where('key', '=', archive.vault_key)
        .execute();
      await giveUpArchives(trx, [archiveKey]);
      return true;
    });
  }
}

/** Its parameters are the archive and the account, in this order. */
const findQuery = (db: Kysely<Tables>) =>
  db
    .selectFrom('archives')
    .innerJoin('vaults', 'vaults.key', 'archives.vault_key')
    .selectAll('archives')
    .where('archives.id', '=', '')
    .where('vaults.account_id', '=', '');

/** Inserts the row and counts it in its vault; undefined when the vault is gone. Returns the archive's key. */
export async function insertArchive(trx: Transaction<Tables>, archive: NewArchive): Promise<number | undefined> {
  const counted = await trx
    .updateTable('vaults')
    .set((eb) => ({
      written_at: laterWrite(eb, archive.nowMs),
      archive_count: eb('archive_count', '+', 1),
      archive_bytes: eb('archive_bytes', '+', archive.sizeBytes),
    }))
    .where('key', '=', archive.vaultKey)
    .where((eb) => isThere(eb.ref('account_id')))
    .returning('key')
    .executeTakeFirst();
  if (counted === undefined) return undefined;
  const { key } = await trx
    .insertInto('archives')
    .values({
      id: archive.id,
      vault_key: archive.vaultKey,
      description: archive.description,
      size_bytes: archive.sizeBytes,
      tree_hash: archive.treeHash,
      created_at: archive.nowMs,
      deleted_at: null,
      assembly_blob_id: archive.assemblyBlobId ?? null,
    })
    .returning('key')
    .executeTakeFirstOrThrow();
  return key;
}

/**
 * When a vault is written to now: after its last snapshot, whatever the clock shows, so that a deletion never changes what
 * the snapshot shows. Nothing ages by these dates; that of a creation, by which archives age, is what the clock shows, and
 * snapshots go by the archive's key instead.
 */
function afterSnapshot(eb: ExpressionBuilder<Tables, 'vaults'>, nowMs: number) {
  // A parameter, not a part of the text: every millisecond would make a statement of its own.
  return eb
    .case()
    .when('snapshot_at', '>=', nowMs)
    .then(eb('snapshot_at', '+', 1).$castTo<number>())
    .else(eb.val(nowMs))
    .end();
}

/** When the vault was last written to never goes back, even if the clock does: the next snapshot shows what was deleted by then. */
function laterWrite(eb: ExpressionBuilder<Tables, 'vaults'>, nowMs: number) {
  const isLatest = eb.or([eb('written_at', 'is', null), eb('written_at', '<=', afterSnapshot(eb, nowMs))]);
  return eb.case().when(isLatest).then(afterSnapshot(eb, nowMs)).else(eb.ref('written_at')).end();
}

/** From the blob that the range begins in, found by its start, so that a late range does not walk over all others. */
const blobsQuery = (db: Kysely<Tables>) =>
  db
    .selectFrom('archive_blobs')
    .select(['blob_id', 'start_byte', 'size_bytes', 'tree_hash'])
    .where('archive_key', '=', 0)
    .where((eb) =>
      eb(
        'start_byte',
        '>=',
        eb
          .selectFrom('archive_blobs')
          .select((of) => of.fn.max('start_byte').as('start_byte'))
          .where('archive_key', '=', 0)
          .where('start_byte', '<=', 0),
      ),
    )
    .where('start_byte', '<=', 0)
    .orderBy('start_byte')
    .limit(1);

export function toBlobRef(row: BlobRefColumns): BlobRef {
  return { blobId: row.blob_id, startByte: row.start_byte, sizeBytes: row.size_bytes, treeHash: row.tree_hash };
}

function toArchive(row: ArchiveRow): Archive {
  return {
    key: row.key,
    id: row.id,
    vaultKey: row.vault_key,
    description: row.description,
    sizeBytes: row.size_bytes,
    treeHash: row.tree_hash,
    createdAtMs: row.created_at,
    deletedAtMs: row.deleted_at,
  };
}
