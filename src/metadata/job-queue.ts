import { type Kysely, sql, type Transaction } from 'kysely';
import { type Job, type Lease, QUEUE_NAMES, type QueueName } from '../model/jobs.ts';
import { limits } from '../model/limits.ts';
import { goingKeys } from './going-vaults.ts';
import { toJob } from './job-rows.ts';
import { listed } from './json-list.ts';
import { inTransaction, Prepared } from './prepared.ts';
import { type Announcement, type EndedRow, type Publish, preparePublish } from './publications.ts';
import { refuseGivenUp } from './reclaim.ts';
import { type CountRunning, prepareCountRunning } from './running-bytes.ts';
import type { JobRow, Tables } from './tables.ts';

/** How a job ends. */
export interface JobEnd {
  lease: Lease;
  status: 'Succeeded' | 'Failed';
  statusMessage: string;
  /** Written by the job itself; the bytes are durable already. */
  output: { blobId: string; sizeBytes: number } | null;
  /** Where a range inventory goes on. */
  marker: string | null;
  nowMs: number;
  expiresAtMs: number;
  announcement: Announcement;
}

/** What a worker asks for. */
export interface Claim {
  nowMs: number;
  leaseUntilMs: number;
  /** Of the worker: the same for everything that it holds. */
  token: string;
  /** Where to look, in this order; everywhere, if nothing is said. */
  queues?: readonly QueueName[];
  limit: number;
}

/** Jobs as work: the row of a job is its entry in its queue. */
export class JobQueueRecords {
  readonly #db: Kysely<Tables>;
  readonly #due: Prepared<{ key: number }>;
  readonly #claimOf: Prepared<JobRow>;
  readonly #going: Prepared<{ key: number }>;
  readonly #nextDue: Prepared<Record<QueueName, number | null>>;
  readonly #end: Prepared<EndedRow & { standardBytes: number | null }>;
  readonly #countRunning: CountRunning;
  readonly #publish: Publish;

  constructor(db: Kysely<Tables>) {
    this.#db = db;
    this.#due = new Prepared(db, dueQuery(db));
    this.#claimOf = new Prepared(db, claimQuery(db));
    this.#going = new Prepared(db, goingKeys(db));
    this.#nextDue = new Prepared(db, nextDueQuery(db));
    this.#end = new Prepared(db, endQuery(db));
    this.#countRunning = prepareCountRunning(db);
    this.#publish = preparePublish(db);
  }

  /**
   * Claims jobs that are due for one worker until `leaseUntilMs`, of each queue those that have been due for longest, and
   * these first. A job whose worker died becomes due again when its lease ends; the token tells the two workers apart.
   */
  async claimDue({ nowMs, leaseUntilMs, token, queues = QUEUE_NAMES, limit }: Claim): Promise<Job[]> {
    return inTransaction(this.#db, async (trx) => {
      return (await this.#claim(trx, { nowMs, leaseUntilMs, token, queues, limit })).map(toJob);
    });
  }

  async #claim(trx: Transaction<Tables>, claim: Required<Claim>): Promise<JobRow[]> {
    const { nowMs, leaseUntilMs, token, queues, limit } = claim;
    const rows: JobRow[] = [];
    for (const queue of queues) {
      if (rows.length >= limit) break;
      const due = await this.#due.rows([queue, nowMs, limit - rows.length], trx);
      const keys = due.map(({ key }) => key);
      const claimed = await this.#claimOf.rows([leaseUntilMs, token, JSON.stringify(keys)], trx);
      // What an update returns has no order, and the lease is where the instant was that it was due.
      const places = new Map(keys.map((key, place) => [key, place]));
      rows.push(...claimed.sort((a, b) => Number(places.get(a.key)) - Number(places.get(b.key))));
    }
    // Those of deleted vaults are out of the way until their leases end, by when they are mostly removed.
    const going = new Set((await this.#going.rows([], trx)).map(({ key }) => key));
    return rows.filter((row) => !going.has(row.vault_key));
  }

  /**
   * Of the jobs that such a claim would take, ends those as failed whose rows cannot be read, for a claim that meets one takes
   * nothing; gives the others back. Nobody is told: the message would have to show the job. Returns their ids.
   */
  async failUnreadable({ claim, expiresAtMs }: { claim: Required<Claim>; expiresAtMs: number }): Promise<string[]> {
    return inTransaction(this.#db, async (trx) => {
      const rows = await this.#claim(trx, claim);
      const unreadable = rows.filter((row) => !isReadable(row));
      for (const { key } of unreadable) await this.#endOnce(trx, failure({ jobKey: key, ...claim, expiresAtMs }));
      await this.#giveBack(trx, { token: claim.token, jobKeys: rows.map(({ key }) => key) });
      return unreadable.map(({ id }) => id);
    });
  }

