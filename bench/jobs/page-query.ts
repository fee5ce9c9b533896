import { DatabaseSync, type StatementSync } from 'node:sqlite';
import type { Filter } from './pages.ts';

/** The query of one page in SQLite alone: prepared, on a connection of its own that only reads. */
const CACHE_KIB = 32 * 1024;
const COLUMNS = `id, kind, description, sns_topic, archive_id, archive_size_bytes, archive_tree_hash, tier,
  range_start_byte, range_end_byte, range_asked, range_tree_hash, inventory_format,
  inventory_marker, status, completed, status_message, created_at, completed_at, output_size_bytes`;
/** One more than a page holds tells whether others follow. */
const ROWS = 51;

export type PageRow = Record<string, string | number | null>;

export class PageQueries implements Disposable {
  readonly #database: DatabaseSync;
  readonly #vaultKey: number;
  readonly #statements = new Map<string, StatementSync>();

  constructor(path: string, vaultName: string) {
    this.#database = new DatabaseSync(path, { readOnly: true });
    this.#database.exec(`pragma cache_size = -${CACHE_KIB}`);
    const found = this.#database.prepare('select key from vaults where name = ?').get(vaultName);
    this.#vaultKey = Number(found?.key);
  }

  rows({ completed, statuscode }: Filter, after: { createdAtMs: number; id: string } | undefined): PageRow[] {
    const filter = statuscode !== undefined ? 'status' : completed !== undefined ? 'completed' : '';
    const values: (string | number)[] = [this.#vaultKey];
    if (filter !== '') values.push(statuscode ?? (completed === 'true' ? 1 : 0));
    if (after !== undefined) values.push(after.createdAtMs, after.id);
    return this.#statement(filter, after !== undefined).all(...values) as PageRow[];
  }

  [Symbol.dispose](): void {
    this.#database.close();
  }

  #statement(filter: string, isLater: boolean): StatementSync {
    const sql = `select ${COLUMNS} from jobs where vault_key = ? ${filter && `and ${filter} = ?`}
      ${isLater ? 'and (created_at, id) < (?, ?)' : ''} order by created_at desc, id desc limit ${ROWS}`;
    const statement = this.#statements.get(sql) ?? this.#database.prepare(sql);
    this.#statements.set(sql, statement);
    return statement;
  }
}
