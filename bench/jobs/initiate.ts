import { DatabaseSync } from 'node:sqlite';
import type { ArchiveRow } from '../../src/metadata/tables.ts';
import { MIB, SECOND_MS } from '../../src/model/limits.ts';
import { repeatedBody } from '../repeated-body.ts';
import type { Row as Figures } from '../report.ts';
import { inTurn } from '../rounds.ts';
import { makeScratch, type Scratch } from '../scratch.ts';
import { preparedInsert, type Row } from '../seeding/bulk.ts';
import { JobRows } from '../seeding/job-rows.ts';
import { SeededJobs, seedPlan } from '../seeding/plan.ts';
import { metadataPathOf } from '../seeding/seed.ts';
import { dataDirOf, NOT_DUE, startMoraine } from '../servers.ts';
import { type Loaded, loaded, type Repeated } from '../signed-load.ts';
import { mean, median, quantile } from '../statistics.ts';
import { initiateJobRequest, VAULT_NAME, VaultClient, vaultPath } from '../vault-client.ts';

/** InitiateJob, each job durable before its answer, from one client and from many; none becomes due meanwhile. */
const CLIENTS = [1, 8, 64] as const;
const KINDS = ['archive-retrieval', 'inventory-retrieval'] as const;
const RAW_JOBS = 2_000_000;

export async function initiate({ quick }: { quick: boolean }): Promise<Figures[]> {
  using scratch = makeScratch();
  using rawScratch = makeScratch();
  using raw = await RawInserts.open(rawScratch);
  const archiveId = await makeVault(scratch);
  const contestants: Record<string, () => Promise<Loaded>> = {};
  let acknowledged = 0;
  {
    await using moraine = await startMoraine(scratch.path, { retrievalTimes: NOT_DUE });
    const seconds = quick ? 0.5 : 2;
    for (const connections of CLIENTS) {
      contestants[`raw ${connections}`] = async () => raw.insert(connections, seconds);
      for (const kind of KINDS) {
        contestants[`${kind} ${connections}`] = async () => {
          const done = await loaded(moraine, requestOf(kind, archiveId), { connections, seconds });
          acknowledged += done.done;
          return done;
        };
      }
    }
    await inTurn(1, contestants);
    const samples = await inTurn(quick ? 3 : 6, contestants);
    await moraine[Symbol.asyncDispose]();
    expectJobs(scratch, acknowledged);
    return [...KINDS.flatMap((kind) => rowsOf(kind, samples)), ...rawRows(samples)];
  }
}

function requestOf(kind: (typeof KINDS)[number], archiveId: string): Repeated {
  const parameters = kind === 'archive-retrieval' ? { ArchiveId: archiveId } : { Format: 'CSV' };
  const description = { Description: 'nightly run 17' };
  return { ...initiateJobRequest({ Type: kind, ...parameters, ...description }, vaultPath(VAULT_NAME)), status: 202 };
}

/** A vault with one archive; returns its id. */
async function makeVault(scratch: Scratch): Promise<string> {
  await using moraine = await startMoraine(scratch.path);
  const vault = new VaultClient(moraine);
  await vault.createVault();
  return await vault.upload(repeatedBody(MIB));
}

/** What was acknowledged and nothing else must be there. */
function expectJobs({ path }: Scratch, count: number): void {
  using database = new DatabaseSync(metadataPathOf(dataDirOf(path)), { readOnly: true });
  const found = Number(database.prepare('select count(*) as found from jobs').get()?.found);
  if (found !== count) throw new Error(`${count} jobs were acknowledged, and ${found} are there`);
}

/** Rows of the same table put in by SQLite alone, durable, so many to a commit. */
class RawInserts implements Disposable {
  readonly #database: DatabaseSync;
  readonly #rows: () => Row;
  readonly #insert: (row: Row) => void;

  private constructor(database: DatabaseSync, rows: () => Row) {
    this.#database = database;
    this.#rows = rows;
    this.#insert = preparedInsert(database, 'jobs', Object.keys(rows()));
  }

  static async open(scratch: Scratch): Promise<RawInserts> {
    await makeVault(scratch);
    const database = new DatabaseSync(metadataPathOf(dataDirOf(scratch.path)));
    database.exec('pragma journal_mode = wal; pragma synchronous = full');
    const archives = database.prepare('select * from archives').all() as unknown as ArchiveRow[];
    const plan = seedPlan({ jobs: RAW_JOBS });
    const jobs = new SeededJobs(plan);
    const rows = new JobRows(plan);
    let ordinal = 0;
    return new RawInserts(database, () => {
      ordinal += 1;
      return rows.of(jobs.at(ordinal), { archives, ordinal });
    });
  }

  insert(rowsPerCommit: number, seconds: number): Loaded {
    const cpuBefore = process.cpuUsage();
    const startedAt = performance.now();
    const latenciesMs: number[] = [];
    let done = 0;
    while (performance.now() < startedAt + seconds * SECOND_MS) {
      const begunAt = performance.now();
      this.#database.exec('begin immediate');
      for (let row = 0; row < rowsPerCommit; row += 1) this.#insert(this.#rows());
      this.#database.exec('commit');
      latenciesMs.push(performance.now() - begunAt);
      done += rowsPerCommit;
    }
    const { user, system } = process.cpuUsage(cpuBefore);
    const perSecond = (done * SECOND_MS) / (performance.now() - startedAt);
    return { done, perSecond, cpuMicrosEach: (user + system) / done, latenciesMs };
  }

  [Symbol.dispose](): void {
    this.#database.close();
  }
}

type Samples = Record<string, Loaded[]>;

const rate = (samples: Samples, name: string): number => median((samples[name] ?? []).map((one) => one.perSecond));
const cpu = (samples: Samples, name: string): number => mean((samples[name] ?? []).map((one) => one.cpuMicrosEach));
const rawName = (count: number): string => `SQLite alone, ${count === 1 ? '1 row' : `${count} rows`} a commit`;

function rowsOf(kind: string, samples: Samples): Figures[] {
  const rows = CLIENTS.flatMap((count): Figures[] => {
    const name = `${kind}, ${count === 1 ? '1 client' : `${count} clients`}`;
    const own = `${kind} ${count}`;
    const latencies = (samples[own] ?? []).flatMap((one) => one.latenciesMs);
    const against = { case: rawName(count), value: rate(samples, `raw ${count}`) };
    return [
      { case: name, value: rate(samples, own), unit: 'jobs/s', against },
      { case: name, value: cpu(samples, own), unit: 'CPU us/job' },
      { case: `${name}, p50`, value: median(latencies), unit: 'ms' },
      { case: `${name}, p99`, value: quantile(latencies, 0.99), unit: 'ms' },
    ];
  });
  const against = { case: '1 client', value: rate(samples, `${kind} 1`) };
  return [...rows, { case: `${kind}, 64 clients`, value: rate(samples, `${kind} 64`), unit: 'jobs/s', against }];
}

function rawRows(samples: Samples): Figures[] {
  const rows = CLIENTS.flatMap((count): Figures[] => [
    { case: rawName(count), value: rate(samples, `raw ${count}`), unit: 'jobs/s' },
    { case: rawName(count), value: cpu(samples, `raw ${count}`), unit: 'CPU us/job' },
  ]);
  const against = { case: rawName(1), value: rate(samples, 'raw 1') };
  return [...rows, { case: rawName(64), value: rate(samples, 'raw 64'), unit: 'jobs/s', against }];
}