  /** How many jobs wait or run. */
  async countUnfinished(): Promise<number> {
    const row = await this.#db
      .selectFrom('jobs')
      .select((of) => of.fn.countAll<number>().as('count'))
      .where('due_at', 'is not', null)
      .executeTakeFirstOrThrow();
    return row.count;
  }

  /** When the next job of each queue becomes due, or null where none is waiting. */
  async nextDueAtMs(): Promise<Record<QueueName, number | null>> {
    const row = await this.#nextDue.first([...QUEUE_NAMES]);
    if (row === undefined) throw new Error('a statement without a table gave no row');
    return row;
  }

  /** Keeps what a worker holds of these jobs for longer; returns those it has not lost. */
  async renew(held: { token: string; jobKeys: readonly number[]; leaseUntilMs: number }): Promise<number[]> {
    if (held.jobKeys.length === 0) return [];
    const rows = await this.#db
      .updateTable('jobs')
      .set({ due_at: held.leaseUntilMs })
      .where('key', 'in', listed(held.jobKeys))
      .where('lease_token', '=', held.token)
      .where('vault_key', 'not in', goingKeys(this.#db))
      .returning('key')
      .execute();
    return rows.map(({ key }) => key);
  }

  /** Gives a job back, to be tried again at `dueAtMs`; false when the lease was lost. */
  async release({ lease, dueAtMs }: { lease: Lease; dueAtMs: number }): Promise<boolean> {
    const result = await this.#db
      .updateTable('jobs')
      .set({ due_at: dueAtMs, lease_token: null })
      .where('key', '=', lease.jobKey)
      .where('lease_token', '=', lease.token)
      .executeTakeFirst();
    return result.numUpdatedRows > 0n;
  }

  /**
   * Gives back what a worker holds of these jobs and has not begun, as if never claimed: they were due before all that still
   * waits, and are again.
   */
  async giveBack(held: { token: string; jobKeys: readonly number[] }): Promise<void> {
    if (held.jobKeys.length > 0) await this.#giveBack(this.#db, held);
  }

  async #giveBack(db: Kysely<Tables>, held: { token: string; jobKeys: readonly number[] }): Promise<void> {
    await db
      .updateTable('jobs')
      .set((eb) => ({ due_at: 0, lease_token: null, attempts: eb('attempts', '-', 1) }))
      .where('key', 'in', listed(held.jobKeys))
      .where('lease_token', '=', held.token)
      .execute();
  }

  /**
   * Ends every lease: the jobs are due at once. For the start of the only process that can have leases. Jobs that were held
   * at the end of a process before run alone, so that one that ends the process takes no others along in the end.
   */
  async releaseAll(): Promise<void> {
    await this.#db
      .updateTable('jobs')
      .set((eb) => ({
        due_at: 0,
        lease_token: null,
        queue: eb
          .case()
          .when('attempts', '>=', limits.jobAttemptsBesideMax)
          .then<QueueName>('alone')
          .else(eb.ref('queue'))
          .end(),
      }))
      // Every token is greater; said like this, the index of leases serves.
      .where('lease_token', '>', '')
      .execute();
  }

  /**
   * Writes a job's end, and the messages that tell of it, once. Undefined when the lease was lost, or the job is gone, and
   * then nothing is written.
   */
  async end(end: JobEnd): Promise<{ messages: number } | undefined> {
    return inTransaction(this.#db, async (trx) => {
      if (end.output !== null) await refuseGivenUp(trx, end.output.blobId);
      const ended = await this.#endOnce(trx, end);
      return ended && { messages: await this.#publish(trx, { ended, ...end }) };
    });
  }

  async #endOnce(trx: Transaction<Tables>, end: Ending): Promise<EndedRow | undefined> {
    const ended = await this.#end.first(endParameters(end), trx);
    if (ended === undefined) return undefined;
    const { vaultKey, standardBytes } = ended;
    if (standardBytes !== null) await this.#countRunning(trx, { vaultKey, sizeBytes: -standardBytes });
    return ended;
  }
}

