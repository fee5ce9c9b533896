import { chmodSync, closeSync, fsyncSync, openSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';

/** Waiting for a checkpoint that starts the log anew, or for another copy; neither takes long. */
const PATIENCE_MS = 10_000;
const SQLITE_CORRUPT = 11;
const SQLITE_NOTADB = 26;
/** A database that is cut off at the end of a page cannot even say that it is damaged. */
const SQLITE_CANTOPEN = 14;

/** What is in a copy of the metadata. */
export interface CopiedMetadata {
  sizeBytes: number;
  vaults: number;
  archives: number;
}

/**
 * Copies the metadata as they are at one instant, durably, into the file `to`, which must be empty or not there. They may be
 * served meanwhile: a reader holds nobody up, and only the log grows until it is done. Incremental copies would begin anew
 * with every change. Throws when the copy is not sound.
 */
export function copyMetadata({ from, to }: { from: string; to: string }): CopiedMetadata {
  {
    using source = new DatabaseSync(from, { readOnly: true, timeout: PATIENCE_MS });
    source.prepare('vacuum into ?').run(to);
  }
  chmodSync(to, 0o600);
  syncFile(to);
  const fault = integrityFault(to);
  if (fault !== undefined) throw new Error(`the copy of the metadata is damaged: ${fault}`);
  using copy = new DatabaseSync(to, { readOnly: true });
  const number = (sql: string) => Number(Object.values(copy.prepare(sql).get() ?? {})[0]);
  return {
    sizeBytes: number('select page_count * page_size from pragma_page_count, pragma_page_size'),
    vaults: number(`select count(*) from vaults where account_id <> ''`),
    archives: number('select count(*) from archives where deleted_at is null'),
  };
}

/** What is wrong with the database at `path`, found without going through every index; undefined when nothing is. */
export function integrityFault(path: string): string | undefined {
  try {
    using database = new DatabaseSync(path, { readOnly: true, timeout: PATIENCE_MS });
    const found = String(Object.values(database.prepare('pragma quick_check(1)').get() ?? {})[0]);
    return found === 'ok' ? undefined : found;
  } catch (error) {
    const { errcode = 0, message } = error as Error & { errcode?: number };
    if ([SQLITE_CORRUPT, SQLITE_NOTADB, SQLITE_CANTOPEN].includes(errcode & 0xff)) return message;
    throw error;
  }
}

function syncFile(path: string): void {
  const file = openSync(path, 'r+');
  try {
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}
