import { type Kysely, type Selectable, type SelectQueryBuilder, sql, type Transaction } from 'kysely';
import {
  type Fixity,
  isDamage,
  type StoredArchive,
  type VerdictState,
  type VerifiedArchive,
  type VerifiedBy,
} from '../model/fixity.ts';
import { inTransaction } from './prepared.ts';
import { countVerified, leavePlace, runningPass } from './scrub.ts';
import type { ArchivesTable, Tables } from './tables.ts';

/** The verdict on an archive whose bytes were read. */
export interface ArchiveVerdict extends Fixity {
  archiveKey: number;
}

/** When the bytes of archives were last verified, and what came of it. Deleted archives are nobody's concern. */
export class FixityRecords {
  readonly #db: Kysely<Tables>;

  constructor(db: Kysely<Tables>) {
    this.#db = db;
  }

  /**
   * Archives of a pass that were not verified since it started, the least recently verified first, and before these the ones
   * that never were, in order of age. None when the pass is through.
   */
  async toVerify(pass: { startedAtMs: number; lastKey: number; limit: number }): Promise<StoredArchive[]> {
    const { startedAtMs, lastKey, limit } = pass;
    const never = await stored(this.#db)
      .where('archives.verified_at', 'is', null)
      .where('archives.key', '<=', lastKey)
      .orderBy('archives.key')
      .limit(limit)
      .execute();
    if (never.length > 0) return never.map(toStoredArchive);
    const before = await stored(this.#db)
      .where('archives.verified_at', '<', startedAtMs)
      .orderBy('archives.verified_at')
      .orderBy('archives.key')
      .limit(limit)
      .execute();
    return before.map(toStoredArchive);
  }

  /** One archive to verify; undefined when it is gone. */
  async find(archiveKey: number): Promise<StoredArchive | undefined> {
    const row = await stored(this.#db).where('archives.key', '=', archiveKey).executeTakeFirst();
    return row === undefined ? undefined : toStoredArchive(row);
  }

  /** The archive that a blob is part of; undefined when there is none any more. */
  async findByBlob(blobId: string): Promise<StoredArchive | undefined> {
    const row = await stored(this.#db)
      .innerJoin('archive_blobs', 'archive_blobs.archive_key', 'archives.key')
      .where('archive_blobs.blob_id', '=', blobId)
      .executeTakeFirst();
    return row === undefined ? undefined : toStoredArchive(row);
  }

  /** The last verdict on an archive of this account; undefined when there is none, or no such archive. */
  async verdictOn({ accountId, id }: { accountId: string; id: string }): Promise<VerifiedArchive | undefined> {
    const row = await verified(this.#db)
      .where('archives.id', '=', id)
      .where('vaults.account_id', '=', accountId)
      .executeTakeFirst();
    return row?.verified_at == null ? undefined : toVerifiedArchive(row);
  }

  /** Archives that are damaged, or of which bytes are missing, in order of their keys, after one. */
  async damaged({ afterKey, limit }: { afterKey: number; limit: number }): Promise<VerifiedArchive[]> {
    const rows = await verified(this.#db)
      .where('archives.damaged_at', 'is not', null)
      .where('archives.key', '>', afterKey)
      .orderBy('archives.key')
      .limit(limit)
      .execute();
    return rows.map(toVerifiedArchive);
  }

  /**
   * Keeps the verdicts on some archives. They are dated after the start of the pass that runs, whatever the clock shows, so
   * that none is verified in it again; those that are new in it are counted.
   */
  async note(noted: { verdicts: readonly ArchiveVerdict[]; by: VerifiedBy; nowMs: number }): Promise<void> {
    await inTransaction(this.#db, async (trx) => {
      const pass = await runningPass(trx);
      const startedAtMs = pass?.startedAtMs ?? 0;
      const done = { archives: 0, bytes: 0, damaged: 0 };
      for (const verdict of noted.verdicts) {
        const before = await keep(trx, { ...noted, verdict, atMs: Math.max(noted.nowMs, startedAtMs) });
        if (before === undefined || pass === undefined || verdict.archiveKey > pass.lastKey) continue;
        if ((before.verified_at ?? -1) >= startedAtMs) continue;
        done.archives += 1;
        done.bytes += before.size_bytes;
        if (isDamage(verdict.state)) done.damaged += 1;
      }
      if (done.archives > 0) await countVerified(trx, done);
      const isPlaceDone = noted.verdicts.some(({ archiveKey }) => archiveKey === pass?.placeKey);
      if (isPlaceDone) await leavePlace(trx);
    });
  }
}

type Before = Pick<ArchiveRowOf, 'verified_at' | 'size_bytes'>;
type ArchiveRowOf = Selectable<ArchivesTable>;

/** Returns what the row said before; undefined when the archive is gone. */
async function keep(
  trx: Transaction<Tables>,
  { verdict, by, atMs }: { verdict: ArchiveVerdict; by: VerifiedBy; atMs: number },
): Promise<Before | undefined> {
  const before = await trx
    .selectFrom('archives')
    .select(['verified_at', 'size_bytes', 'damaged_at'])
    .where('key', '=', verdict.archiveKey)
    .where('deleted_at', 'is', null)
    .executeTakeFirst();
  if (before === undefined) return undefined;
  await trx
    .updateTable('archives')
    .set({
      verified_at: atMs,
      verified_by: by,
      verdict: verdict.state,
      verdict_what: verdict.what,
      damaged_at: isDamage(verdict.state) ? (before.damaged_at ?? atMs) : null,
    })
    .where('key', '=', verdict.archiveKey)
    .execute();
  return before;
}

type StoredRow = Pick<ArchiveRowOf, 'key' | 'id' | 'size_bytes' | 'tree_hash'> & { account_id: string; name: string };
type VerifiedRow = StoredRow &
  Pick<ArchiveRowOf, 'verified_at' | 'verified_by' | 'verdict' | 'verdict_what' | 'damaged_at'>;

type Archives<Row> = SelectQueryBuilder<Tables, 'archives' | 'vaults', Row>;

/** The literal is what the indexes without deleted archives are found by. */
export const stored = (db: Kysely<Tables>): Archives<StoredRow> =>
  db
    .selectFrom('archives')
    .innerJoin('vaults', 'vaults.key', 'archives.vault_key')
    .select(['archives.key', 'archives.id', 'archives.size_bytes', 'archives.tree_hash'])
    .select(['vaults.account_id', 'vaults.name'])
    .where('archives.deleted_at', 'is', sql.lit(null));

const verified = (db: Kysely<Tables>): Archives<VerifiedRow> =>
  stored(db).select([
    'archives.verified_at',
    'archives.verified_by',
    'archives.verdict',
    'archives.verdict_what',
    'archives.damaged_at',
  ]);

export const toStoredArchive = (row: StoredRow): StoredArchive => ({
  key: row.key,
  id: row.id,
  vault: { accountId: row.account_id, name: row.name },
  sizeBytes: row.size_bytes,
  treeHash: row.tree_hash,
});

const toVerifiedArchive = (row: VerifiedRow): VerifiedArchive => ({
  ...toStoredArchive(row),
  fixity: {
    state: row.verdict ?? ('intact' satisfies VerdictState),
    what: row.verdict_what,
    by: row.verified_by ?? 'scrub',
    atMs: row.verified_at ?? 0,
  },
  damagedAtMs: row.damaged_at,
});