/** The end of a job, without the messages. */
type Ending = Omit<JobEnd, 'announcement'>;

function failure(of: { jobKey: number; token: string; nowMs: number; expiresAtMs: number }): Ending {
  const { nowMs, expiresAtMs, ...lease } = of;
  const nothing = { output: null, marker: null };
  return { lease, status: 'Failed', statusMessage: 'The job cannot be read.', ...nothing, nowMs, expiresAtMs };
}

function isReadable(row: JobRow): boolean {
  try {
    toJob(row);
    return true;
  } catch {
    return false;
  }
}

const dueQuery = (db: Kysely<Tables>) =>
  db
    .selectFrom('jobs')
    .select('key')
    .where('queue', '=', 'bulk')
    .where('due_at', '<=', 0)
    .orderBy('due_at')
    .orderBy('key')
    .limit(1);

const claimQuery = (db: Kysely<Tables>) =>
  db
    .updateTable('jobs')
    .set((eb) => ({ due_at: 0, lease_token: '', attempts: eb('attempts', '+', sql.lit(1)) }))
    .where('key', 'in', listed([]))
    .returningAll();

/** A row with a column for each queue. */
function nextDueQuery(db: Kysely<Tables>) {
  const dueOf = (queue: QueueName) =>
    db
      .selectFrom('jobs')
      .select('due_at')
      .where('queue', '=', queue)
      .where('due_at', 'is not', null)
      .orderBy('due_at')
      .limit(sql.lit(1));
  return db
    .selectNoFrom(QUEUE_NAMES.map((queue) => dueOf(queue).as(queue)))
    .$castTo<Record<QueueName, number | null>>();
}

const endQuery = (db: Kysely<Tables>) =>
  db
    .updateTable('jobs')
    .set((eb) => ({
      status: 'Succeeded',
      completed: sql.lit(1),
      status_message: '',
      completed_at: 0,
      expires_at: 0,
      due_at: sql.lit(null),
      lease_token: sql.lit(null),
      output_blob_id: '',
      output_size_bytes: 0,
      inventory_marker: eb
        .case()
        .when(eb.val(''), '=', sql.lit('Succeeded'))
        .then(eb.val(''))
        .else(eb.ref('inventory_marker'))
        .end(),
    }))
    .where('key', '=', 0)
    .where('lease_token', '=', '')
    .where('status', '=', sql.lit('InProgress'))
    .where('vault_key', 'not in', goingKeys(db))
    .returning(['key', 'vault_key as vaultKey', 'kind', 'sns_topic as snsTopic'])
    .returning((eb) =>
      eb
        .case()
        .when('tier', '=', sql.lit('Standard'))
        .then(sql<number>`range_end_byte - range_start_byte + 1`)
        .end()
        .as('standardBytes'),
    );

/** In the order of the statement above. */
const endParameters = ({ lease, status, statusMessage, output, marker, nowMs, expiresAtMs }: Ending) => [
  ...[status, statusMessage, nowMs, expiresAtMs],
  ...[output?.blobId ?? null, output?.sizeBytes ?? null],
  ...[status, marker],
  ...[lease.jobKey, lease.token],
];
