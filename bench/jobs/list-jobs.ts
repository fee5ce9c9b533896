import { GIB } from '../../src/model/limits.ts';
import { expectFreeDisk } from '../free-disk.ts';
import type { Program } from '../program.ts';
import type { Row } from '../report.ts';
import { inTurn } from '../rounds.ts';
import { makeScratch } from '../scratch.ts';
import { startBare } from '../servers.ts';
import { type Loaded, loaded, openClient } from '../signed-load.ts';
import { mean, median, quantile } from '../statistics.ts';
import { PageQueries } from './page-query.ts';
import type { ListedPage } from './pages.ts';
import { checkAnswers, listTarget, openScale, type Scale, type Size } from './scale.ts';

/**
 * ListJobs, 50 a page, at the first, middle and last page, through every filter, in vaults of several sizes whose servers
 * run at the same time: what they are held against each other for takes its turns with them.
 */
const BARE_LIST = 'bare node:http + SQLite, same page';
const BARE_TEXT = 'bare node:http, same text';
const CONNECTIONS = 8;
const SIZES: readonly Size[] = [
  { name: '1 thousand', vaults: 1, jobs: 1000 },
  { name: '1 million', vaults: 1, jobs: 1_000_000 },
  { name: '10 million', vaults: 1, jobs: 10_000_000 },
  { name: '1,000 vaults of 1 thousand', vaults: 1000, jobs: 1_000_000 },
];
const QUICK_SIZES: readonly Size[] = [
  { name: '1 thousand', vaults: 1, jobs: 1000 },
  { name: '20 thousand', vaults: 1, jobs: 20_000 },
  { name: '20 vaults of 1 thousand', vaults: 20, jobs: 20_000 },
];
/** With its indexes, and what sorting them takes meanwhile. */
const BYTES_PER_JOB = 1100;

interface Effort {
  rounds: number;
  /** Pages of a round. */
  count: number;
}

export async function listJobs({ quick }: { quick: boolean }): Promise<Row[]> {
  const sizes = quick ? QUICK_SIZES : SIZES;
  const jobs = sizes.reduce((sum, size) => sum + size.jobs, 0);
  expectFreeDisk(`the group jobs, with ${jobs.toLocaleString('en')} jobs,`, jobs * BYTES_PER_JOB + GIB);
  await using resources = new AsyncDisposableStack();
  const scratch = resources.use(makeScratch());
  const bareText = resources.use(await startBare(scratch.path));
  const scales: Scale[] = [];
  for (const size of sizes) scales.push(await openScale(size, resources));
  const rates: PageRate[] = [];
  const waits: PageWait[] = [];
  for (const scale of scales) {
    await checkAnswers(scale, bareText);
    await measureRates(scale, bareText, { rounds: 1, count: CONNECTIONS });
    rates.push(...(await measureRates(scale, bareText, quick ? { rounds: 2, count: 40 } : { rounds: 5, count: 300 })));
  }
  const pages = scales[0]?.pages.length ?? 0;
  for (let number = 0; number < pages; number += 1) {
    waits.push(...(await measureWaits(scales, number, quick ? { rounds: 4, count: 10 } : { rounds: 40, count: 50 })));
  }
  return [
    ...rates.flatMap(rateRows),
    ...scales.flatMap(queryRows),
    ...waits.flatMap(waitRows),
    ...summary(rates, waits),
  ];
}

type Way = 'bareText' | 'bareList' | 'moraine';

interface PageRate {
  name: string;
  page: ListedPage;
  perSecond: Record<Way, number>;
  cpuMicros: Record<Way, number>;
}

async function measureRates(scale: Scale, bareText: Program, { rounds, count }: Effort): Promise<PageRate[]> {
  const load = { connections: CONNECTIONS, count };
  const rates: PageRate[] = [];
  for (const page of scale.pages) {
    const request = { method: 'GET', target: listTarget(scale.vaultName, page) };
    const samples = await inTurn<Way, Loaded>(rounds, {
      bareText: () => loaded(bareText, request, load),
      bareList: () => loaded(scale.bareList, { method: 'GET', target: `/${page.bareQuery}` }, load),
      moraine: () => loaded(scale.moraine, request, load),
    });
    const of = (pick: (way: Way) => number): Record<Way, number> => ({
      bareText: pick('bareText'),
      bareList: pick('bareList'),
      moraine: pick('moraine'),
    });
    rates.push({
      name: `${scale.name}, ${page.name}`,
      page,
      perSecond: of((way) => median(samples[way].map((one) => one.perSecond))),
      // The system counts CPU time in steps of 10 ms, too coarse for the median of short rounds.
      cpuMicros: of((way) => mean(samples[way].map((one) => one.cpuMicrosEach))),
    });
  }
  return rates;
}

function rateRows({ name, page, perSecond, cpuMicros }: PageRate): Row[] {
  const row = (unit: string, of: Record<Way, number>, reference: 'bareText' | 'bareList'): Row => ({
    case: name,
    value: of.moraine,
    unit,
    against: { case: reference === 'bareList' ? BARE_LIST : BARE_TEXT, value: of[reference] },
  });
  const held = row('pages/s', perSecond, 'bareList');
  if (Object.keys(page.filter).length > 0) return [held];
  return [held, row('pages/s', perSecond, 'bareText'), row('CPU us/page', cpuMicros, 'bareList')];
}

