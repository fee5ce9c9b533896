import { Kysely, sql } from 'kysely';
import { limits } from '../model/limits.ts';
import { sqliteDdl } from './ddl.ts';
import { GroupCommit } from './group-commit.ts';
import { migrate } from './migrate.ts';
import { answersAtOnce } from './prepared.ts';
import type { MetadataSource } from './reader.ts';
import { type Call, createRecords, divide, type Operations } from './records.ts';
import { SharedSnapshot } from './shared-snapshot.ts';
import { openReader, openWriter, type SqliteOptions } from './sqlite.ts';
import { noTransactions, ownTransactions, sqliteDialect } from './sqlite-dialect.ts';
import type { Tables } from './tables.ts';
import type { ThreadedWriter } from './threaded-writer.ts';
import { Writer } from './writer.ts';

export interface OpenOptions extends SqliteOptions {
  /**
   * A thread that makes the changes, so that no fsync holds up this one; what a server wants, and too much for a single
   * command.
   */
  thread?: ThreadedWriter;
}

/** What carries out changes, wherever that is. */
interface Changes extends AsyncDisposable {
  call: (call: Call) => Promise<unknown>;
  /** For how long the oldest of the calls that are not answered has been waiting, in milliseconds. */
  readonly waitingMs: number;
}

/**
 * Everything the server knows about the bytes it keeps. Each method of the parts is one operation, atomic by itself: no
 * transaction leaves this folder. A change is durable when its promise resolves, and reads see what is durable.
 */
export type Metadata = Operations &
  AsyncDisposable & {
    /** Whether the database can be read now, and changed: a change that waits for long waits for a disk that does not answer. */
    answers: () => Promise<boolean>;
    /** Where another thread finds it. */
    source: MetadataSource;
  };

export const Metadata = {
  /**
   * Opens the SQLite database at `path`, making or upgrading it. Throws SchemaTooNewError for one of a newer release.
   * `onFatal` is told when the database's files fail: nothing may be acknowledged after that. Whoever opens it must be the
   * only one: leases found in it are those of a process that is gone, and are let go.
   */
  async openSqlite({ thread, ...options }: OpenOptions): Promise<Metadata> {
    await using parts = new AsyncDisposableStack();
    if (thread !== undefined) parts.use(thread);
    await prepare(options);
    await thread?.open(options);
    const changes = thread ?? parts.use(inThisThread(options));
    const snapshot = new SharedSnapshot(parts.use(openReader(options)));
    const db = new Kysely<Tables>({ dialect: sqliteDialect(snapshot, noTransactions) });
    answersAtOnce(db, (query) => snapshot.rows(query));
    // Whoever has heard of a change reads what has changed.
    const operations = divide(createRecords(db), (call) => changes.call(call).finally(() => snapshot.end()));
    const open = parts.move();
    return {
      ...operations,
      answers: async () => changes.waitingMs < limits.metadataStallMs && (await isReadable(db)),
      source: { kind: 'sqlite', path: options.path },
      [Symbol.asyncDispose]: () => open.disposeAsync(),
    };
  },
};

/** Brings the database up to date before anybody works with it. */
async function prepare(options: SqliteOptions): Promise<void> {
  using connection = openWriter(options);
  const db = new Kysely<Tables>({ dialect: sqliteDialect(connection, ownTransactions(connection)) });
  await migrate(db as Kysely<unknown>, sqliteDdl);
  // If the last process ended because an fsync failed, the log may hold commits that only seem to be on disk. Copied
  // into the database they are written and synced afresh, before anything is built on them.
  await sql`pragma wal_checkpoint(truncate)`.execute(db);
  const { jobQueue, deliveries } = createRecords(db);
  await jobQueue.releaseAll();
  await deliveries.releaseAll();
}

function inThisThread(options: SqliteOptions): Changes {
  const writer = new Writer(options);
  const commits = new GroupCommit(writer);
  return {
    // While a commit lasts, nobody can ask.
    waitingMs: 0,
    call: (call) => {
      const { promise, resolve, reject } = Promise.withResolvers<unknown>();
      commits.submit(call, (outcome) => ('error' in outcome ? reject(outcome.error) : resolve(outcome.value)));
      return promise;
    },
    [Symbol.asyncDispose]: async () => {
      await commits.idle();
      writer[Symbol.dispose]();
    },
  };
}

async function isReadable(db: Kysely<Tables>): Promise<boolean> {
  try {
    await db.selectFrom('vaults').select('key').limit(1).execute();
    return true;
  } catch {
    return false;
  }
}
