import type { Kysely, Selectable, Transaction } from 'kysely';
import type { ScrubPass, ScrubPlace, ScrubState } from '../model/fixity.ts';
import { limits } from '../model/limits.ts';
import { isThere } from './going-vaults.ts';
import { inTransaction } from './prepared.ts';
import type { ScrubTable, Tables } from './tables.ts';

/** There is one row, which the table sees to. */
const KEY = 1;

const NO_PLACE = { archive_key: null, next_byte: 0, place_verdict: null, place_what: null };
const NO_PASS = {
  ...{ started_at: null, last_key: 0, total_archives: 0, total_bytes: 0, done_bytes: 0, archives: 0, damaged: 0 },
  ...NO_PLACE,
};
const NONE_FINISHED = { finished_at: null, finished_archives: 0, finished_bytes: 0, finished_damaged: 0 };

/** How far the background scrub has come. */
export class ScrubRecords {
  readonly #db: Kysely<Tables>;

  constructor(db: Kysely<Tables>) {
    this.#db = db;
  }

  /** Undefined before the first pass was planned. */
  async find(): Promise<ScrubState | undefined> {
    const row = await this.#db.selectFrom('scrub').selectAll().where('key', '=', KEY).executeTakeFirst();
    return row === undefined ? undefined : toScrubState(row);
  }

  /** Says when the next pass begins. */
  async plan({ beginsAtMs }: { beginsAtMs: number }): Promise<void> {
    await this.#db
      .insertInto('scrub')
      .values({ key: KEY, begins_at: beginsAtMs, ...NO_PASS, ...NONE_FINISHED })
      .onConflict((conflict) => conflict.column('key').doUpdateSet({ begins_at: beginsAtMs }))
      .execute();
  }

  /** Begins a pass over the archives that there are now. It must have been planned. */
  async begin({ nowMs }: { nowMs: number }): Promise<void> {
    await inTransaction(this.#db, async (trx) => {
      const lastVerified = await trx
        .selectFrom('archives')
        .select('verified_at')
        .where('deleted_at', 'is', null)
        .where('verified_at', 'is not', null)
        .orderBy('verified_at', 'desc')
        .limit(1)
        .executeTakeFirst();
      const last = await trx.selectFrom('archives').select('key').orderBy('key', 'desc').limit(1).executeTakeFirst();
      await trx
        .updateTable('scrub')
        .set({
          ...NO_PASS,
          started_at: Math.max(nowMs, (lastVerified?.verified_at ?? 0) + 1),
          last_key: last?.key ?? 0,
          ...(await totals(trx)),
        })
        .where('key', '=', KEY)
        .execute();
    });
  }

  /** Keeps the place within an archive, so that the next run goes on there. */
  async keepPlace({ archiveKey, nextByte, fixity }: ScrubPlace): Promise<void> {
    await this.#db
      .updateTable('scrub')
      .set({ archive_key: archiveKey, next_byte: nextByte, place_verdict: fixity.state, place_what: fixity.what })
      .where('key', '=', KEY)
      .execute();
  }

  /** Forgets it, because the archive is gone. */
  async leavePlace(): Promise<void> {
    await leavePlace(this.#db);
  }

  /** Ends the pass that runs and plans the next one. */
  async finish({ nowMs, beginsAtMs }: { nowMs: number; beginsAtMs: number }): Promise<void> {
    await this.#db
      .updateTable('scrub')
      .set((eb) => ({
        ...NO_PASS,
        begins_at: beginsAtMs,
        finished_at: nowMs,
        finished_archives: eb.ref('archives'),
        finished_bytes: eb.ref('done_bytes'),
        finished_damaged: eb.ref('damaged'),
      }))
      .where('key', '=', KEY)
      .where('started_at', 'is not', null)
      .execute();
  }
}

/** The pass that runs, if one does. */
export async function runningPass(trx: Transaction<Tables>) {
  const row = await trx
    .selectFrom('scrub')
    .select(['started_at', 'last_key', 'archive_key'])
    .where('key', '=', KEY)
    .executeTakeFirst();
  if (row === undefined || row.started_at === null) return undefined;
  return { startedAtMs: row.started_at, lastKey: row.last_key, placeKey: row.archive_key };
}

/** Counts archives that were verified in the pass that runs. */
export async function countVerified(
  trx: Transaction<Tables>,
  done: { archives: number; bytes: number; damaged: number },
): Promise<void> {
  const bytes = done.bytes + done.archives * limits.archiveOverheadBytes;
  await trx
    .updateTable('scrub')
    .set((eb) => ({
      done_bytes: eb('done_bytes', '+', bytes),
      archives: eb('archives', '+', done.archives),
      damaged: eb('damaged', '+', done.damaged),
    }))
    .where('key', '=', KEY)
    .execute();
}

/** Forgets the place within an archive: there is a verdict on it, or it is gone. */
export async function leavePlace(db: Kysely<Tables>): Promise<void> {
  await db.updateTable('scrub').set(NO_PLACE).where('key', '=', KEY).execute();
}

/** What the archives of all vaults take, with something for each, because small ones cost more than their bytes. */
async function totals(trx: Transaction<Tables>) {
  const { bytes, archives } = await trx
    .selectFrom('vaults')
    .select((eb) => [eb.fn.sum<number | null>('archive_bytes').as('bytes')])
    .select((eb) => [eb.fn.sum<number | null>('archive_count').as('archives')])
    .where((eb) => isThere(eb.ref('account_id')))
    .executeTakeFirstOrThrow();
  const count = Number(archives ?? 0);
  return { total_archives: count, total_bytes: Number(bytes ?? 0) + count * limits.archiveOverheadBytes };
}

function toScrubState(row: Selectable<ScrubTable>): ScrubState {
  return {
    beginsAtMs: row.begins_at,
    pass: toPass(row),
    finished:
      row.finished_at === null
        ? null
        : {
            atMs: row.finished_at,
            archives: row.finished_archives,
            bytes: row.finished_bytes,
            damaged: row.finished_damaged,
          },
  };
}

function toPass(row: Selectable<ScrubTable>): ScrubPass | null {
  if (row.started_at === null) return null;
  return {
    startedAtMs: row.started_at,
    lastKey: row.last_key,
    totalArchives: row.total_archives,
    totalBytes: row.total_bytes,
    doneBytes: row.done_bytes,
    archives: row.archives,
    damaged: row.damaged,
    place:
      row.archive_key === null
        ? null
        : {
            archiveKey: row.archive_key,
            nextByte: row.next_byte,
            fixity: { state: row.place_verdict ?? 'intact', what: row.place_what },
          },
  };
}
