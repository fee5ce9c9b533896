import { type Kysely, sql } from 'kysely';
import type { BlobRef } from '../model/archives.ts';
import type { StoredArchive } from '../model/fixity.ts';
import type { VaultName } from '../model/vaults.ts';
import { toBlobRef } from './archives.ts';
import { stored, toStoredArchive } from './fixity.ts';
import { isThere } from './going-vaults.ts';
import { listed } from './json-list.ts';
import { mentioned } from './reclaim.ts';
import type { Tables } from './tables.ts';

/** A blob that a row mentions which is not of an archive. */
export interface OtherBlob extends Pick<BlobRef, 'blobId' | 'sizeBytes'> {
  /** To go on after. */
  key: number;
  startByte: number;
  vault: VaultName;
  /** Whose it is, for people. */
  whose: string;
}

/** What a vault counts, and what there is. */
export interface VaultCount {
  key: number;
  vault: VaultName;
  counted: { archives: number; bytes: number };
  present: { archives: number; bytes: number };
}

/** Where a listing by the last verification goes on: after this one. */
export interface VerifiedPlace {
  verifiedAtMs: number | null;
  key: number;
}

/** What whoever checks the metadata reads of them, beside a server that changes them. Nothing here changes anything. */
export class CheckRecords {
  readonly #db: Kysely<Tables>;

  constructor(db: Kysely<Tables>) {
    this.#db = db;
  }

