import type { Kysely, Transaction } from 'kysely';
import type { ListPosition } from '../model/ids.ts';
import type { Part, Upload } from '../model/uploads.ts';
import { type Asked, type Assembled, assemble, type Completion, complete, type NewAssembly } from './completions.ts';
import { giveUpBlobs, giveUpUpload } from './giving-up.ts';
import { goingKeys } from './going-vaults.ts';
import { listed } from './json-list.ts';
import { close, partsOf, toPartRow } from './parts.ts';
import { inTransaction } from './prepared.ts';
import { refuseGivenUp } from './reclaim.ts';
import type { Tables, UploadRow } from './tables.ts';
import { vaultExists } from './vaults.ts';

export class UploadRecords {
  readonly #db: Kysely<Tables>;

  constructor(db: Kysely<Tables>) {
    this.#db = db;
  }

  /** Opens an upload; false when the vault is gone. */
  async create(upload: Omit<Upload, 'key' | 'state' | 'archiveId'>): Promise<boolean> {
    return inTransaction(this.#db, async (trx) => {
      if (!(await vaultExists(trx, upload.vaultKey))) return false;
      await trx
        .insertInto('uploads')
        .values({
          id: upload.id,
          vault_key: upload.vaultKey,
          description: upload.description,
          part_size_bytes: upload.partSizeBytes,
          created_at: upload.createdAtMs,
          touched_at: upload.createdAtMs,
          state: 'open',
          archive_id: null,
        })
        .execute();
      return true;
    });
  }

  /** An upload of this vault, in whatever state. */
  async find({ vaultKey, id }: { vaultKey: number; id: string }): Promise<Upload | undefined> {
    const row = await this.#db
      .selectFrom('uploads')
      .selectAll()
      .where('id', '=', id)
      .where('vault_key', '=', vaultKey)
      .executeTakeFirst();
    return row === undefined ? undefined : toUpload(row);
  }

  /** Keeps an open upload from being taken for idle. One that was touched after `beforeMs` is not written again. */
  async touch(touch: { uploadKey: number; nowMs: number; beforeMs: number }): Promise<void> {
    await this.#db
      .updateTable('uploads')
      .set({ touched_at: touch.nowMs })
      .where('key', '=', touch.uploadKey)
      .where('state', '=', 'open')
      .where('touched_at', '<', touch.beforeMs)
      .execute();
  }

  /** Records a durable part; the one it replaces is given up. False when the upload is no longer open. */
  async putPart({ uploadKey, part, nowMs }: { uploadKey: number; part: Part; nowMs: number }): Promise<boolean> {
    return inTransaction(this.#db, async (trx) => {
      const open = await trx
        .updateTable('uploads')
        .set({ touched_at: nowMs })
        .where('key', '=', uploadKey)
        .where('state', '=', 'open')
        .where('vault_key', 'not in', goingKeys(trx))
        .returning('key')
        .executeTakeFirst();
      if (open === undefined) return false;
      await refuseGivenUp(trx, part.blobId);
      const replaced = await trx
        .deleteFrom('parts')
        .where('upload_key', '=', uploadKey)
        .where('start_byte', '=', part.startByte)
        .returning('blob_id')
        .execute();
      await giveUpBlobs(
        trx,
        replaced.map((row) => row.blob_id),
      );
      await trx.insertInto('parts').values(toPartRow(uploadKey, part)).execute();
      return true;
    });
  }

  /**
   * What completing an upload would come to now: the list of its parts, to be stored before it is completed, or the reason
   * why it cannot be.
   */
  async assemble(asked: Asked): Promise<Assembled> {
    return inTransaction(this.#db, (trx) => assemble(trx, asked));
  }

  /**
   * Turns an open upload into an archive: its parts become the archive's blobs, no byte moves. When they do not make up an
   * archive of this size and tree hash (in lower case), the upload stays open; so it does, as `changed`, when they are not
   * those that the stored list names. One completed before gives the archive it became.
   */
  async complete(asked: Asked & NewAssembly): Promise<Completion> {
    return inTransaction(this.#db, (trx) => complete(trx, asked));
  }

  /** Gives an open upload and its parts up. Repeating it succeeds; a completed or unknown upload is `gone`. */
  async abort({ uploadKey, nowMs }: { uploadKey: number; nowMs: number }): Promise<'aborted' | 'gone'> {
    return inTransaction(this.#db, async (trx) => {
      const row = await trx
        .selectFrom('uploads')
        .select(['state', 'vault_key'])
        .where('key', '=', uploadKey)
        .executeTakeFirst();
      if (row === undefined || row.state === 'completed') return 'gone';
      if (!(await vaultExists(trx, row.vault_key))) return 'gone';
      if (row.state === 'open') await abortOpen(trx, { uploadKey, nowMs });
      return 'aborted';
    });
  }

  /** Open uploads of a vault in order of creation, after a position. */
  async list(page: { vaultKey: number; after: ListPosition | null; limit: number }): Promise<Upload[]> {
    const { after } = page;
    let query = this.#db
      .selectFrom('uploads')
      .selectAll()
      .where('vault_key', '=', page.vaultKey)
      .where('state', '=', 'open');
    if (after !== null) {
      query = query.where((eb) => eb(eb.refTuple('created_at', 'id'), '>', eb.tuple(after.createdAtMs, after.id)));
    }
    const rows = await query.orderBy('created_at').orderBy('id').limit(page.limit).execute();
    return rows.map(toUpload);
  }

  /** Parts in order of their place, after the part that starts at `afterByte` (-1 for all). */
  async listParts(page: { uploadKey: number; afterByte: number; limit: number }): Promise<Part[]> {
    return partsOf(this.#db, page.uploadKey, page);
  }

  /** Aborts open uploads that nobody touched since `beforeMs`; returns how many. */
  async abortIdle({ beforeMs, nowMs, limit }: { beforeMs: number; nowMs: number; limit: number }): Promise<number> {
    return inTransaction(this.#db, async (trx) => {
      const idle = await untouched(trx, { state: 'open', beforeMs, limit });
      for (const uploadKey of idle) await abortOpen(trx, { uploadKey, nowMs });
      return idle.length;
    });
  }

  /** Forgets uploads that were completed or aborted before `beforeMs` and have no parts left; returns how many. */
  async forgetClosed({ beforeMs, limit }: { beforeMs: number; limit: number }): Promise<number> {
    return inTransaction(this.#db, async (trx) => {
      const completed = await untouched(trx, { state: 'completed', beforeMs, limit });
      const aborted = await untouched(trx, { state: 'aborted', beforeMs, limit });
      const keys = [...completed, ...aborted];
      if (keys.length > 0) await trx.deleteFrom('uploads').where('key', 'in', listed(keys)).execute();
      return keys.length;
    });
  }
}

async function untouched(
  trx: Transaction<Tables>,
  { state, beforeMs, limit }: { state: Upload['state']; beforeMs: number; limit: number },
): Promise<number[]> {
  const rows = await trx
    .selectFrom('uploads')
    .select('key')
    .where('state', '=', state)
    .where('touched_at', '<', beforeMs)
    .where('key', 'not in', trx.selectFrom('uploads_given_up').select('upload_key'))
    .limit(limit)
    .execute();
  return rows.map((row) => row.key);
}

async function abortOpen(
  trx: Transaction<Tables>,
  { uploadKey, nowMs }: { uploadKey: number; nowMs: number },
): Promise<void> {
  await giveUpUpload(trx, uploadKey);
  await close(trx, { uploadKey, state: 'aborted', archiveId: null, nowMs });
}

function toUpload(row: UploadRow): Upload {
  return {
    key: row.key,
    id: row.id,
    vaultKey: row.vault_key,
    description: row.description,
    partSizeBytes: row.part_size_bytes,
    createdAtMs: row.created_at,
    state: row.state,
    archiveId: row.archive_id,
  };
}
