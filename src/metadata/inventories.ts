import type { ExpressionBuilder, Kysely } from 'kysely';
import type { InventoryPosition } from '../model/markers.ts';
import type { Snapshot } from '../model/vaults.ts';
import { isThere } from './going-vaults.ts';
import { listed } from './json-list.ts';
import { asArrays, inTransaction, Prepared } from './prepared.ts';
import type { Tables } from './tables.ts';

/** A run of a vault's archives in the order of creation, and the snapshot that says which of them are shown. */
export interface InventoryPage {
  vaultKey: number;
  snapshot: Snapshot;
  /** Exclusive. */
  after: InventoryPosition;
  /** Created up to this instant. */
  untilMs: number;
  /** How many archives are looked at, shown or not. */
  limit: number;
}

/** An archive as inventories read it; without an id it is not shown. An array, for millions are read at a time. */
export type InventoryRow = [
  key: number,
  createdAtMs: number,
  id: string | null,
  description: string | null,
  sizeBytes: number,
  treeHash: string,
];

/** Some vaults by their keys, after a key; `beforeMs` is what the last inventory of those that are due is before. */
export interface DuePage {
  nowMs: number;
  beforeMs: number;
  afterKey: number;
  limit: number;
}

/** What inventories show, and the daily ones. */
export class InventoryRecords {
  readonly #db: Kysely<Tables>;
  readonly #ofInstant: Prepared<InventoryRow>;
  readonly #later: Prepared<InventoryRow>;

  constructor(db: Kysely<Tables>) {
    this.#db = db;
    this.#ofInstant = new Prepared(db, asArrays<InventoryRow>(ofInstantQuery(db)));
    this.#later = new Prepared(db, asArrays<InventoryRow>(laterQuery(db)));
  }

  /**
   * What is in the vault now, and the date of its newest archive. Undefined when the vault is gone.
   *
   * Which archives there are is told by their keys: they are counted up in the order of the commits within a vault, because
   * whoever adds one holds the vault's row before it gets its key. So the highest key of all vaults is as good as the
   * vault's own, and is found in one step; it has to be read when the row is held, in a statement of its own. Which of them
   * were deleted is told by the last write and not by the clock: later deletions are dated later.
   */
  async takeSnapshot(vaultKey: number): Promise<(Snapshot & { newestAtMs: number | null }) | undefined> {
    return inTransaction(this.#db, async (trx) => {
      const row = await trx
        .updateTable('vaults')
        .set((eb) => ({ snapshot_at: latest(eb) }))
        .where('key', '=', vaultKey)
        .where((eb) => isThere(eb.ref('account_id')))
        .returning((eb) => eb.fn.coalesce('snapshot_at', eb.lit(0)).as('at'))
        .executeTakeFirst();
      if (row === undefined) return undefined;
      const { last_key: lastKey, newest_at: newestAtMs } = await trx
        .selectFrom('vaults')
        .select((eb) => [lastKeyOf(eb).as('last_key'), newestAt(eb).as('newest_at')])
        .where('key', '=', vaultKey)
        .executeTakeFirstOrThrow();
      return { lastKey, atMs: row.at, newestAtMs };
    });
  }

  /**
   * A page costs what it looks at: archives that are not shown are told by the index alone, and stepped over by the caller.
   * The last page is shorter than its limit. It is read in two ranges of the index, since those of one instant may be many,
   * and a comparison of pairs would look at all of them for each page.
   */
  async page({ vaultKey, snapshot, after, untilMs, limit }: InventoryPage): Promise<InventoryRow[]> {
    const { createdAtMs, archiveKey } = after;
    if (createdAtMs > untilMs) return [];
    const shown = Array.from({ length: 4 }, () => [snapshot.lastKey, snapshot.atMs]).flat();
    const rows = await this.#ofInstant.rows([...shown, vaultKey, createdAtMs, archiveKey, limit]);
    const left = limit - rows.length;
    if (left === 0) return rows;
    return rows.concat(await this.#later.rows([...shown, vaultKey, createdAtMs, untilMs, left]));
  }

  /** Those of some vaults whose daily inventory is due, and the key to go on after; null when these were the last. */
  async due({ afterKey, limit, ...when }: DuePage): Promise<{ vaultKeys: number[]; nextKey: number | null }> {
    const rows = await this.#db
      .selectFrom('vaults')
      .select((eb) => ['key', eb.case().when(isDue(eb, when)).then(1).else(0).end().as('is_due')])
      .where('key', '>', afterKey)
      .orderBy('key')
      .limit(limit)
      .execute();
    const vaultKeys = rows.filter((row) => row.is_due === 1).map((row) => row.key);
    return { vaultKeys, nextKey: rows.length === limit ? (rows.at(-1)?.key ?? null) : null };
  }

  /** Publishes the daily inventories of those of these vaults where they are due; returns how many. */
  async publish({ vaultKeys, ...when }: { vaultKeys: readonly number[]; nowMs: number; beforeMs: number }) {
    if (vaultKeys.length === 0) return 0;
    return inTransaction(this.#db, async (trx) => {
      const published = await trx
        .updateTable('vaults')
        .set((eb) => ({
          inventory_published_at: when.nowMs,
          inventory_archive_count: eb.ref('archive_count'),
          inventory_archive_bytes: eb.ref('archive_bytes'),
          inventory_snapshot_at: latest(eb),
          snapshot_at: latest(eb),
        }))
        .where('key', 'in', listed(vaultKeys))
        .where((eb) => isDue(eb, when))
        .returning('key')
        .execute();
      await trx
        .updateTable('vaults')
        .set((eb) => ({
          // Not before the newest archive, which a clock ahead of its time may have dated.
          inventory_at: eb.case().when(newestAt(eb), '>', when.nowMs).then(newestAt(eb)).else(when.nowMs).end(),
          inventory_snapshot_key: lastKeyOf(eb),
        }))
        .where('key', 'in', listed(published.map(({ key }) => key)))
        .execute();
      return published.length;
    });
  }
}

