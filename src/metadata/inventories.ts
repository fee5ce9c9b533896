import type { ExpressionBuilder, Kysely } from 'kysely';
import type { InventoryPosition } from '../model/markers.ts';
import { asArrays, Prepared } from './prepared.ts';
import type { Tables } from './tables.ts';

/** A run of a vault's archives in the order of creation, and the snapshot that says which of them are shown. */
export interface InventoryPage {
  vaultKey: number;
  /** Archives created after it, and archives deleted up to it, are not shown. */
  snapshotAtMs: number;
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
  readonly #page: Prepared<InventoryRow>;

  constructor(db: Kysely<Tables>) {
    this.#db = db;
    this.#page = new Prepared(db, asArrays<InventoryRow>(pageQuery(db)));
  }

  /**
   * From now on {created up to the instant returned, and not deleted up to it} is what is in the vault now, whatever happens
   * to it: later writes are dated later. Undefined when the vault is gone. It goes by the writes and not by the clock, so
   * that one that was ahead for a while does not date archives for longer.
   */
  async takeSnapshot(vaultKey: number): Promise<number | undefined> {
    const row = await this.#db
      .updateTable('vaults')
      .set((eb) => ({ snapshot_at: latest(eb) }))
      .where('key', '=', vaultKey)
      .returning('snapshot_at')
      .executeTakeFirst();
    return row?.snapshot_at ?? undefined;
  }

  /**
   * A page costs what it looks at: archives that are not shown are told by the index alone, and stepped over by the caller.
   * The last page is shorter than its limit.
   */
  async page({ vaultKey, snapshotAtMs, after, untilMs, limit }: InventoryPage): Promise<InventoryRow[]> {
    const shown = [snapshotAtMs, snapshotAtMs, snapshotAtMs, snapshotAtMs];
    const upToMs = Math.min(snapshotAtMs, untilMs);
    return this.#page.rows([...shown, vaultKey, after.createdAtMs, after.archiveKey, upToMs, limit]);
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
    const result = await this.#db
      .updateTable('vaults')
      .set((eb) => ({
        // Not before the last write, which a clock ahead of its time may have dated.
        inventory_at: eb.case().when('written_at', '>', when.nowMs).then(eb.ref('written_at')).else(when.nowMs).end(),
        inventory_published_at: when.nowMs,
        inventory_archive_count: eb.ref('archive_count'),
        inventory_archive_bytes: eb.ref('archive_bytes'),
        inventory_snapshot_at: latest(eb),
        snapshot_at: latest(eb),
      }))
      .where('key', 'in', vaultKeys)
      .where((eb) => isDue(eb, when))
      .executeTakeFirst();
    return Number(result.numUpdatedRows);
  }
}

type OfVaults = ExpressionBuilder<Tables, 'vaults'>;

/** The last write, or the last snapshot if nothing was written since. */
function latest(eb: OfVaults) {
  const writtenAt = eb.fn.coalesce('written_at', eb.lit(0));
  return eb.case().when('snapshot_at', '>', writtenAt).then(eb.ref('snapshot_at')).else(writtenAt).end();
}

/**
 * Whether a vault has changed since its last inventory, which is some time ago or, by a clock that was ahead, will only come.
 * The first inventory comes some time after the vault.
 */
function isDue(eb: OfVaults, { nowMs, beforeMs }: { nowMs: number; beforeMs: number }) {
  const isPast = (column: 'created_at' | 'inventory_published_at') =>
    eb.or([eb(column, '<=', beforeMs), eb(column, '>', nowMs)]);
  return eb.and([
    eb('written_at', 'is not', null),
    eb.or([
      eb.and([eb('inventory_at', 'is', null), isPast('created_at')]),
      eb.and([isPast('inventory_published_at'), eb('written_at', '>', eb.ref('inventory_snapshot_at'))]),
    ]),
  ]);
}

/** The index ends in `deleted_at`, and a column that is not asked for is not fetched: hence a condition in each. */
function pageQuery(db: Kysely<Tables>) {
  const shown = <Column extends 'id' | 'description' | 'size_bytes' | 'tree_hash'>(
    eb: ExpressionBuilder<Tables, 'archives'>,
    column: Column,
  ) =>
    eb
      .case()
      .when(eb.or([eb('deleted_at', 'is', null), eb('deleted_at', '>', 0)]))
      .then(eb.ref(column))
      .end()
      .as(column);
  return db
    .selectFrom('archives')
    .select((eb) => ['key', 'created_at', shown(eb, 'id'), shown(eb, 'description'), shown(eb, 'size_bytes')])
    .select((eb) => shown(eb, 'tree_hash'))
    .where('vault_key', '=', 0)
    .where((eb) => eb(eb.refTuple('created_at', 'key'), '>', eb.tuple(0, 0)))
    .where('created_at', '<=', 0)
    .orderBy('created_at')
    .orderBy('key')
    .limit(0);
}