  /** What SQLite finds wrong with its own file; none is the rule. */
  async integrity(): Promise<string[]> {
    const { rows } = await sql<{ integrity_check: string }>`pragma integrity_check(100)`.execute(this.#db);
    return rows.map((row) => row.integrity_check).filter((text) => text !== 'ok');
  }

  /** How many archives there are, and their bytes, as the vaults count them. */
  async totals(): Promise<{ archives: number; bytes: number }> {
    const row = await this.#db
      .selectFrom('vaults')
      .select((eb) => [eb.fn.sum<number | null>('archive_count').as('archives')])
      .select((eb) => [eb.fn.sum<number | null>('archive_bytes').as('bytes')])
      .where((eb) => isThere(eb.ref('account_id')))
      .executeTakeFirstOrThrow();
    return { archives: Number(row.archives ?? 0), bytes: Number(row.bytes ?? 0) };
  }

  /** Archives in order of their keys, after one. */
  async archives({ afterKey, limit }: { afterKey: number; limit: number }): Promise<StoredArchive[]> {
    const rows = await stored(this.#db)
      .where('archives.key', '>', afterKey)
      .orderBy('archives.key')
      .limit(limit)
      .execute();
    return rows.map(toStoredArchive);
  }

  /** When an archive was last verified; undefined when none ever was. */
  async lastVerifiedAtMs(): Promise<number | undefined> {
    const row = await this.#db
      .selectFrom('archives')
      .select('verified_at')
      .where('deleted_at', 'is', null)
      .where('verified_at', 'is not', null)
      .orderBy('verified_at', 'desc')
      .limit(1)
      .executeTakeFirst();
    return row?.verified_at ?? undefined;
  }

  /** Archives in order of their last verification, those that never were first. */
  async leastRecentlyVerified({ after, limit }: { after: VerifiedPlace | null; limit: number }) {
    const query = stored(this.#db)
      .select('archives.verified_at')
      .orderBy('archives.verified_at')
      .orderBy('archives.key')
      .limit(limit);
    const pages =
      after === null
        ? [query]
        : after.verifiedAtMs === null
          ? [
              query.where('archives.verified_at', 'is', null).where('archives.key', '>', after.key),
              query.where('archives.verified_at', 'is not', null),
            ]
          : [
              query.where((eb) =>
                eb(
                  eb.refTuple('archives.verified_at', 'archives.key'),
                  '>',
                  eb.tuple(after.verifiedAtMs ?? 0, after.key),
                ),
              ),
            ];
    for (const page of pages) {
      const rows = await page.execute();
      if (rows.length > 0) {
        return rows.map((row) => ({ archive: toStoredArchive(row), verifiedAtMs: row.verified_at }));
      }
    }
    return [];
  }

  /** Parts of uploads, in order, after one. */
  async parts({ after, limit }: { after: { key: number; startByte: number }; limit: number }): Promise<OtherBlob[]> {
    const rows = await this.#db
      .selectFrom('parts')
      .innerJoin('uploads', 'uploads.key', 'parts.upload_key')
      .innerJoin('vaults', 'vaults.key', 'uploads.vault_key')
      .select(['parts.upload_key', 'parts.start_byte', 'parts.size_bytes', 'parts.blob_id', 'parts.tree_hash'])
      .select(['uploads.id', 'vaults.account_id', 'vaults.name'])
      .where((eb) => eb(eb.refTuple('parts.upload_key', 'parts.start_byte'), '>', eb.tuple(after.key, after.startByte)))
      .orderBy('parts.upload_key')
      .orderBy('parts.start_byte')
      .limit(limit)
      .execute();
    return rows.map((row) => ({
      ...toBlobRef(row),
      key: row.upload_key,
      vault: { accountId: row.account_id, name: row.name },
      whose: `the upload ${row.id}, its part at byte ${row.start_byte}`,
    }));
  }

  /** Outputs of jobs, in order, after one. */
  async outputs({ after, limit }: { after: { key: number }; limit: number }): Promise<OtherBlob[]> {
    const rows = await this.#db
      .selectFrom('jobs')
      .innerJoin('vaults', 'vaults.key', 'jobs.vault_key')
      .select([
        'jobs.key',
        'jobs.id',
        'jobs.output_blob_id',
        'jobs.output_size_bytes',
        'vaults.account_id',
        'vaults.name',
      ])
      .where('jobs.key', '>', after.key)
      .where('jobs.output_blob_id', 'is not', null)
      .orderBy('jobs.key')
      .limit(limit)
      .execute();
    return rows.map((row) => ({
      blobId: row.output_blob_id ?? '',
      startByte: 0,
      sizeBytes: row.output_size_bytes ?? 0,
      key: row.key,
      vault: { accountId: row.account_id, name: row.name },
      whose: `the output of the job ${row.id}`,
    }));
  }

  /** The vaults in order of their keys, after one, counted in one instant each. */
  async vaults({ afterKey, limit }: { afterKey: number; limit: number }): Promise<VaultCount[]> {
    const rows = await this.#db
      .selectFrom('vaults')
      .select(['key', 'account_id', 'name', 'archive_count', 'archive_bytes'])
      .select((eb) => [
        eb
          .selectFrom('archives')
          .select((of) => of.fn.countAll<number>().as('present'))
          .whereRef('archives.vault_key', '=', 'vaults.key')
          .where('archives.deleted_at', 'is', null)
          .as('present_count'),
        eb
          .selectFrom('archives')
          .select((of) => of.fn.sum<number | null>('size_bytes').as('bytes'))
          .whereRef('archives.vault_key', '=', 'vaults.key')
          .where('archives.deleted_at', 'is', null)
          .as('present_bytes'),
      ])
      .where('key', '>', afterKey)
      .where((eb) => isThere(eb.ref('account_id')))
      .orderBy('key')
      .limit(limit)
      .execute();
    return rows.map((row) => ({
      key: row.key,
      vault: { accountId: row.account_id, name: row.name },
      counted: { archives: row.archive_count, bytes: row.archive_bytes },
      present: { archives: Number(row.present_count ?? 0), bytes: Number(row.present_bytes ?? 0) },
    }));
  }

  /** Those of `blobIds` that no row mentions. */
  async unknown(blobIds: readonly string[]): Promise<string[]> {
    const known = await mentioned(this.#db, blobIds);
    return blobIds.filter((id) => !known.has(id));
  }

  /** Those of `blobIds` whose bytes were given up. */
  async givenUp(blobIds: readonly string[]): Promise<string[]> {
    const query = this.#db.selectFrom('reclaimable_blobs').select('blob_id').where('blob_id', 'in', listed(blobIds));
    return (await query.execute()).map((row) => row.blob_id);
  }
}
