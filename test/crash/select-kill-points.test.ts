import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { startServer, type TestServer } from '../support/server.ts';
import { answerOf, ended } from './archives.ts';
import { checkAllEnded, jobIdOf, queried, startQuery } from './queries.ts';
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
import { isWhole, saySeed, someOf, TIER_MS_MAX } from './tiers.ts';

/**
 * kill -9 before the calls that a query makes from its request to its end: those that change something where its results
 * go, and those of the metadata, among them the commits of the job's birth (its first object is there, and it is not) and of
 * its end (its manifest is there, and it goes on). They are counted in a run that goes well, and then a job for each of
 * them is killed in front of it. `npm test` takes some, `npm run test:faults` all of them.
 */
const processOf = (server: TestServer): number => server.child.pid ?? 0;
const THREADS = {
  'the output': {
    idOf: (server: TestServer) => poolThread(processOf(server)),
    calls: 'openat,pwrite64,fsync,fdatasync,rename,link,unlink,mkdir,rmdir',
    isMeant: (call: string) =>
      call.includes('/select-output/') &&
      !call.includes(' = -1 ') &&
      (!call.startsWith('openat') || call.includes('O_CREAT')),
    callsMin: 30,
    shortCount: 3,
  },
  'the metadata': {
    idOf: (server: TestServer) => metadataThread(processOf(server)),
    calls: 'pwrite64,fsync,fdatasync,ftruncate',
    isMeant: () => true,
    callsMin: 6,
    shortCount: 2,
  },
};
const BODY = Buffer.from(Array.from({ length: 1000 }, (_, line) => `${line},"a, b"\n`).join(''));
type Thread = (typeof THREADS)[keyof typeof THREADS];

// Minutes long on two processors: of the whole tier only.
describe.runIf(isWhole && straceMissing === undefined)('F-06 kill -9 before each call that a query makes for', () => {
  test.concurrent.each(Object.entries(THREADS))(
    '%s leaves a job that ends well, or none',
    {
      timeout: TIER_MS_MAX,
    },
    async (what, thread) => {
      saySeed(`select kill points, ${what}`);
      const dataDir = mkdtempSync(join(tmpdir(), 'moraine-select-points-'));
      try {
        const archiveId = await arranged(dataDir);
        const acknowledged = new Set<string>();
        const points = await goodRun(dataDir, { ...thread, archiveId });
        expect(points.length).toBeGreaterThanOrEqual(thread.callsMin);
        const survived: Point[] = [];
        for (const point of someOf(points, thread.shortCount)) {
          const wasKilled = await killedRun(dataDir, { ...thread, point, archiveId, acknowledged });
          if (!wasKilled) survived.push(point);
        }
        expect(survived).toEqual([]);
        await using server = await started(dataDir);
        expect(await checkAllEnded(server, BODY)).toEqual(expect.arrayContaining([...acknowledged]));
      } finally {
        rmSync(dataDir, { recursive: true, force: true });
      }
    },
  );
});

async function started(dataDir: string): Promise<TestServer> {
  return startServer({ dataDir, env: ONE_POOL_THREAD });
}

/** Has the archive, and one query behind it: the first one makes the bucket, and compiles what its thread runs. */
async function arranged(dataDir: string): Promise<string> {
  await using server = await started(dataDir);
  const archiveId = await queried(server, BODY);
  await ended(server, jobIdOf(await startQuery(server, archiveId)));
  return archiveId;
}

async function goodRun(
  dataDir: string,
  { idOf, calls, isMeant, archiveId }: Thread & { archiveId: string },
): Promise<Point[]> {
  await using server = await started(dataDir);
  await using tracing = await attach(idOf(server), ['-y', '-e', `trace=${calls}`]);
  await ended(server, jobIdOf(await startQuery(server, archiveId)));
  return pointsOf(await tracing.stop()).filter(({ text }) => isMeant(text));
}

/** Checks what the kills before have left, then starts a job and is killed before the given call. False when it was not. */
async function killedRun(
  dataDir: string,
  { idOf, point, archiveId, acknowledged }: Thread & { point: Point; archiveId: string; acknowledged: Set<string> },
): Promise<boolean> {
  await using server = await started(dataDir);
  expect(await checkAllEnded(server, BODY)).toEqual(expect.arrayContaining([...acknowledged]));
  const death = once(server.child, 'exit');
  await using _tracing = await attach(idOf(server), faultAt(point, 'signal=SIGKILL'));
  const answer = await answerOf(startQuery(server, archiveId));
  if (answer !== undefined) acknowledged.add(jobIdOf(answer));
  if (answer !== undefined && (await answerOf(ended(server, jobIdOf(answer)))) !== undefined) return false;
  expect(await death).toEqual([null, 'SIGKILL']);
  return true;
}