interface PageWait {
  name: string;
  /** Of the smallest scale at the same page. */
  least: number[];
  samplesMs: number[];
  isLeast: boolean;
}

/** One page at all scales in turn, on connections that stay open. */
async function measureWaits(scales: readonly Scale[], number: number, { rounds, count }: Effort): Promise<PageWait[]> {
  using clients = new DisposableStack();
  const contestants: Record<string, () => Promise<number[]>> = {};
  for (const scale of scales) {
    const page = scale.pages[number];
    if (page === undefined) throw new Error('the scales have different pages');
    const request = { method: 'GET', target: listTarget(scale.vaultName, page) };
    const client = clients.use(await openClient(scale.moraine, request));
    contestants[`${scale.name}, ${page.name}`] = () => client.latenciesMs(count);
  }
  await inTurn(1, contestants);
  const samples = Object.entries(await inTurn(rounds, contestants)).map(
    ([name, lists]) => [name, lists.flat()] as const,
  );
  const least = samples[0]?.[1] ?? [];
  return samples.map(([name, samplesMs]) => ({ name, least, samplesMs, isLeast: samplesMs === least }));
}

function waitRows({ name, least, samplesMs, isLeast }: PageWait): Row[] {
  return Object.entries({ p50: 0.5, p99: 0.99 }).map(([label, share]) => ({
    case: `${name}, ${label}`,
    value: quantile(samplesMs, share),
    unit: 'ms',
    ...(isLeast ? {} : { against: { case: `the smallest, ${label}`, value: quantile(least, share) } }),
  }));
}

const QUERIES = 500;

/** The database's own share, in the benchmark's process. */
function queryRows({ name, pages, databasePath, vaultName }: Scale): Row[] {
  using queries = new PageQueries(databasePath, vaultName);
  const samples = pages.map(({ filter, after }) =>
    Array.from({ length: QUERIES }, () => {
      const startedAt = performance.now();
      queries.rows(filter, after);
      return performance.now() - startedAt;
    }),
  );
  const slowest = samples.toSorted((a, b) => median(b) - median(a))[0] ?? [];
  return [
    { case: `${name}, SQLite alone, all pages, p50`, value: median(samples.flat()), unit: 'ms' },
    { case: `${name}, SQLite alone, slowest page, p50`, value: median(slowest), unit: 'ms' },
  ];
}

/** The worst of all pages and filters, which is what a promise must hold for, and all of them together. */
function summary(rates: readonly PageRate[], waits: readonly PageWait[]): Row[] {
  const share = ({ perSecond }: PageRate): number => perSecond.moraine / perSecond.bareList;
  const growth = ({ samplesMs, least }: PageWait): number => quantile(samplesMs, 0.99) / quantile(least, 0.99);
  const lowest = rates.toSorted((a, b) => share(a) - share(b))[0];
  const largest = waits.filter(({ isLeast }) => !isLeast).toSorted((a, b) => growth(b) - growth(a))[0];
  return [
    ...sharesBySize(rates),
    ...(lowest ? rateRows(lowest).slice(0, 1) : []).map((row) => ({ ...row, case: `lowest share: ${row.case}` })),
    ...(largest ? waitRows(largest).slice(1) : []).map((row) => ({ ...row, case: `largest growth: ${row.case}` })),
    ...pooledGrowth(waits),
  ];
}

const sizeOf = ({ name }: { name: string }): string => name.replace(/, (?:first|middle|last) page.*$/, '');

/** The mean page of each scale, which is steadier than any single one. */
function sharesBySize(rates: readonly PageRate[]): Row[] {
  return Object.entries(Object.groupBy(rates, sizeOf)).flatMap(([size, of = []]): Row[] => {
    const row = (unit: string, pick: (rate: PageRate) => Record<Way, number>): Row => ({
      case: `${size}, all pages`,
      value: mean(of.map((rate) => pick(rate).moraine)),
      unit,
      against: { case: BARE_LIST, value: mean(of.map((rate) => pick(rate).bareList)) },
    });
    return [row('pages/s', ({ perSecond }) => perSecond), row('CPU us/page', ({ cpuMicros }) => cpuMicros)];
  });
}

/** All pages and filters of a scale as one, which is steadier than the worst of many. */
function pooledGrowth(waits: readonly PageWait[]): Row[] {
  const bySize = Object.groupBy(waits, sizeOf);
  const all = (of: readonly PageWait[] = []): number =>
    quantile(
      of.flatMap(({ samplesMs }) => samplesMs),
      0.99,
    );
  const [[leastName = '', least] = [], ...larger] = Object.entries(bySize);
  const against = { case: `${leastName}, all pages`, value: all(least) };
  return larger.map(([name, of]) => ({ case: `${name}, all pages, p99`, value: all(of), unit: 'ms', against }));
}
