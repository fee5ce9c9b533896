import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { startServer, type TestServer } from '../support/server.ts';
import { checkAcknowledged, checkToTheEnd } from './acknowledged.ts';
import { Ledger } from './ledger.ts';
import { newDirectory } from './places.ts';
import {
  attach,
  faultAt,
  metadataThread,
  ONE_POOL_THREAD,
  type Point,
  pointsOf,
  poolThread,
  straceMissing,
} from './strace.ts';
import { SEED, saySeed, seeded, someOf, TIER_MS_MAX } from './tiers.ts';
import { client, type DeedName } from './traffic.ts';

/**
 * kill -9 before each file call of one deed of a client: the calls are counted in a run that goes well, then one deed for each
 * of them is killed in front of it. The blobs, the metadata and the answer are each written by a thread of their own. `npm
 * test` takes some of the calls, `npm run test:faults` all.
 */
const processOf = (server: TestServer): number => server.child.pid ?? 0;
const THREADS = {
  blobs: {
    idOf: (server: TestServer) => poolThread(processOf(server)),
    calls: 'openat,pwrite64,pwritev,fsync,fdatasync,rename,unlink,close',
  },
  metadata: {
    idOf: (server: TestServer) => metadataThread(processOf(server)),
    calls: 'pwrite64,fsync,fdatasync,ftruncate',
  },
  // It wakes other threads by writes too, where they are not awake: in a killed run the last of the calls may not come.
  answer: { idOf: processOf, calls: 'write,writev' },
};

interface Killed {
  deed: DeedName;
  thread: keyof typeof THREADS;
  callsMin: number;
  shortCount: number;
}

const KILLED: Killed[] = [
  { deed: 'uploadSmall', thread: 'blobs', callsMin: 2, shortCount: 2 },
  { deed: 'uploadSmall', thread: 'metadata', callsMin: 3, shortCount: 1 },
  { deed: 'uploadSmall', thread: 'answer', callsMin: 1, shortCount: 1 },
  { deed: 'uploadLarge', thread: 'blobs', callsMin: 8, shortCount: 2 },
  { deed: 'uploadInParts', thread: 'blobs', callsMin: 8, shortCount: 1 },
  { deed: 'uploadInParts', thread: 'metadata', callsMin: 8, shortCount: 1 },
  { deed: 'abort', thread: 'metadata', callsMin: 3, shortCount: 1 },
  { deed: 'deleteArchive', thread: 'metadata', callsMin: 2, shortCount: 1 },
  { deed: 'changeVaults', thread: 'metadata', callsMin: 2, shortCount: 1 },
];
/** There for what deletes some. */
const ARCHIVES = 6;

describe.runIf(straceMissing === undefined)('F-02 F-03 F-04 F-05 kill -9 before each call', () => {
  test.each(Object.keys(THREADS) as (keyof typeof THREADS)[])(
    'of the thread for the %s loses nothing and brings nothing back',
    { timeout: TIER_MS_MAX },
    async (thread) => {
      saySeed(`kill points, ${thread}`);
      const run = { dataDir: newDirectory('kills'), ledger: new Ledger(), random: seeded(SEED, 80) };
      try {
        for (const killed of KILLED) if (killed.thread === thread) await killAll(run, killed);
        await using server = await started(run.dataDir);
        await checkAcknowledged(server, run.ledger);
        await checkToTheEnd(server, run.ledger);
      } finally {
        rmSync(run.dataDir, { recursive: true, force: true });
      }
    },
  );
});

async function killAll(run: Run, { deed, thread, callsMin, shortCount }: Killed): Promise<void> {
  const points = await goodRun(run, { ...THREADS[thread], deed });
  expect(points.length).toBeGreaterThanOrEqual(callsMin);
  const tried = someOf(points, shortCount);
  const survived: Point[] = [];
  for (const point of tried) {
    if (!(await killedRun(run, { ...THREADS[thread], deed, point }))) survived.push(point);
  }
  process.stderr.write(`${deed}: killed before ${tried.length - survived.length} of ${points.length} calls\n`);
  // A call of something else that the server did may have been counted, and need not come again.
  expect(survived.length).toBeLessThan(tried.length);
}

interface Run {
  dataDir: string;
  ledger: Ledger;
  random: () => number;
}
type Thread = (typeof THREADS)[keyof typeof THREADS] & Pick<Killed, 'deed'>;

const started = (dataDir: string): Promise<TestServer> => startServer({ dataDir, env: ONE_POOL_THREAD });

async function goodRun({ dataDir, ...given }: Run, { idOf, calls, deed }: Thread): Promise<Point[]> {
  await using server = await started(dataDir);
  await checkAcknowledged(server, given.ledger);
  await client(server, { ...given, deeds: ['uploadSmall'], countMax: ARCHIVES });
  await using tracing = await attach(idOf(server), ['-e', `trace=${calls}`]);
  await client(server, { ...given, deeds: [deed], countMax: 1 });
  return pointsOf(await tracing.stop());
}

/** Checks what the kills before have left, then does it and is killed before the given call. False when it was not. */
async function killedRun(
  { dataDir, ...given }: Run,
  { idOf, deed, point }: Thread & { point: Point },
): Promise<boolean> {
  await using server = await started(dataDir);
  await checkAcknowledged(server, given.ledger);
  await client(server, { ...given, deeds: ['uploadSmall'], countMax: 1 });
  const ended = once(server.child, 'exit');
  await using _tracing = await attach(idOf(server), faultAt(point, 'signal=SIGKILL'));
  const isOver = await client(server, { ...given, deeds: [deed], countMax: 1 });
  if (isOver) return false;
  expect(await ended).toEqual([null, 'SIGKILL']);
  return true;
}