type OfVaults = ExpressionBuilder<Tables, 'vaults'>;

/** The last write, or the last snapshot if nothing was written since. */
function latest(eb: OfVaults) {
  const writtenAt = eb.fn.coalesce('written_at', eb.lit(0));
  return eb.case().when('snapshot_at', '>', writtenAt).then(eb.ref('snapshot_at')).else(writtenAt).end();
}

/** The highest key of all archives; 0 when there was never one. */
const lastKeyOf = (eb: OfVaults) =>
  eb.fn.coalesce(
    eb.selectFrom('archives').select((of) => of.fn.max('archives.key').as('key')),
    eb.lit(0),
  );

/** The date of a vault's newest archive, deleted ones included, by the index alone. */
const newestAt = (eb: OfVaults) =>
  eb
    .selectFrom('archives')
    .select((of) => of.fn.max<number | null>('archives.created_at').as('at'))
    .whereRef('archives.vault_key', '=', 'vaults.key');

/**
 * Whether a vault is there and has changed since its last inventory, which is some time ago or, by a clock that was ahead,
 * will only come. The first inventory comes some time after the vault.
 */
function isDue(eb: OfVaults, { nowMs, beforeMs }: { nowMs: number; beforeMs: number }) {
  const isPast = (column: 'created_at' | 'inventory_published_at') =>
    eb.or([eb(column, '<=', beforeMs), eb(column, '>', nowMs)]);
  return eb.and([
    isThere(eb.ref('account_id')),
    eb('written_at', 'is not', null),
    eb.or([
      eb.and([eb('inventory_at', 'is', null), isPast('created_at')]),
      eb.and([isPast('inventory_published_at'), eb('written_at', '>', eb.ref('inventory_snapshot_at'))]),
    ]),
  ]);
}

/** Its parameters end in the vault, the instant, the key that comes before, and how many. */
const ofInstantQuery = (db: Kysely<Tables>) =>
  shownOf(db).where('vault_key', '=', 0).where('created_at', '=', 0).where('key', '>', 0).orderBy('key').limit(0);

/** Its parameters end in the vault, the instant that comes before, the last instant, and how many. */
const laterQuery = (db: Kysely<Tables>) =>
  shownOf(db)
    .where('vault_key', '=', 0)
    .where('created_at', '>', 0)
    .where('created_at', '<=', 0)
    .orderBy('created_at')
    .orderBy('key')
    .limit(0);

/**
 * Archives, as far as they are shown: four times the snapshot's last key and its instant. The index has all that tells, and a
 * column that is not asked for is not fetched: hence a condition in each.
 */
function shownOf(db: Kysely<Tables>) {
  const shown = <Column extends 'id' | 'description' | 'size_bytes' | 'tree_hash'>(
    eb: ExpressionBuilder<Tables, 'archives'>,
    column: Column,
  ) =>
    eb
      .case()
      .when(eb.and([eb('key', '<=', 0), eb.or([eb('deleted_at', 'is', null), eb('deleted_at', '>', 0)])]))
      .then(eb.ref(column))
      .end()
      .as(column);
  return db
    .selectFrom('archives')
    .select((eb) => ['key', 'created_at', shown(eb, 'id'), shown(eb, 'description'), shown(eb, 'size_bytes')])
    .select((eb) => shown(eb, 'tree_hash'));
}
