import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Caller, withCaller } from '../support/kept-connection.ts';
import { send } from '../support/raw-client.ts';
import { startServer, type TestServer } from '../support/server.ts';
import { JobLedger, type Shapes } from './job-ledger.ts';
import { clients } from './job-load.ts';
import { attach, type SystemCall, straceMissing, systemCalls } from './strace.ts';
import { between, byTier, SEED, saySeed, seeded, TIER_MS_MAX } from './tiers.ts';

/**
 * Many InitiateJobs at once, which share commits, and faults at the file calls of these. The files of the database may be
 * written by any thread, so all of them are traced, and a job is found in what is written by its description.
 */
const FAILING_SYNCS = byTier({ short: 3, whole: 30 });
const KILL_POINTS_MAX = byTier({ short: 6, whole: Number.POSITIVE_INFINITY });
const CLIENTS = 32;
/** A server that has no reason to end is not waited for longer. */
const END_MS_MAX = 30_000;
const TRACED = 'pwrite64,fsync,fdatasync,ftruncate,write,writev';
const FLAGS = ['--retrieval-times', 'inventory=1d'];
const SHAPES: Shapes = {
  inventory: { parameters: { Type: 'inventory-retrieval' }, document: { StatusCode: 'InProgress' } },
};
/** A page of the database is 4096 bytes, of which each takes up to four characters in a trace. */
const WHOLE_TEXTS = ['-f', '-y', '-s', '20000'];

let dataDir = '';
let ledger = new JobLedger('shared', SHAPES);
beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'moraine-shared-'));
  ledger = new JobLedger('shared', SHAPES);
});
afterEach(() => rmSync(dataDir, { recursive: true, force: true }));

const processOf = (server: TestServer): number => server.child.pid ?? 0;

/** Starts a server that has everything acknowledged before. */
async function started(): Promise<TestServer> {
  await using owned = new AsyncDisposableStack();
  const server = owned.use(await startServer({ dataDir, flags: FLAGS }));
  await send(server, { method: 'PUT', path: '/-/vaults/shared' });
  await withCaller(server, (call) => ledger.check(call));
  owned.move();
  return server;
}

interface Acknowledged {
  note: string;
  jobId: string;
}

/** Each client starts jobs one after the other, `each` at most; returns those that were acknowledged. */
async function startJobs(server: TestServer, { name, each }: { name: string; each: number }): Promise<Acknowledged[]> {
  const acknowledged: Acknowledged[] = [];
  const begun = new Map<Caller, number>();
  let count = 0;
  const deed = async (call: Caller): Promise<boolean> => {
    begun.set(call, (begun.get(call) ?? 0) + 1);
    count += 1;
    // Ended by a letter, so that none is the beginning of another.
    const note = `${name}-${count}e`;
    const answer = await ledger.start(call, { shape: 'inventory', note });
    if (answer?.status === 202) acknowledged.push({ note, jobId: answer.header('x-amz-job-id') ?? '' });
    else if (answer !== undefined) ledger.mayHaveMade({ shape: 'inventory', note });
    return answer?.status === 202 && (begun.get(call) ?? 0) < each;
  };
  await clients(server, { count: CLIENTS, deed });
  return acknowledged;
}

