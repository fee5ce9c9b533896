import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { noise } from '../support/hashes.ts';
import { send } from '../support/raw-client.ts';
import { startServer, type TestServer } from '../support/server.ts';
import { answerOf, incomingOf, inventory, retrieve, upload, VAULT } from './archives.ts';
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
import { saySeed, someOf, TIER_MS_MAX } from './tiers.ts';

/**
 * kill -9 before each file call of one upload: the calls are counted in a run that goes well, then one upload for each of
 * them is killed in front of it. The blob, the metadata and the answer are each written by a thread of their own. `npm test`
 * takes some of the calls, `npm run test:faults` all.
 */
const processOf = (server: TestServer): number => server.child.pid ?? 0;
const THREADS = {
  'the thread that writes the blob': {
    idOf: (server: TestServer) => poolThread(processOf(server)),
    calls: 'openat,pwrite64,fsync,fdatasync,rename,unlink,close',
    callsMin: 8,
    shortCount: 8,
    mayVary: false,
  },
  'the thread that writes the metadata': {
    idOf: (server: TestServer) => metadataThread(processOf(server)),
    calls: 'pwrite64,fsync,fdatasync,ftruncate',
    callsMin: 3,
    shortCount: 6,
    mayVary: false,
  },
  'the thread that writes the answer': {
    idOf: processOf,
    calls: 'write,writev',
    callsMin: 1,
    shortCount: 4,
    // It wakes other threads by writes too, where they are not awake: in a killed run the last of the calls may not come.
    mayVary: true,
  },
};

const bodyOf = (description: string): Buffer => noise(3000, description);

describe.runIf(straceMissing === undefined)('kill -9 before each call of', () => {
  test.concurrent.each(Object.entries(THREADS))(
    '%s leaves a whole archive or none',
    {
      timeout: TIER_MS_MAX,
    },
    async (what, thread) => {
      saySeed(`kill points of ${what}`);
      const dataDir = mkdtempSync(join(tmpdir(), 'moraine-kills-'));
      try {
        const acknowledged = new Map<string, string>();
        const { points, archiveId } = await goodRun(dataDir, thread);
        expect(points.length).toBeGreaterThanOrEqual(thread.callsMin);
        acknowledged.set(archiveId, 'good run');
        const tried = someOf(points, thread.shortCount);
        const survived: Point[] = [];
        for (const point of tried) {
          if (!(await killedRun(dataDir, { ...thread, point, acknowledged }))) survived.push(point);
        }
        expect(survived.length).toBeLessThan(tried.length);
        if (!thread.mayVary) expect(survived).toEqual([]);
        await using server = await started(dataDir);
        await check(server, acknowledged);
        for (const item of await inventory(server)) {
          expect((await retrieve(server, item.ArchiveId)).equals(bodyOf(item.ArchiveDescription))).toBe(true);
        }
      } finally {
        rmSync(dataDir, { recursive: true, force: true });
      }
    },
  );
});

type Thread = (typeof THREADS)[keyof typeof THREADS];

async function started(dataDir: string): Promise<TestServer> {
  return startServer({ dataDir, env: ONE_POOL_THREAD });
}

async function goodRun(dataDir: string, { idOf, calls }: Thread): Promise<{ points: Point[]; archiveId: string }> {
  await using server = await started(dataDir);
  await send(server, { method: 'PUT', path: VAULT });
  await inventory(server);
  await using tracing = await attach(idOf(server), ['-e', `trace=${calls}`]);
  const answer = await upload(server, { body: bodyOf('good run'), description: 'good run' });
  expect(answer.status).toBe(201);
  const points = pointsOf(await tracing.stop());
  return { points, archiveId: answer.header('x-amz-archive-id') ?? '' };
}

/** Checks what the kills before have left, then uploads and is killed before the given call. False when it was not. */
async function killedRun(
  dataDir: string,
  { idOf, point, acknowledged }: Thread & { point: Point; acknowledged: Map<string, string> },
): Promise<boolean> {
  await using server = await started(dataDir);
  await check(server, acknowledged);
  const description = `killed before ${point.name} ${point.nth}`;
  const ended = once(server.child, 'exit');
  await using _tracing = await attach(idOf(server), faultAt(point, 'signal=SIGKILL'));
  const answer = await answerOf(upload(server, { body: bodyOf(description), description }));
  if (answer === undefined) {
    expect(await ended).toEqual([null, 'SIGKILL']);
    return true;
  }
  expect(answer.status).toBe(201);
  acknowledged.set(answer.header('x-amz-archive-id') ?? '', description);
  return false;
}

/** Everything acknowledged is listed, what else is listed was sent once and whole, and nothing lies about. */
async function check(server: TestServer, acknowledged: ReadonlyMap<string, string>): Promise<void> {
  expect(incomingOf(server)).toEqual([]);
  const listed = await inventory(server);
  expect(listed.map((item) => item.ArchiveId)).toEqual(expect.arrayContaining([...acknowledged.keys()]));
  const descriptions = listed.map((item) => item.ArchiveDescription);
  expect(new Set(descriptions).size).toBe(descriptions.length);
  for (const item of listed) expect(item.ArchiveDescription).toMatch(/^(?:good run|killed before \w+ \d+)$/);
}
