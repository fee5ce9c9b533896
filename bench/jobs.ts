import { join } from 'node:path';
import { MIB } from '../src/model/limits.ts';
import { Connection, expectStatus } from './connection.ts';
import { checkPage, type ListedPage, pagesToList } from './job-pages.ts';
import { latenciesMs, queryMs, throughput } from './page-load.ts';
import type { Program } from './program.ts';
import { repeatedBody } from './repeated-body.ts';
import type { Row } from './report.ts';
import { inTurn } from './rounds.ts';
import { makeScratch, type Scratch } from './scratch.ts';
import { type SeededJob, seedJobs } from './seed-jobs.ts';
import { dataDirOf, startBare, startMoraine } from './servers.ts';
import { mean, median, quantile } from './statistics.ts';
import { listJobsTarget, VaultClient, vaultName } from './vault-client.ts';

const BARE = 'bare node:http, same JSON';
const CONNECTIONS = 8;

interface Servers {
  moraine: Program;
  bare: Program;
}

interface Effort {
  rounds: number;
  /** Requests of a round. */
  count: number;
}

/** ListJobs, 50 a page, in a vault of 100,000 jobs. */
export async function jobs({ quick }: { quick: boolean }): Promise<Row[]> {
  using scratch = makeScratch();
  const seeded = await seed(scratch, quick ? 10_000 : 100_000);
  await using moraine = await startMoraine(scratch.path);
  await using bare = await startBare(scratch.path);
  const servers = { moraine, bare };
  const pages = pagesToList(seeded);
  for (const page of pages) await prepare(servers, page);
  const effort = quick ? { rounds: 3, count: 100 } : { rounds: 6, count: 200 };
  const plainPages = pages.filter(({ filtered }) => !filtered);
  await throughputRows(servers, plainPages, { rounds: 1, count: 500 });
  return [
    ...(await throughputRows(servers, plainPages, { ...effort, count: effort.count * 5 })),
    ...queryRows(scratch, seeded),
    ...(await latencyRows(servers, pages, effort)),
  ];
}

/** A vault with one archive, made by the program itself, then filled while the program is not running. */
async function seed(scratch: Scratch, count: number): Promise<SeededJob[]> {
  {
    await using moraine = await startMoraine(scratch.path);
    const vault = new VaultClient(moraine);
    await vault.createVault();
    await vault.upload(repeatedBody(MIB));
  }
  return await seedJobs({ dataDir: dataDirOf(scratch.path), vaultName, count });
}

/** Checks Moraine's answer and teaches it to the bare server. */
async function prepare({ moraine, bare }: Servers, page: ListedPage): Promise<void> {
  const vault = new VaultClient(moraine);
  using plain = await Connection.open(bare.url);
  const text = await vault.listJobs(page.query);
  checkPage(page, text);
  const piece = Buffer.from(text, 'latin1');
  const head = `PUT ${listJobsTarget(page.query)} HTTP/1.1\r\nHost: bench\r\nContent-Length: ${piece.length}\r\n\r\n`;
  expectStatus(200, await plain.send(head, { body: { piece, sizeBytes: piece.length } }));
}

async function throughputRows({ moraine, bare }: Servers, pages: ListedPage[], { rounds, count }: Effort) {
  const load = { connections: CONNECTIONS, count };
  const rows: Row[] = [];
  for (const page of pages) {
    const samples = await inTurn(rounds, {
      bare: () => throughput(bare, page.query, load),
      moraine: () => throughput(moraine, page.query, load),
    });
    const rate = (name: keyof typeof samples): number => median(samples[name].map((one) => one.pagesPerSecond));
    // The system counts CPU time in steps of 10 ms, too coarse for the median of short rounds.
    const cpu = (name: keyof typeof samples): number => mean(samples[name].map((one) => one.cpuMicrosPerPage));
    rows.push(
      { case: page.name, value: rate('moraine'), unit: 'pages/s', against: { case: BARE, value: rate('bare') } },
      { case: page.name, value: cpu('moraine'), unit: 'CPU us/page', against: { case: BARE, value: cpu('bare') } },
    );
  }
  return rows;
}

/** All pages in the same rounds, since the last one is held against the first. */
async function latencyRows({ moraine, bare }: Servers, pages: ListedPage[], { rounds, count }: Effort): Promise<Row[]> {
  const contestants = pages.flatMap(({ name, query }) => [
    [`bare ${name}`, () => latenciesMs(bare, query, count)] as const,
    [name, () => latenciesMs(moraine, query, count)] as const,
  ]);
  const samples = await inTurn<string, number[]>(rounds, Object.fromEntries(contestants));
  const at = (share: number, name: string): number => quantile(samples[name]?.flat() ?? [], share);
  const rowsOf = ({ name }: ListedPage): Row[] =>
    Object.entries({ p50: 0.5, p99: 0.99 }).map(([label, share]) => ({
      case: `${name}, ${label}`,
      value: at(share, name),
      unit: 'ms',
      against: { case: BARE, value: at(share, `bare ${name}`) },
    }));
  const [first, last] = ['first page', 'last page'].map((name) => ({ case: `${name}, p99`, value: at(0.99, name) }));
  return [...pages.flatMap(rowsOf), ...(last ? [{ ...last, unit: 'ms', against: first }] : [])];
}

/** The database's own share. */
function queryRows({ path }: Scratch, seeded: readonly SeededJob[]): Row[] {
  const middle = seeded[Math.floor(seeded.length / 2)];
  if (middle === undefined) return [];
  const samples = queryMs(join(dataDirOf(path), 'metadata.sqlite'), middle, 1000);
  return [
    { case: 'SQLite alone, middle page, p50', value: median(samples), unit: 'ms' },
    { case: 'SQLite alone, middle page, p99', value: quantile(samples, 0.99), unit: 'ms' },
  ];
}