const isSync = ({ text }: SystemCall): boolean => /^f(?:data)?sync\(\d+<[^>]*\/metadata\.sqlite-wal>/.test(text);

/** Those acknowledged without a sync that went well between the write of the job into the log and that of the answer. */
function tooEarly(calls: readonly SystemCall[], acknowledged: readonly Acknowledged[]): Acknowledged[] {
  const logged = calls.filter(({ text }) => /^pwrite64\(\d+<[^>]*\/metadata\.sqlite-wal>/.test(text));
  const syncs = calls.filter((call) => isSync(call) && / = 0$/.test(call.text));
  const answers = calls.filter(({ text }) => /^writev?\(\d+<(?:TCP|socket).*HTTP\/1\.1 202/.test(text));
  return acknowledged.filter(({ note, jobId }) => {
    const written = logged.find(({ text }) => text.includes(note));
    const answered = answers.find(({ text }) => text.includes(jobId));
    if (written === undefined || answered === undefined) return true;
    return !syncs.some((sync) => sync.beganAt > written.endedAt && sync.endedAt < answered.beganAt);
  });
}

describe.runIf(straceMissing === undefined)('jobs that many clients start at once', () => {
  test('are acknowledged after the sync of what holds them, which they share', async () => {
    await using server = await started();
    await using tracing = await attach(processOf(server), [...WHOLE_TEXTS, '-e', `trace=${TRACED}`]);
    const acknowledged = await startJobs(server, { name: 'order', each: 5 });
    expect(acknowledged).toHaveLength(CLIENTS * 5);
    const calls = systemCalls(await tracing.stop());
    expect(tooEarly(calls, acknowledged).slice(0, 5)).toEqual([]);
    expect(calls.filter(isSync).length).toBeLessThan(acknowledged.length / 2);
  });

  test('are not acknowledged after a sync that fails, which ends the process', { timeout: TIER_MS_MAX }, async () => {
    saySeed('failing syncs');
    const random = seeded(SEED, 5);
    for (let run = 0; run < FAILING_SYNCS; run += 1) {
      await using server = await started();
      const ended = once(server.child, 'exit');
      const late = sleep(END_MS_MAX, ['still there after a failed sync'], { ref: false });
      const fault = `inject=fsync,fdatasync:error=EIO:when=${Math.floor(between(random, { min: 1, max: 12 }))}`;
      await using tracing = await attach(processOf(server), [...WHOLE_TEXTS, '-e', `trace=${TRACED}`, '-e', fault]);
      const starting = startJobs(server, { name: `failing-${run}`, each: Number.POSITIVE_INFINITY });
      expect(await Promise.race([ended, late])).toEqual([1, null]);
      const acknowledged = await starting;
      const calls = systemCalls(await tracing.stop());
      expect(tooEarly(calls, acknowledged).slice(0, 5)).toEqual([]);
      const syncs = calls.filter(isSync);
      expect(syncs.map(({ text }) => text.includes('(INJECTED)')).indexOf(true)).toBe(syncs.length - 1);
      expect(server.stderr()).toContain('"errcode":1034');
    }
    await using _ = await started();
  });

  test('are there or not after kill -9 before each call of a commit', { timeout: TIER_MS_MAX }, async () => {
    const points = spread(await pointsOfGoodRun(), KILL_POINTS_MAX);
    const survived: Point[] = [];
    for (const point of points) {
      await using server = await started();
      const ended = once(server.child, 'exit');
      const fault = ['-f', '-e', `trace=${point.name}`, '-e', `inject=${point.name}:signal=SIGKILL:when=${point.nth}`];
      await using _tracing = await attach(processOf(server), fault);
      const acknowledged = await startJobs(server, { name: `${point.name}-${point.nth}`, each: 1 });
      if (acknowledged.length === CLIENTS) survived.push(point);
      else expect(await ended).toEqual([null, 'SIGKILL']);
    }
    // Requests do not fall into commits in the same way each time.
    expect(survived.length).toBeLessThanOrEqual(points.length / 3);
    await using _ = await started();
    process.stderr.write(`kills in commits: ${points.length - survived.length} of ${points.length} calls\n`);
  });
});

/** Before the n-th call of this name on whichever thread comes to it first: strace counts for each thread and name. */
interface Point {
  name: string;
  nth: number;
}

async function pointsOfGoodRun(): Promise<Point[]> {
  await using server = await started();
  await using tracing = await attach(processOf(server), ['-f', '-e', `trace=${TRACED}`]);
  expect(await startJobs(server, { name: 'good', each: 1 })).toHaveLength(CLIENTS);
  const counts = new Map<string, number>();
  for (const line of await tracing.stop()) {
    const [, thread, name] = /^(\d+) +(\w+)\(/.exec(line) ?? [];
    if (name !== undefined) counts.set(`${thread} ${name}`, (counts.get(`${thread} ${name}`) ?? 0) + 1);
  }
  const most = new Map<string, number>();
  for (const [key, count] of counts) {
    const name = key.split(' ')[1] ?? '';
    most.set(name, Math.max(most.get(name) ?? 0, count));
  }
  expect([...most.keys()]).toEqual(expect.arrayContaining(['pwrite64', 'write']));
  return [...most].flatMap(([name, count]) => Array.from({ length: count }, (_, index) => ({ name, nth: index + 1 })));
}

/** At most so many of them, spread evenly. */
function spread<T>(items: readonly T[], most: number): T[] {
  if (items.length <= most) return [...items];
  return Array.from({ length: most }, (_, index) => items[Math.floor((index * items.length) / most)]!);
}
